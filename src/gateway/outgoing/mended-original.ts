import { createHash } from "node:crypto";
import type { ContentPiece } from "../../bitmessage/protocol/content.js";
import { decodeBody } from "../../mail/mime/decode.js";
import { latin1Decode, latin1Encode } from "../../mail/mime/latin1.js";
import type { MimePart } from "../../mail/mime/parse.js";
import { harmlessFileName } from "../forms/harmless.js";
import { ENTITY_FIELDS, fileName, hasMailLines, isAllowedType, rebuildOriginal } from "../forms/original.js";
import type { FiledParts } from "../forms/original-pieces.js";

/**
 * The MIME entity of a mail that is not well-formed, written anew: the same parts with the same octets and names, under headers and between
 * boundaries of our own. Null when it cannot be written either (too many parts, too deep).
 */
export function mendOriginal(bytes: Uint8Array, root: MimePart, filed: FiledParts): ContentPiece[] | null {
  const writer = new MendingWriter(bytes, filed);
  writer.write(root);
  return rebuildOriginal(writer.pieces, filed.files) === null ? null : writer.pieces;
}

const LINE_LENGTH = 76;
const UNKNOWN_TYPE = "application/octet-stream";
/** Parameters that say how to read a part; its name is written anew. */
const PARAMETER = /^(?:charset|format|delsp|method|component|type|start|reply-type|hp|protected-headers)$/;
/** Fields that are written anew. */
const WRITTEN: ReadonlySet<string> = new Set(
  ["type", "transfer-encoding", "disposition", "md5"].map((name) => `content-${name}`),
);

class MendingWriter {
  readonly pieces: ContentPiece[] = [];
  readonly #boundary: string;
  #multiparts = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly filed: FiledParts,
  ) {
    // No mail can hold a text that is made from all of it.
    this.#boundary = createHash("sha256").update(bytes).digest("hex").slice(0, 40);
  }

  write(part: MimePart): void {
    if (part.children.length > 0) this.#multipart(part);
    else if (part.message !== null && hasMailLines(this.#body(part))) this.#message(part);
    else this.#leaf(part);
  }

  #multipart(part: MimePart): void {
    const boundary = `${this.#boundary}-${this.#multiparts++}`;
    this.#header(part, `${typeOf(part)}; boundary="${boundary}"`, "7bit");
    for (const child of part.children) {
      this.#text(`\r\n--${boundary}\r\n`);
      this.write(child);
    }
    this.#text(`\r\n--${boundary}--\r\n`);
  }

  /** It has a transfer encoding of no meaning, or none. */
  #message(part: MimePart): void {
    const body = this.#body(part);
    const file = this.filed.places.get(part);
    this.#header(part, typeOf(part), body.every((octet) => octet < 128) ? "7bit" : "8bit");
    this.pieces.push(file === undefined ? { kind: "octets", octets: body.slice() } : { kind: "file", file });
  }

  #leaf(part: MimePart): void {
    const file = this.filed.places.get(part);
    const isText = part.type === "multipart";
    const isMessage = part.type === "message";
    this.#header(part, isText ? "text/plain" : isMessage ? UNKNOWN_TYPE : typeOf(part), "base64");
    if (file === undefined) {
      const octets = decodeBody(this.bytes, part).slice();
      this.pieces.push({ kind: "base64", octets, lineLength: LINE_LENGTH });
    } else this.pieces.push({ kind: "file-base64", file, lineLength: LINE_LENGTH });
  }

  #body(part: MimePart): Uint8Array {
    return this.bytes.subarray(part.bodyStart, part.bodyEnd);
  }

  #header(part: MimePart, type: string, encoding: string): void {
    const lines = [`Content-Type: ${type}${parametersOf(part)}`, `Content-Transfer-Encoding: ${encoding}`];
    lines.push(...dispositionOf(part, this.filed), ...this.#keptFields(part));
    this.#text(`${lines.join("\r\n")}\r\n\r\n`);
  }

  /** Fields about the content that can stand as they are. */
  #keptFields(part: MimePart): string[] {
    const kept = new Map<string, string>();
    for (const { name, start, end } of part.fields) {
      const lowerCase = name.toLowerCase();
      if (!ENTITY_FIELDS.has(lowerCase) || WRITTEN.has(lowerCase) || kept.has(lowerCase)) continue;
      const field = latin1Decode(this.bytes, start, end).trimEnd();
      if (/^[a-z-]+:[ -~]{1,900}$/i.test(field)) kept.set(lowerCase, field);
    }
    return [...kept.values()];
  }

  #text(text: string): void {
    this.pieces.push({ kind: "octets", octets: latin1Encode(text) });
  }
}

function typeOf(part: MimePart): string {
  return isAllowedType(part) ? `${part.type}/${part.subtype}` : UNKNOWN_TYPE;
}

function parametersOf(part: MimePart): string {
  return part.typeParameters
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(
      ([name], index, all) => PARAMETER.test(name) && all.findIndex(([other]) => other === name) === index,
    )
    .filter(([, value]) => /^[ !#-[\]-~]{1,100}$/.test(value))
    .map(([name, value]) => `;\r\n ${name}="${value}"`)
    .join("");
}

/** Under its name in files, which is harmless. */
function dispositionOf(part: MimePart, { files, places }: FiledParts): string[] {
  const file = files[places.get(part) ?? -1];
  const written = part.disposition?.value;
  if (file === undefined && written === undefined) return [];
  const isShown = written === undefined ? part.contentId !== null : written === "inline";
  const value = isShown ? "inline" : "attachment";
  const named = fileName(part) !== null || part.type === "message";
  const name = file?.name ?? harmlessFileName(fileName(part) ?? "", "");
  return [`Content-Disposition: ${value}${named && name !== "" ? encodedName(name) : ""}`];
}

/** RFC 2231, in lines that are not long. */
function encodedName(name: string): string {
  const octets = [...Buffer.from(name)].map((octet) =>
    /[A-Za-z0-9._-]/.test(String.fromCharCode(octet))
      ? String.fromCharCode(octet)
      : `%${octet.toString(16).toUpperCase().padStart(2, "0")}`,
  );
  const pieces: string[] = [];
  for (let start = 0; start < octets.length; start += 20)
    pieces.push(octets.slice(start, start + 20).join(""));
  if (pieces.length === 1) return `;\r\n filename*=utf-8''${pieces[0]}`;
  return pieces
    .map((piece, index) => `;\r\n filename*${index}*=${index === 0 ? "utf-8''" : ""}${piece}`)
    .join("");
}
