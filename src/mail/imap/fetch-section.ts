import { decodeBody } from "../mime/decode.js";
import type { HeaderField, MimePart } from "../mime/parse.js";

/** What stands in the brackets of BODY[...] (RFC 9051 section 6.4.5). */
export interface SectionSpec {
  /** Part numbers from 1; empty for the message itself. */
  readonly path: readonly number[];
  readonly text: "" | "HEADER" | "HEADER.FIELDS" | "HEADER.FIELDS.NOT" | "TEXT" | "MIME";
  /** Field names of HEADER.FIELDS, in any case. */
  readonly fields: readonly string[];
}

/** The octets of a section of the message, or null when there is no such part. The result may share memory with `bytes`. */
export function extractSection(bytes: Uint8Array, root: MimePart, section: SectionSpec): Uint8Array | null {
  const part = findPart(root, section.path);
  if (part === null) return null;
  const isWhole = section.path.length === 0;
  if (section.text === "") return isWhole ? bytes : bytes.subarray(part.bodyStart, part.bodyEnd);
  if (section.text === "MIME") return isWhole ? null : bytes.subarray(part.headerStart, part.headerEnd);
  const message = isWhole ? part : part.message;
  return message === null ? null : extractFromMessage(bytes, message, section);
}

function extractFromMessage(bytes: Uint8Array, message: MimePart, section: SectionSpec): Uint8Array {
  switch (section.text) {
    case "TEXT":
      return bytes.subarray(message.bodyStart, message.bodyEnd);
    case "HEADER.FIELDS":
      return selectFields(bytes, message, section.fields, "those");
    case "HEADER.FIELDS.NOT":
      return selectFields(bytes, message, section.fields, "others");
    default:
      return bytes.subarray(message.headerStart, message.headerEnd);
  }
}

/** The fields in their order, each with its line end, and a blank line. */
function selectFields(
  bytes: Uint8Array,
  message: MimePart,
  names: readonly string[],
  which: "those" | "others",
): Uint8Array {
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  const chosen = message.fields.filter(
    (field) => wanted.has(field.name.toLowerCase()) === (which === "those"),
  );
  const lineEnd = Buffer.from("\r\n");
  const pieces = chosen.flatMap((field) => {
    const piece = fieldBytes(bytes, field, message);
    return piece.at(-1) === 10 ? [piece] : [piece, lineEnd];
  });
  return new Uint8Array(Buffer.concat([...pieces, lineEnd]));
}

function fieldBytes(bytes: Uint8Array, field: HeaderField, message: MimePart): Uint8Array {
  return bytes.subarray(field.start, Math.min(field.end, message.headerEnd));
}

/**
 * The octets of BINARY[path], its transfer encoding undone (RFC 3516): null when there is no such part, "unknown-cte" when it cannot
 * be decoded. Multiparts and messages are given as they are.
 */
export function extractBinary(
  bytes: Uint8Array,
  root: MimePart,
  path: readonly number[],
): Uint8Array | null | "unknown-cte" {
  if (path.length === 0) return bytes;
  const part = findPart(root, path);
  if (part === null) return null;
  if (part.type === "multipart" || part.message !== null) return bytes.subarray(part.bodyStart, part.bodyEnd);
  return knownEncodings.has(part.encoding) ? decodeBody(bytes, part) : "unknown-cte";
}

const knownEncodings: ReadonlySet<string> = new Set(["7bit", "8bit", "binary", "base64", "quoted-printable"]);

/** Part numbers count the parts of a multipart; in anything else 1 is the body. Inside of a message/rfc822 they count anew (RFC 9051). */
function findPart(root: MimePart, path: readonly number[]): MimePart | null {
  if (path.length === 0) return root;
  let container: MimePart | null = root;
  let part: MimePart | null = null;
  for (const number of path) {
    if (container === null) return null;
    part =
      container.type === "multipart"
        ? (container.children[number - 1] ?? null)
        : number === 1
          ? container
          : null;
    if (part === null) return null;
    container = part.type === "multipart" ? part : part.message;
  }
  return part;
}
