import { joinBytes } from "../../bitmessage/protocol/bytes.js";
import type { ContentFile, ContentPiece } from "../../bitmessage/protocol/content.js";
import { decodeEncodedWords, decodeParameters } from "../../mail/mime/headers.js";
import { latin1Decode } from "../../mail/mime/latin1.js";
import { type MimePart, parseMime } from "../../mail/mime/parse.js";
import { isHarmlessName } from "./harmless.js";

/**
 * The MIME entity of a mail: those fields of its header that say what the body is, a blank line, the body. With the fields that we write
 * before it, it is the mail. From the network it is untrusted, and stands for nothing until it is found well-formed.
 */

/** The fields of a mail's header that describe its content; all others are not the sender's to choose. */
export const ENTITY_FIELDS: ReadonlySet<string> = new Set(
  [
    ...["type", "transfer-encoding", "disposition", "id", "description"],
    ...["language", "location", "base", "md5", "duration", "features", "class"],
  ].map((name) => `content-${name}`),
);

const LARGEST = 4 * 1024 * 1024;
const LIMITS = { depth: 20, parts: 500, fields: 5000 };
const NUL = 0;
const LF = 10;
const CR = 13;
/** RFC 5322 section 2.1.1. */
const LONGEST_LINE = 998;

/** The entity that these pieces make, or null when they make none that is well-formed. */
export function rebuildOriginal(
  pieces: readonly ContentPiece[],
  files: readonly ContentFile[],
): Uint8Array | null {
  const octets = joinPieces(pieces, files);
  return octets !== null && isWellFormed(octets) ? octets : null;
}

/** Every file once at most, so that a small message cannot grow without end. */
function joinPieces(pieces: readonly ContentPiece[], files: readonly ContentFile[]): Uint8Array | null {
  const used = new Set<number>();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (const piece of pieces) {
    if ("file" in piece && used.has(piece.file)) return null;
    if ("file" in piece) used.add(piece.file);
    const part = octetsOf(piece, files);
    length += part?.length ?? 0;
    if (part === null || length > LARGEST) return null;
    parts.push(part);
  }
  return joinBytes(parts);
}

function octetsOf(piece: ContentPiece, files: readonly ContentFile[]): Uint8Array | null {
  if (piece.kind === "octets") return piece.octets;
  const source = piece.kind === "base64" ? piece.octets : files[piece.file]?.data;
  if (source === undefined) return null;
  if (piece.kind === "file") return source;
  return isLineLength(piece.lineLength) ? encodeBase64(source, piece.lineLength) : null;
}

/** Whether base64 may stand in lines of so many characters. */
export function isLineLength(length: number): boolean {
  return length % 4 === 0 && length >= 4 && length < LONGEST_LINE;
}

/** Base64 in lines of that length, CR LF between them, none at the end. */
export function encodeBase64(data: Uint8Array, lineLength: number): Uint8Array {
  const text = Buffer.from(data.buffer, data.byteOffset, data.length).toString("base64");
  const lines: string[] = [];
  for (let start = 0; start < text.length; start += lineLength)
    lines.push(text.slice(start, start + lineLength));
  return new Uint8Array(Buffer.from(lines.join("\r\n"), "latin1"));
}

/**
 * Whether an entity can stand in a mail as it is: lines of mail, a header of entity fields alone, multiparts that have parts, within the
 * limits of depth and number; no names that deceive, no body that lies elsewhere, no report.
 */
function isWellFormed(entity: Uint8Array): boolean {
  if (entity.length > LARGEST || !hasMailLines(entity)) return false;
  const root = parseMime(entity, LIMITS);
  if (!isEntityHeader(root, latin1Decode(entity, 0, root.headerEnd))) return false;
  const count = { parts: 0, fields: 0 };
  return isAcceptable(root, { entity, count, depth: 0, within: "entity" });
}

/** Lines of at most 998 octets that end with CR LF; no NUL. */
export function hasMailLines(octets: Uint8Array): boolean {
  let lineStart = 0;
  for (let position = 0; position < octets.length; position++) {
    const octet = octets[position];
    if (octet === NUL) return false;
    if (octet === LF) return false;
    if (octet === CR) {
      if (octets[position + 1] !== LF || position - lineStart > LONGEST_LINE) return false;
      position++;
      lineStart = position + 1;
    }
  }
  return octets.length - lineStart <= LONGEST_LINE;
}

