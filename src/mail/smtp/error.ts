/** A refusal in SMTP's own words (RFC 5321 section 4.2, RFC 3463). The text is shown to people word for word. */
export class SmtpError extends Error {
  constructor(
    readonly responseCode: number,
    readonly enhancedCode: string,
    text: string,
  ) {
    super(text);
    this.name = "SmtpError";
  }
}
