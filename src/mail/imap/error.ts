/** A refusal in IMAP's own words: `NO [code] text` or `BAD text` (RFC 9051 section 7.1). The text may be shown to people. */
export class ImapError extends Error {
  constructor(
    readonly status: "NO" | "BAD",
    readonly code: string | null,
    text: string,
  ) {
    super(text);
    this.name = "ImapError";
  }
}