/** ASCII; each field once; a blank line at the end. */
function isEntityHeader(root: MimePart, text: string): boolean {
  const names = root.fields.map(({ name }) => name.toLowerCase());
  return (
    /^[\t\r\n\x20-\x7e]*$/.test(text) &&
    /^(?:[a-z-]+:[^\r\n]*\r\n(?:[ \t]+[^ \t\r\n][^\r\n]*\r\n)*)*\r\n$/i.test(text) &&
    names.every((name) => ENTITY_FIELDS.has(name)) &&
    new Set(names).size === names.length
  );
}

interface Place {
  readonly entity: Uint8Array;
  readonly count: { parts: number; fields: number };
  readonly depth: number;
  /** A message that is passed on keeps its own header and may be about anything. */
  readonly within: "entity" | "message";
}

function isAcceptable(part: MimePart, place: Place): boolean {
  const { count, depth, within } = place;
  count.parts++;
  count.fields += part.fields.length;
  if (count.parts >= LIMITS.parts || count.fields >= LIMITS.fields || depth >= LIMITS.depth) return false;
  if (within === "entity" && !(hasPartHeader(part, place.entity) && isAllowedType(part))) return false;
  // Where a boundary stands beside another type, some readers see parts and others do not.
  if (part.type === "multipart" ? !isMultipart(part) : part.parameters.has("boundary")) return false;
  if (!namesOf(part).every(isHarmless)) return false;
  const inner = { ...place, depth: depth + 1 };
  if (part.message !== null) return isAcceptable(part.message, { ...inner, within: "message" });
  return part.children.every((child) => isAcceptable(child, inner));
}

/** Fields with names, in ASCII or UTF-8 (RFC 6532), no other lines; closed by a blank line. */
function hasPartHeader(part: MimePart, entity: Uint8Array): boolean {
  const header = entity.subarray(part.headerStart, part.headerEnd);
  const text = latin1Decode(header, 0, header.length);
  return (
    (text === "\r\n" || text.endsWith("\r\n\r\n")) &&
    !/^[ \t]/.test(text) &&
    !/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(text) &&
    part.fields.every(({ name }) => /^[!-9;-~]{1,100}$/.test(name)) &&
    isUtf8(header)
  );
}

function isUtf8(octets: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(octets);
    return true;
  } catch {
    return false;
  }
}

/** RFC 2045 section 5.1, in lower case. */
const TYPE = /^[a-z0-9!#$&^_.+-]{1,80}\/[a-z0-9!#$&^_.+-]{1,80}$/;

/** A report would be taken for one of ours; a body elsewhere, or in other mails, is no content. */
export function isAllowedType({ type, subtype }: MimePart): boolean {
  const name = `${type}/${subtype}`;
  return (
    TYPE.test(name) &&
    name !== "multipart/report" &&
    name !== "message/external-body" &&
    name !== "message/partial"
  );
}

/** RFC 2045 section 6.4. */
function isMultipart(part: MimePart): boolean {
  return part.children.length > 0 && ["7bit", "8bit", "binary"].includes(part.encoding);
}

/** Every name that a reader might take for the file's: of either field, each of several. */
function namesOf(part: MimePart): string[] {
  const inDisposition = part.disposition?.parameters ?? [];
  const single = [...part.typeParameters, ...inDisposition]
    .filter(([name]) => /^(?:file)?name(?:\*|$)/i.test(name))
    .flatMap((parameter) => [...decodeParameters([parameter]).values()]);
  const joined = [decodeParameters(inDisposition).get("filename"), part.parameters.get("name")];
  return [...single, ...joined.filter((name) => name !== undefined)];
}

/** What readers agree to be an encoded word. */
const ENCODED_WORD = /=\?[A-Za-z0-9_.:*-]{1,60}\?[bq]\?[^?\s]*\?=/gi;

/** Before and after encoded words are read: a line end is none after it, and not everybody reads them. */
function isHarmless(name: string): boolean {
  return isHarmlessName(name.replace(ENCODED_WORD, "")) && isHarmlessName(decodeEncodedWords(name));
}

/** RFC 2183's name, else that of Content-Type; RFC 2231 and encoded words read. */
export function fileName(part: MimePart): string | null {
  const fromDisposition = decodeParameters(part.disposition?.parameters ?? []).get("filename");
  const raw = fromDisposition ?? part.parameters.get("name");
  return raw === undefined ? null : decodeEncodedWords(raw);
}
