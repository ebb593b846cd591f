/** What the host of the submission server provides (RFC 6409). Every answer is decided before `250`, and after `250` nothing is lost. */
import type { AuthenticatedUser, Authenticator } from "../sasl.js";

/** Who sends a mail. */
export interface Submitter extends AuthenticatedUser {
  /** Set when a trusted mail server speaks for the user. */
  readonly server?: "trusted";
}

export interface SubmissionHandler extends Authenticator {
  /** Somebody has logged in. `end` says good-bye to the client when he may not stay; what is returned is called when the session has ended. */
  opened?(user: AuthenticatedUser, end: (reason: string) => void): () => void;
  /**
   * Whose mail it is that a trusted mail server brings with that sender (the null sender: empty). Called where the server is told to trust
   * others. Refuses senders who are nobody's with SmtpError 550 5.7.1.
   */
  submitterOf?(sender: string): Promise<Submitter>;
  /** Refuses a sender that is not the user's with SmtpError 550 5.7.1. Address as written between `<` and `>`, case kept. */
  checkSender(user: Submitter, sender: string, parameters: MailParameters): Promise<void>;
  /** Refuses a recipient that cannot be reached. Called once per recipient in the order given. */
  checkRecipient(user: Submitter, sender: string, recipient: Recipient): Promise<void>;
  /**
   * Takes the mail: resolves after the commit. The bytes are as received after dot-unstuffing, CRLF line ends.
   * @param coming how many other mails are on their way to the server, which may share the commit
   */
  submit(user: Submitter, envelope: Envelope, bytes: Uint8Array, coming?: number): Promise<SubmissionReceipt>;
  /** Largest mail taken, octets (SIZE, RFC 1870). */
  readonly maximumSize: number;
}

export interface MailParameters {
  readonly size?: number;
  readonly ret?: "FULL" | "HDRS";
  readonly envid?: string;
}

export interface Recipient {
  /** As written between `<` and `>`, case kept; it may be without an at sign and a domain. */
  readonly address: string;
  /** RFC 3461 NOTIFY; undefined when not given. */
  readonly notify?: readonly ("NEVER" | "SUCCESS" | "FAILURE" | "DELAY")[];
  readonly orcpt?: string;
}

export interface Envelope extends MailParameters {
  readonly sender: string;
  readonly recipients: readonly Recipient[];
}

export interface SubmissionReceipt {
  /** Names the mail in the queue; part of the `250` text. */
  readonly queueId: string;
}
