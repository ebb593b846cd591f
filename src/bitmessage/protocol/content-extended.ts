import { deflateSync, inflateSync } from "node:zlib";
import { encode } from "@msgpack/msgpack";
import { checkedHeaders, MAX_HEADER_LENGTH, MAX_HEADERS, receivedHeader } from "./content-headers.js";
import { type ContentPiece, packPieces, readPieces } from "./content-pieces.js";
import type { Content, ContentFile } from "./content-types.js";
import { ProtocolError } from "./errors.js";
import { MsgpackReader } from "./msgpack-reader.js";

const EXTENDED = 3;
const TYPE = "message";
const MAX_FILES = 1000;
const MAX_PARENTS = 1000;
const VECTOR_LENGTH = 32;
const MAX_KEY_LENGTH = 64;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Message bytes of encoding 3 (PROTOCOL.md section 14.2): keys as str, and texts as bin unless they are ASCII, the form that all
 * receivers read.
 * @param content.parents vectors of 32 bytes
 * @param content.original the pieces of the sender's original; before the files, so that its texts compress beside `body`
 * @throws ProtocolError `invalid_argument` for a carried name or value that is not fit
 */
export function encodeExtended(content: {
  subject: string;
  body: string;
  files?: readonly ContentFile[];
  parents?: readonly Uint8Array[];
  headers?: Readonly<Record<string, string>>;
  original?: readonly ContentPiece[];
}): Uint8Array {
  const { subject, body, files = [], parents = [], headers = {}, original } = content;
  const map: Record<string, unknown> = {
    "": TYPE,
    subject: text(withoutLineBreaks(subject)),
    body: text(body),
  };
  if (original !== undefined) map["original"] = packPieces(original);
  if (parents.length > 0) map["parents"] = parents;
  if (files.length > 0) {
    map["files"] = files.map(({ name, data, type, disposition }) => ({
      name: text(name),
      data,
      type: text(type),
      disposition,
    }));
  }
  for (const [name, value] of checkedHeaders(headers)) map[name.toLowerCase()] = text(value);
  const packed = encode(map);
  return Uint8Array.from(deflateSync(packed, { level: 9 }));
}

/** A subject is one line in mail, whatever a sender put into it. */
function withoutLineBreaks(subject: string): string {
  return subject.replace(/[\r\n\u2028\u2029]+/g, " ");
}

function text(value: string): string | Uint8Array {
  return /^[\x00-\x7f]*$/.test(value) ? value : new TextEncoder().encode(value);
}

/** @throws ProtocolError as `decodeContent` */
export function decodeExtended(data: Uint8Array, maxInflated: number): Content {
  const reader = new MsgpackReader(inflate(data, maxInflated));
  const count = reader.map();
  if (count === null) throw new ProtocolError("not_a_map");
  const fields = readFields(reader, count);
  if (fields.type === undefined) throw new ProtocolError("no_type");
  if (fields.type !== TYPE) throw new ProtocolError("unknown_type");
  const { subject, body, files, parents, headers, original } = fields;
  const content = { encoding: EXTENDED, subject, body, files, parents, headers: Object.fromEntries(headers) };
  return original === null ? content : { ...content, original };
}

function inflate(data: Uint8Array, maxOutputLength: number): Uint8Array {
  try {
    return inflateSync(data, { maxOutputLength });
  } catch (error) {
    const { code } = error as { code?: unknown };
    throw new ProtocolError(code === "ERR_BUFFER_TOO_LARGE" ? "too_large_inflated" : "corrupt_zlib");
  }
}

interface Fields {
  /** null when it is there but no text */
  type: string | null | undefined;
  subject: string;
  body: string;
  files: ContentFile[];
  parents: Uint8Array[];
  headers: Map<string, string>;
  original: ContentPiece[] | null;
}

function readFields(reader: MsgpackReader, count: number): Fields {
  const fields: Fields = {
    type: undefined,
    subject: "",
    body: "",
    files: [],
    parents: [],
    headers: new Map(),
    original: null,
  };
  for (let index = 0; index < count; index++) readField(reader, fields);
  return fields;
}

function readField(reader: MsgpackReader, fields: Fields): void {
  const key = reader.text();
  const name = key === null || key.length > MAX_KEY_LENGTH ? null : decoder.decode(key);
  switch (name) {
    case null:
      reader.skip();
      return;
    case "":
      fields.type = readText(reader);
      return;
    case "subject":
      fields.subject = withoutLineBreaks(readText(reader) ?? "");
      return;
    case "body":
      fields.body = readText(reader) ?? "";
      return;
    case "files":
      fields.files = readList(reader, MAX_FILES, readFile);
      return;
    case "parents":
      fields.parents = readList(reader, MAX_PARENTS, readVector);
      return;
    case "original":
      fields.original = readPieces(reader);
      return;
    default:
      readHeader(reader, name, fields.headers);
  }
}

function readText(reader: MsgpackReader): string | null {
  const bytes = reader.text();
  return bytes === null ? null : decoder.decode(bytes);
}

/** The elements that are of the right kind; those over the limit are passed over, and so is what is no array. */
function readList<T>(reader: MsgpackReader, limit: number, read: (reader: MsgpackReader) => T | null): T[] {
  const list: T[] = [];
  const count = reader.array() ?? 0;
  for (let index = 0; index < count; index++) {
    if (list.length === limit) {
      reader.skip();
      continue;
    }
    const element = read(reader);
    if (element !== null) list.push(element);
  }
  return list;
}

function readVector(reader: MsgpackReader): Uint8Array | null {
  const bytes = reader.text();
  return bytes?.length === VECTOR_LENGTH ? bytes.slice() : null;
}

function readFile(reader: MsgpackReader): ContentFile | null {
  const count = reader.map();
  if (count === null) return null;
  const parts = new Map<string, Uint8Array>();
  for (let index = 0; index < count; index++) {
    const key = reader.text();
    const name = key === null || key.length > MAX_KEY_LENGTH ? null : decoder.decode(key);
    const isKnown = name === "name" || name === "data" || name === "type" || name === "disposition";
    if (!isKnown) {
      reader.skip();
      continue;
    }
    const value = reader.text();
    if (value !== null) parts.set(name, value);
  }
  const name = parts.get("name");
  const data = parts.get("data");
  if (name === undefined || data === undefined) return null;
  const type = parts.get("type");
  return {
    name: decoder.decode(name),
    data: data.slice(),
    type: type === undefined ? "application/octet-stream" : decoder.decode(type),
    disposition: decoder.decode(parts.get("disposition")) === "inline" ? "inline" : "attachment",
  };
}

function readHeader(reader: MsgpackReader, name: string, headers: Map<string, string>): void {
  const bytes = reader.text();
  if (bytes === null || bytes.length > MAX_HEADER_LENGTH || headers.size >= MAX_HEADERS) return;
  const header = receivedHeader(name, decoder.decode(bytes));
  if (header !== null) headers.set(header.name, header.value);
}
