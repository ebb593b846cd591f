import { ProtocolError } from "./errors.js";

/** Lines carried beside a subject that are read. */
export const MAX_HEADERS = 32;
/** Bytes of one carried line that are read. */
export const MAX_HEADER_LENGTH = 4096;

const NAME = /^[A-Za-z][A-Za-z0-9-]{0,63}$/;
const CONTROL = /[\x00-\x1f\x7f-\x9f\u2028\u2029]/;
/** Names that would be taken for parts of the message itself. */
const TAKEN: ReadonlySet<string> = new Set(["subject", "body", "files", "parents", "original"]);

/** Line breaks and control characters as blanks. */
export function oneLine(text: string): string {
  return text.replace(new RegExp(`${CONTROL.source}+`, "g"), " ");
}

/**
 * Whether a line may be carried; one that was received may also be carried on.
 * @param name letters, digits and hyphens, at most 64; any case
 * @param value one line without control characters
 */
function isFit(name: string, value: string): boolean {
  const length = Buffer.byteLength(name) + Buffer.byteLength(value) + 2;
  return (
    length <= MAX_HEADER_LENGTH && NAME.test(name) && !TAKEN.has(name.toLowerCase()) && !CONTROL.test(value)
  );
}

/**
 * The entries to carry, in their order.
 * @throws ProtocolError `invalid_argument` for a name or value that is not fit or too long, or for too many
 */
export function checkedHeaders(headers: Readonly<Record<string, string>>): [string, string][] {
  const entries = Object.entries(headers);
  if (entries.length > MAX_HEADERS) throw new ProtocolError("invalid_argument", "too many carried lines");
  for (const [name, value] of entries) {
    if (!isFit(name, value)) throw new ProtocolError("invalid_argument", "a line cannot be carried");
  }
  return entries;
}

/** The lines for the simple form, each led by LF. */
export function encodeHeaderLines(headers: Readonly<Record<string, string>>): string {
  return checkedHeaders(headers)
    .map(([name, value]) => `\n${name}: ${value}`)
    .join("");
}

/** A carried entry with its name in lower case, or null when it is not fit. */
export function receivedHeader(name: string, value: string): { name: string; value: string } | null {
  return isFit(name, value) ? { name: name.toLowerCase(), value } : null;
}

/** One carried line of the simple form, or null for any other line. */
export function decodeHeaderLine(line: Uint8Array): { name: string; value: string } | null {
  if (line.length > MAX_HEADER_LENGTH) return null;
  const text = new TextDecoder().decode(line).replace(/\r$/, "");
  const colon = text.indexOf(":");
  return colon < 0 ? null : receivedHeader(text.slice(0, colon), text.slice(colon + 1).trim());
}
