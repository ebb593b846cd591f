/**
 * Ready-made answers about a message, computed once when it is appended and kept by the host, so that a client's header fetch
 * need not read the message again.
 */
export interface MessageDigest {
  /** RFC822.SIZE: octets of the message. */
  readonly size: number;
  /** The ENVELOPE, BODY and BODYSTRUCTURE as they stand in a FETCH response (RFC 9051 section 7.5.2), octets kept in a binary (latin1) string. */
  readonly envelope: string;
  readonly body: string;
  readonly bodyStructure: string;
  /** The header of the message up to and with its blank line, as a binary (latin1) string; null when it is longer than 64 KiB and must be read from the message. */
  readonly header: string | null;
  /** What SORT and SEARCH SENT* compare: the Date field as Unix seconds in UTC and the written calendar date (days since 1970), or null. */
  readonly sentSeconds: number | null;
  readonly sentDay: number | null;
  /** What SORT, THREAD and SEARCH compare of the header (`header-keys.ts`); null when they are to be made of it once more. */
  readonly subject: SubjectKeys | null;
  readonly addresses: AddressKeys | null;
  readonly references: ReferenceKeys | null;
}

/** A host need not read those that nobody asks for. */
export type DigestPart = keyof MessageDigest;

export interface SubjectKeys {
  /** The Subject fields decoded and folded (`folded-text.ts`), one to a line; null without such a field. */
  readonly folded: string | null;
  /** Base subject (RFC 5256 section 2.1) of the first, such that texts compare by code unit (`collation.ts`). */
  readonly base: string;
  readonly kind: "reply" | "first";
}

/** `addr-mailbox` of the first address of each field (RFC 5256 section 3), comparable likewise; empty without one. */
export interface AddressKeys {
  readonly from: string;
  readonly to: string;
  readonly cc: string;
}

/** Message ids with their angle brackets, without quotes and line breaks. */
export interface ReferenceKeys {
  readonly messageId: string | null;
  /** What the message refers to, oldest first: References, else the first of In-Reply-To. */
  readonly ids: readonly string[];
}
