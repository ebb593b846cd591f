import { decodeExtended } from "./content-extended.js";
import { decodeHeaderLine, encodeHeaderLines, MAX_HEADERS, oneLine } from "./content-headers.js";
import type { Content, DecodedContent } from "./content-types.js";

export { encodeExtended } from "./content-extended.js";
export type { ContentPiece } from "./content-pieces.js";
export type { Content, ContentFile, DecodedContent } from "./content-types.js";

/** Numbers of the encodings (PROTOCOL.md section 14). */
export const Encoding = { ignore: 0, trivial: 1, simple: 2, extended: 3 } as const;

/** Bytes of a subject that are read. */
const MAX_SUBJECT = 500;
/** "Subject:" and its length, which is skipped without being looked at. */
const SUBJECT_MARK = "Subject:";
const BODY_MARK = new TextEncoder().encode("\nBody:");
const LF = 0x0a;

/**
 * Decodes message bytes (PROTOCOL.md section 14). Encodings 1 and 2 take any bytes.
 * @param options.maxInflated bytes that an extended message may have after decompression, 1,048,576 unless told
 * @throws ProtocolError, for encoding 3 only: `too_large_inflated`, `corrupt_zlib`, `not_a_map`, `malformed_msgpack`, `too_deep`, `no_type`,
 *   `unknown_type`
 */
export function decodeContent(
  encoding: number,
  data: Uint8Array,
  options: { maxInflated?: number } = {},
): DecodedContent {
  switch (encoding) {
    case Encoding.ignore:
      return { kind: "ignored" };
    case Encoding.trivial:
    case Encoding.simple:
      return { kind: "content", ...decodeSimple(encoding, data) };
    case Encoding.extended:
      return { kind: "content", ...decodeExtended(data, options.maxInflated ?? 1_048_576) };
    default:
      return { kind: "placeholder" };
  }
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function decodeSimple(encoding: number, data: Uint8Array): Content {
  const position = indexOf(data, BODY_MARK);
  const content = { encoding, files: [], parents: [] };
  if (position <= 1) return { ...content, subject: "", body: decoder.decode(data), headers: {} };
  const lines = splitLines(data.subarray(Math.min(SUBJECT_MARK.length, position), position));
  return {
    ...content,
    subject: decodeSubject(lines[0] ?? new Uint8Array(0)),
    body: decoder.decode(data.subarray(position + BODY_MARK.length)),
    headers: decodeHeaders(lines.slice(1)),
  };
}

function indexOf(data: Uint8Array, mark: Uint8Array): number {
  return Buffer.from(data.buffer, data.byteOffset, data.length).indexOf(mark);
}

/** The first line and as many more as can be headers. */
function splitLines(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  let start = 0;
  while (start <= bytes.length && lines.length <= MAX_HEADERS) {
    const found = bytes.indexOf(LF, start);
    const end = found < 0 ? bytes.length : found;
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return lines;
}

function decodeSubject(line: Uint8Array): string {
  const cut = line.subarray(0, MAX_SUBJECT);
  const end = cut.indexOf(0x0d);
  const bytes = end < 0 ? cut : cut.subarray(0, end);
  // A letter that the cut goes through is left out; elsewhere malformed bytes show as replacement characters.
  const wasCut = bytes.length === MAX_SUBJECT && line.length > MAX_SUBJECT;
  return wasCut
    ? new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes, { stream: true })
    : decoder.decode(bytes);
}

function decodeHeaders(lines: readonly Uint8Array[]): Record<string, string> {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const header = decodeHeaderLine(line);
    if (header !== null && !headers.has(header.name)) headers.set(header.name, header.value);
  }
  return Object.fromEntries(headers);
}

/**
 * Message bytes of encoding 2 (PROTOCOL.md section 14.1). Line breaks and control characters in the subject become blanks. The carried
 * lines stand between subject and body, where PyBitmessage does not look.
 * @throws ProtocolError `invalid_argument` for a carried name or value that is not fit
 */
export function encodeSimple(content: {
  subject: string;
  body: string;
  headers?: Readonly<Record<string, string>>;
}): Uint8Array {
  const headers = encodeHeaderLines(content.headers ?? {});
  const text = `${SUBJECT_MARK}${oneLine(content.subject)}${headers}\nBody:${content.body}`;
  return new TextEncoder().encode(text);
}

/** Message bytes of encoding 1: the body alone. */
export function encodeTrivial(content: { body: string }): Uint8Array {
  return new TextEncoder().encode(content.body);
}
