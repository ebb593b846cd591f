import { equalBytes } from "../../bitmessage/protocol/bytes.js";
import type { ContentFile, ContentPiece } from "../../bitmessage/protocol/content.js";
import { decodeBody } from "../../mail/mime/decode.js";
import { latin1Decode, latin1Encode } from "../../mail/mime/latin1.js";
import type { HeaderField, MimePart } from "../../mail/mime/parse.js";
import { ENTITY_FIELDS, encodeBase64, isLineLength, rebuildOriginal } from "./original.js";

/** The files of a mail, and which of its parts each of them is. */
export interface FiledParts {
  readonly files: readonly ContentFile[];
  readonly places: ReadonlyMap<MimePart, number>;
}

/**
 * A mail's MIME entity in pieces that do not hold its files twice, or null when it is not well-formed enough to stand in a mail again.
 * Signed parts stay octet for octet. Of all others, fields that say nothing about the content are left out, and so are the times in
 * Content-Disposition: they tell of the sender's machine. See `mendOriginal` for what is not well-formed.
 */
export function takeOriginal(bytes: Uint8Array, root: MimePart, filed: FiledParts): ContentPiece[] | null {
  const writer = new PieceWriter(bytes, filed);
  writer.write(root);
  return rebuildOriginal(writer.pieces, filed.files) === null ? null : writer.pieces;
}

class PieceWriter {
  readonly pieces: ContentPiece[] = [];
  /** What is not in a piece yet: from `start` up to where the walk is. */
  #start: number;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly filed: FiledParts,
  ) {
    this.#start = 0;
  }

  write(root: MimePart): void {
    this.#start = root.headerStart;
    this.#visit(root, "open");
    this.#flush(this.bytes.length);
  }

  /** @param kind `sealed` for what a signature covers or an encryption consists of */
  #visit(part: MimePart, kind: "open" | "sealed"): void {
    if (kind === "open") this.#header(part);
    const isSealing = part.subtype === "signed" || part.subtype === "encrypted";
    const inner = part.type === "multipart" && isSealing ? "sealed" : kind;
    if (part.children.length > 0) for (const child of part.children) this.#visit(child, inner);
    else if (part.type !== "multipart") this.#leaf(part);
  }

  #header(part: MimePart): void {
    for (const field of part.fields) {
      const name = field.name.toLowerCase();
      if (!ENTITY_FIELDS.has(name)) this.#skip(field);
      else if (name === "content-disposition") this.#withoutTimes(field);
    }
  }

  #skip({ start, end }: HeaderField): void {
    this.#flush(start);
    this.#start = end;
  }

  /** RFC 2183 sections 2.4 to 2.6. */
  #withoutTimes(field: HeaderField): void {
    const written = latin1Decode(this.bytes, field.start, field.end);
    const kept = written.replace(
      /;\s*(?:creation|modification|read)-date\s*=\s*(?:"[^"\\]*"|[^\s";]+)/gi,
      "",
    );
    if (kept === written) return;
    this.#skip(field);
    this.#add({ kind: "octets", octets: latin1Encode(kept) });
  }

  #leaf(part: MimePart): void {
    const file = this.filed.places.get(part);
    const { bodyStart, bodyEnd, encoding } = part;
    if (encoding === "base64") this.#base64(part, file);
    else if (file !== undefined && encoding !== "quoted-printable" && bodyEnd > bodyStart) {
      this.#flush(bodyStart);
      this.#add({ kind: "file", file });
      this.#start = bodyEnd;
    }
  }

  /** As a piece, when writing it again gives the same octets. */
  #base64(part: MimePart, file: number | undefined): void {
    const body = this.bytes.subarray(part.bodyStart, part.bodyEnd);
    const lineEnd = body.indexOf(13);
    const lineLength = lineEnd < 0 ? body.length : lineEnd;
    if (!isLineLength(lineLength)) return;
    const data = decodeBody(this.bytes, part).slice();
    const encoded = encodeBase64(data, lineLength);
    if (!equalBytes(body.subarray(0, encoded.length), encoded)) return;
    this.#flush(part.bodyStart);
    if (file === undefined) this.#add({ kind: "base64", octets: data, lineLength });
    else this.#add({ kind: "file-base64", file, lineLength });
    this.#start = part.bodyStart + encoded.length;
  }

  #flush(end: number): void {
    if (end > this.#start) this.#add({ kind: "octets", octets: this.bytes.slice(this.#start, end) });
  }

  #add(piece: ContentPiece): void {
    this.pieces.push(piece);
  }
}
