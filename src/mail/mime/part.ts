/** One field of a header. */
export interface HeaderField {
  /** As written; empty for a line that is no field. */
  readonly name: string;
  /** Octet offsets into the message; `end` is behind the line end. */
  readonly start: number;
  readonly end: number;
  /** What stands behind the colon, folded as it is, without the last line end; a binary (latin1) string. See `unfold`. */
  readonly value: string;
}

export interface Disposition {
  /** Lower case. */
  readonly value: string;
  /** As written, quotes removed. */
  readonly parameters: readonly (readonly [string, string])[];
}

/** A message or a part of one, as offsets into the octets of the whole message. */
export interface MimePart {
  readonly headerStart: number;
  /** End of the header with its blank line; same as `bodyStart`. */
  readonly headerEnd: number;
  readonly bodyStart: number;
  /** Without the line end before a boundary (RFC 2046 section 5.1.1). */
  readonly bodyEnd: number;
  readonly fields: readonly HeaderField[];
  /** Lower case; `text/plain` by default, `message/rfc822` in a `multipart/digest`. */
  readonly type: string;
  readonly subtype: string;
  /** Parameters of Content-Type, names in lower case, RFC 2231 decoded; text. */
  readonly parameters: ReadonlyMap<string, string>;
  /** The same as written, quotes removed; binary strings. */
  readonly typeParameters: readonly (readonly [string, string])[];
  /** Content-Transfer-Encoding, lower case; `7bit` by default. */
  readonly encoding: string;
  readonly disposition: Disposition | null;
  /** Raw, unfolded binary strings. */
  readonly contentId: string | null;
  readonly description: string | null;
  readonly md5: string | null;
  readonly language: string | null;
  readonly location: string | null;
  /** Parts of a multipart. */
  readonly children: readonly MimePart[];
  /** The message in a message/rfc822 or message/global. */
  readonly message: MimePart | null;
  /** Line feeds in the body. */
  readonly lineCount: number;
}
