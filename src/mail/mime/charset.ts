import { isAscii, isUtf8 } from "node:buffer";
import { latin1Decode } from "./latin1.js";

const BYTE_ORDER_MARK = "\ufeff";

/** Names that are met in mail and that WHATWG does not know. */
const aliases: ReadonlyMap<string, string> = new Map([
  ["utf-7", "utf-8"],
  ["utf7", "utf-8"],
  ["unicode-1-1-utf-7", "utf-8"],
  ["ansi", "windows-1252"],
  ["ansi_x3.110-1983", "windows-1252"],
  ["cp932", "shift_jis"],
  ["cp936", "gbk"],
  ["cp949", "euc-kr"],
  ["cp950", "big5"],
  ["ks_c_5601", "euc-kr"],
  ["iso-8859-8i", "iso-8859-8-i"],
]);

/**
 * Octets to text by any charset of the WHATWG Encoding Standard. An unknown charset, and UTF-8 that is none, is read as UTF-8 if it
 * is valid, else as windows-1252. Never throws; a byte order mark is removed.
 */
export function decodeText(bytes: Uint8Array, charset: string): string {
  const name = charset.trim().toLowerCase();
  const label = aliases.get(name) ?? name;
  if (label !== "utf-8" && label !== "utf8" && label !== "us-ascii" && label !== "ascii") {
    const decoder = createDecoder(label);
    if (decoder !== null) return decoder.decode(bytes);
  }
  return decodeUtf8(bytes);
}

/** Whether `decodeText` knows the charset by name. */
export function isKnownCharset(charset: string): boolean {
  const name = charset.trim().toLowerCase();
  return createDecoder(aliases.get(name) ?? name) !== null;
}

/** Charsets of the standard that Node lacks, or in some versions reads as Latin-1: what the octets stand for, from the first octet that is not its own code point. */
const singleByte: Readonly<Record<string, { readonly first: number; readonly characters: string }>> = {
  "windows-1252": {
    first: 0x80,
    characters: "€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ",
  },
  "iso-8859-16": {
    first: 0xa0,
    characters:
      "\xa0ĄąŁ€„Š§š©Ș«Ź\xadźŻ°±ČłŽ”¶·žčș»ŒœŸż" +
      "ÀÁÂĂÄĆÆÇÈÉÊËÌÍÎÏĐŃÒÓÔŐÖŚŰÙÚÛÜĘȚßàáâăäćæçèéêëìíîïđńòóôőöśűùúûüęțÿ",
  },
  "x-user-defined": {
    first: 0x80,
    characters: String.fromCharCode(...Array.from({ length: 128 }, (_, index) => 0xf780 + index)),
  },
};

interface Decoder {
  decode(bytes: Uint8Array): string;
}

function createDecoder(label: string): Decoder | null {
  if (Object.hasOwn(singleByte, label)) return createSingleByteDecoder(label);
  try {
    const decoder = new TextDecoder(label);
    return decoder.encoding === "windows-1252" ? createSingleByteDecoder(decoder.encoding) : decoder;
  } catch {
    return null;
  }
}

function createSingleByteDecoder(name: string): Decoder | null {
  const table = singleByte[name];
  if (table === undefined) return null;
  const character = (octet: string) => table.characters[octet.charCodeAt(0) - table.first] ?? octet;
  return { decode: (bytes) => latin1Decode(bytes).replace(/[\x80-\xff]/g, character) };
}

function decodeUtf8(bytes: Uint8Array): string {
  if (isAscii(bytes)) return latin1Decode(bytes);
  if (!isUtf8(bytes)) return createDecoder("windows-1252")?.decode(bytes) ?? latin1Decode(bytes);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  return text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
}
