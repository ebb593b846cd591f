/** Messages with NUL octets, as clients may append them by RFC 3516, made such that every client can fetch them. */
import { type MimePart, parseMime } from "../mime/parse.js";

const ENCODING = "content-transfer-encoding";
const LINE = 76;

interface Replacement {
  readonly start: number;
  readonly end: number;
  readonly octets: Uint8Array;
}

/**
 * The message without NUL octets: parts whose transfer encoding is `binary` and that have them are in base64 (RFC 3516 section 4.4); all
 * else is as it was. Null when there are others, whose encoding is said to be a different one.
 */
export function encodeBinaryParts(bytes: Uint8Array): Uint8Array | null {
  if (!bytes.includes(0)) return bytes;
  const replacements: Replacement[] = [];
  collect(bytes, parseMime(bytes), replacements);
  const result = replace(bytes, replacements);
  return result.includes(0) ? null : result;
}

/** Whether something within the part was replaced. */
function collect(bytes: Uint8Array, part: MimePart, replacements: Replacement[]): boolean {
  const inner = part.message === null ? part.children : [part.message];
  if (inner.length > 0) {
    // Replacements stand in the order of the message: the header of a container is before what it contains.
    const before = replacements.length;
    const changed = inner.map((one) => collect(bytes, one, replacements)).some((one) => one);
    if (changed && part.encoding === "binary") replacements.splice(before, 0, ...newEncoding(part, "8bit"));
    return changed;
  }
  const body = bytes.subarray(part.bodyStart, part.bodyEnd);
  if (part.encoding !== "binary" || !body.includes(0)) return false;
  const encoded = Buffer.from(body)
    .toString("base64")
    .replace(new RegExp(`.{${LINE}}(?=.)`, "g"), "$&\r\n");
  replacements.push(...newEncoding(part, "base64"));
  replacements.push({ start: part.bodyStart, end: part.bodyEnd, octets: Buffer.from(encoded, "latin1") });
  return true;
}

function newEncoding(part: MimePart, encoding: string): Replacement[] {
  return part.fields
    .filter((field) => field.name.toLowerCase() === ENCODING)
    .map(({ start, end }) => ({
      start,
      end,
      octets: Buffer.from(`Content-Transfer-Encoding: ${encoding}\r\n`, "latin1"),
    }));
}

function replace(bytes: Uint8Array, replacements: readonly Replacement[]): Uint8Array {
  const pieces: Uint8Array[] = [];
  let position = 0;
  for (const { start, end, octets } of replacements) {
    pieces.push(bytes.subarray(position, start), octets);
    position = end;
  }
  pieces.push(bytes.subarray(position));
  return new Uint8Array(Buffer.concat(pieces));
}
