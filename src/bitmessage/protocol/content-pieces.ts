import { ProtocolError } from "./errors.js";
import type { MsgpackReader } from "./msgpack-reader.js";

/**
 * A piece of a sender's original, beside what every receiver reads of it. A file is referred to, not held twice; base64 is held as what it
 * stands for, which compresses.
 */
export type ContentPiece =
  | { readonly kind: "octets"; readonly octets: Uint8Array }
  /** The data of the file at that place in `files`. */
  | { readonly kind: "file"; readonly file: number }
  /** Its base64, in lines of `lineLength` characters between which CR LF stands. */
  | { readonly kind: "file-base64"; readonly file: number; readonly lineLength: number }
  | { readonly kind: "base64"; readonly octets: Uint8Array; readonly lineLength: number };

/** More pieces are no original. */
const MAX_PIECES = 5000;

/** On the wire: octets as bin, the others as arrays: `[file]`, `[file, lineLength]`, `[octets, lineLength]`. */
export function packPieces(pieces: readonly ContentPiece[]): unknown[] {
  if (pieces.length > MAX_PIECES) throw new ProtocolError("invalid_argument", "too many pieces");
  return pieces.map(packPiece);
}

function packPiece(piece: ContentPiece): unknown {
  switch (piece.kind) {
    case "octets":
      return piece.octets;
    case "file":
      return [piece.file];
    case "file-base64":
      return [piece.file, piece.lineLength];
    case "base64":
      return [piece.octets, piece.lineLength];
  }
}

/** The pieces, all of them or null: an original with gaps is none. */
export function readPieces(reader: MsgpackReader): ContentPiece[] | null {
  const count = reader.array();
  if (count === null) return null;
  const pieces: ContentPiece[] = [];
  let isWhole = count <= MAX_PIECES;
  for (let index = 0; index < count; index++) {
    const piece = isWhole ? readPiece(reader) : reader.skip();
    if (piece) pieces.push(piece);
    else isWhole = false;
  }
  return isWhole ? pieces : null;
}

function readPiece(reader: MsgpackReader): ContentPiece | null {
  const type = reader.peek();
  if (type === "text") return { kind: "octets", octets: (reader.text() ?? new Uint8Array()).slice() };
  const count = reader.array();
  if (count === null) return null;
  const source = count === 0 ? null : readSource(reader);
  const lineLength = count < 2 ? null : reader.integer();
  for (let index = 2; index < count; index++) reader.skip();
  if (source === null) return null;
  if (count === 1) return typeof source === "number" ? { kind: "file", file: source } : null;
  if (count !== 2 || lineLength === null) return null;
  if (typeof source === "number") return { kind: "file-base64", file: source, lineLength };
  return { kind: "base64", octets: source.slice(), lineLength };
}

function readSource(reader: MsgpackReader): Uint8Array | number | null {
  return reader.peek() === "text" ? reader.text() : reader.integer();
}
