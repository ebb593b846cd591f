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
}
