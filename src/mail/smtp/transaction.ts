import type { SMTPServerAddress } from "smtp-server";
import { SmtpError } from "./error.js";
import type { Envelope, MailParameters, Recipient, SubmissionHandler, Submitter } from "./handler.js";

const mailKeywords: ReadonlySet<string> = new Set(["SIZE", "BODY", "SMTPUTF8", "RET", "ENVID", "AUTH"]);
const recipientKeywords: ReadonlySet<string> = new Set(["NOTIFY", "ORCPT"]);

/**
 * A mail being submitted, from MAIL to DATA. Collects the recipients itself: Base58 makes addresses that differ by case alone
 * different, which smtp-server merges.
 */
export class Transaction {
  private readonly recipients = new Map<string, Recipient>();

  private constructor(
    private readonly user: Submitter,
    private readonly sender: string,
    private readonly parameters: MailParameters,
    private readonly charset: "ascii" | "utf-8",
    private readonly handler: SubmissionHandler,
    private readonly maximumRecipients: number,
  ) {}

  /** MAIL: throws the SmtpError it is refused with. `user`: null for a trusted server's, whom the sender tells. */
  static async open(
    user: Submitter | null,
    mail: SMTPServerAddress,
    handler: SubmissionHandler,
    maximumRecipients: number,
  ): Promise<Transaction> {
    refuseUnknown(mail, mailKeywords);
    const values = mail.args || {};
    const charset = values["SMTPUTF8"] === undefined ? "ascii" : "utf-8";
    refuseCharacters(mail.address, charset, "5.1.7");
    const ret = typeof values["RET"] === "string" ? values["RET"].toUpperCase() : undefined;
    const parameters: MailParameters = {
      ...(typeof values["SIZE"] === "string" && { size: Number(values["SIZE"]) }),
      ...((ret === "FULL" || ret === "HDRS") && { ret }),
      ...(typeof values["ENVID"] === "string" && { envid: values["ENVID"] }),
    };
    const submitter = user ?? (await submitterOf(mail.address, handler));
    await handler.checkSender(submitter, mail.address, parameters);
    return new Transaction(submitter, mail.address, parameters, charset, handler, maximumRecipients);
  }

  /** RCPT: throws the SmtpError it is refused with. A recipient named again replaces itself. */
  async add(address: SMTPServerAddress): Promise<void> {
    refuseUnknown(address, recipientKeywords);
    refuseCharacters(address.address, this.charset, "5.1.3");
    const key = recipientKey(address.address);
    if (!this.recipients.has(key) && this.recipients.size >= this.maximumRecipients) {
      throw new SmtpError(452, "4.5.3", `A mail may have ${this.maximumRecipients} recipients at most.`);
    }
    const { notify, orcpt } = address.dsn ?? {};
    const recipient: Recipient = {
      address: address.address,
      ...(notify && { notify: notify as NonNullable<Recipient["notify"]> }),
      ...(orcpt && { orcpt }),
    };
    await this.handler.checkRecipient(this.user, this.sender, recipient);
    this.recipients.set(key, recipient);
  }

  /** The end of DATA: resolves to the name of the mail in the queue. `coming`: as the handler is told. */
  async submit(bytes: Uint8Array, coming: number): Promise<string> {
    const envelope: Envelope = {
      ...this.parameters,
      sender: this.sender,
      recipients: [...this.recipients.values()],
    };
    const { queueId } = await this.handler.submit(this.user, envelope, bytes, coming);
    return queueId;
  }
}

async function submitterOf(sender: string, handler: SubmissionHandler): Promise<Submitter> {
  const submitter = await handler.submitterOf?.(sender);
  if (submitter !== undefined) return submitter;
  throw new SmtpError(530, "5.7.0", "Please log in first.");
}

/** RFC 5321 section 4.1.1.11. */
function refuseUnknown(address: SMTPServerAddress, known: ReadonlySet<string>): void {
  const unknown = Object.keys(address.args || {}).find((keyword) => !known.has(keyword));
  if (unknown !== undefined) {
    throw new SmtpError(555, "5.5.4", `This server does not know the parameter ${unknown.slice(0, 40)}.`);
  }
}

/** RFC 6531 section 3.5. Octets that are not UTF-8 have become U+FFFD. */
function refuseCharacters(address: string, charset: "ascii" | "utf-8", enhancedCode: string): void {
  if (address.includes("\ufffd")) throw new SmtpError(553, enhancedCode, "The address is not valid UTF-8.");
  if (charset === "ascii" && /[^\x00-\x7f]/.test(address)) {
    throw new SmtpError(
      553,
      "5.6.7",
      "The address has characters outside of ASCII, which SMTPUTF8 has to announce.",
    );
  }
}

/** The local part as it is, the domain without regard to case (RFC 5321 section 2.4). */
function recipientKey(address: string): string {
  const at = address.lastIndexOf("@");
  return at < 0 ? address : address.slice(0, at) + address.slice(at).toLowerCase();
}
