import type { ContentPiece } from "./content-pieces.js";

export interface ContentFile {
  name: string;
  data: Uint8Array;
  /** MIME type */
  type: string;
  disposition: "inline" | "attachment";
}

/** What a message says. All of it is untrusted text. */
export interface Content {
  encoding: number;
  /** one line */
  subject: string;
  /** LF line ends as a rule; may contain anything, NUL included */
  body: string;
  files: ContentFile[];
  /** inventory vectors (32 bytes each) of the messages that this one answers */
  parents: Uint8Array[];
  /** lines carried beside the subject, by lower-case name: of the simple form the lines between subject and body, of the extended form
   *  our own keys */
  headers: Record<string, string>;
  /** What the sender's own form of this message is built from, when it is there: our key `original` of the extended form */
  original?: ContentPiece[];
}

/**
 * A message's content; or that there is nothing to show (encoding 0); or that its encoding is unknown, so that the raw
 * bytes must be shown some other way.
 */
export type DecodedContent = (Content & { kind: "content" }) | { kind: "ignored" } | { kind: "placeholder" };
