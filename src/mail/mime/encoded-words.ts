import { decodeText } from "./charset.js";
import { decodeBase64, decodeQuotedPrintable } from "./decode.js";
import { latin1Encode } from "./latin1.js";

const ENCODED_WORD = /=\?([^?\s]+)\?([bBqQ])\?([^?]*)\?=/g;

/**
 * A header value as text: unfolded, encoded words decoded (RFC 2047, RFC 2231 section 5). Raw octets above 127 in a binary string
 * are read as UTF-8 (RFC 6532) or windows-1252. A character split between two words is joined. Never throws.
 */
export function decodeEncodedWords(value: string): string {
  const unfolded = value.replace(/\r?\n(?=[ \t])/g, "").replace(/[\r\n]+/g, " ");
  if (!unfolded.includes("=?")) return decodeRaw(unfolded);
  let text = "";
  let end = 0;
  let pending: { charset: string; octets: Uint8Array[] } | null = null;
  const flush = () => {
    if (pending !== null) text += decodeText(concat(pending.octets), pending.charset);
    pending = null;
  };
  for (const match of unfolded.matchAll(ENCODED_WORD)) {
    const between = unfolded.slice(end, match.index);
    const charset = match[1]!.split("*", 1)[0]!.toLowerCase();
    const octets = decodeWord(match[2]!, match[3]!);
    const follows = pending !== null && /^[ \t]*$/.test(between);
    const open: { charset: string; octets: Uint8Array[] } | null = pending;
    if (follows && open !== null && (open as { charset: string }).charset === charset) {
      (open as { octets: Uint8Array[] }).octets.push(octets);
    } else {
      flush();
      if (!follows) text += decodeRaw(between);
      pending = { charset, octets: [octets] };
    }
    end = match.index + match[0].length;
  }
  flush();
  return text + decodeRaw(unfolded.slice(end));
}

function decodeWord(encoding: string, encoded: string): Uint8Array {
  if (encoding === "b" || encoding === "B") return decodeBase64(latin1Encode(encoded));
  // A space at the end is text here, so that it must not be taken for white space at a line's end.
  return decodeQuotedPrintable(latin1Encode(encoded.replace(/[_ ]/g, "=20")));
}

function decodeRaw(text: string): string {
  return /^[\x00-\x7f]*$/.test(text) || /[^\x00-\xff]/.test(text)
    ? text
    : decodeText(latin1Encode(text), "utf-8");
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return parts.length === 1 ? parts[0]! : new Uint8Array(Buffer.concat(parts));
}
