import MimeNode from "nodemailer/lib/mime-node";
import type { Transactions } from "../../bitmessage/messaging/ports.js";
import type { Address } from "../../bitmessage/protocol/address.js";
import type { Logger } from "../../logger.js";
import { digestMessage } from "../../mail/imap/make-digest.js";
import { formatDate } from "../../mail/mime/date.js";
import { harmlessLine } from "../forms/harmless.js";
import { writeMessageIds } from "../forms/message-ids.js";
import { completeMail } from "../forms/stored-mail.js";
import type { MailCopies } from "../mailboxes/mail-copies.js";
import { type Folders, SENT } from "../mailboxes/mailboxes.js";
import type { MailboxStore, SubmissionStore } from "../ports.js";
import { type Command, type CommandLanguage, type ReadRequest, readRequest } from "./commands-by-mail.js";

/** A mail to the bridge itself, from a user who has logged in. */
export interface AdministrationRequest {
  /** The queue id told to the client. */
  readonly id: string;
  readonly user: string;
  readonly from: Address;
  /** Mail address of `from`. */
  readonly sender: string;
  readonly subject: string;
  readonly body: string;
  /** Without angle brackets. */
  readonly messageId: string;
  readonly inReplyTo: readonly string[];
  readonly references: readonly string[];
  readonly bytes: Uint8Array;
  /** Unix seconds. */
  readonly time: number;
}

/** Does what mail to the bridge asks for (MAIL-MAPPING section 9). */
export interface Administration {
  /** Resolves when all is done, the request is in Sent and the answer in INBOX. */
  perform(request: AdministrationRequest): Promise<void>;
}

export interface AdministrationOptions {
  readonly commands: CommandLanguage;
  readonly copies: MailCopies;
  readonly folders: Folders;
  readonly mailboxes: MailboxStore;
  readonly submissions: SubmissionStore;
  readonly transactions: Transactions;
  readonly domain: string;
  readonly log: Logger;
}

export function createAdministration(options: AdministrationOptions): Administration {
  return new MailAdministration(options);
}

class MailAdministration implements Administration {
  readonly #options: AdministrationOptions;

  constructor(options: AdministrationOptions) {
    this.#options = options;
  }

  async perform(request: AdministrationRequest): Promise<void> {
    const { commands, domain } = this.#options;
    const read = readRequest(request, commands);
    const text = await this.#answer(request, read);
    const subject = keptSubject(request.subject, read);
    const answer = await composeAnswer({ request, subject, text, domain });
    const isSecret = read.commands.some(({ kept }) => kept === "as-shown");
    const copy = isSecret ? await composeWithoutSecrets(request, subject, read.commands) : null;
    this.#options.transactions.run(() => {
      this.#keep(request, subject, copy);
      this.#append(request, answer);
    });
  }

  async #answer(request: AdministrationRequest, { commands, unknown }: ReadRequest): Promise<string> {
    const { user, inReplyTo } = request;
    const about = inReplyTo.map((id) => this.#reportedEntry(id)).find((id) => id !== null) ?? null;
    const answers: string[] = [];
    for (const command of commands) {
      const result = await this.#run(command, { user, about });
      answers.push(commands.length === 1 && unknown === null ? result : `${command.shown}\n\n${result}`);
    }
    if (unknown !== null) answers.push(this.#notUnderstood(unknown, commands.length));
    return `${answers.join("\n\n")}\n`;
  }

  async #run(command: Command, request: { user: string; about: string | null }): Promise<string> {
    try {
      return await command.run(request);
    } catch (error) {
      this.#options.log.error("a command by mail failed", { error });
      return "Something went wrong inside the bridge; its log tells more.";
    }
  }

  #notUnderstood(line: string, done: number): string {
    const { help } = this.#options.commands;
    const shown = harmlessLine(line, 60);
    if (done > 0)
      return `The line "${shown}" is no command; what stands from there on has not been looked at.`;
    const what = shown === "" ? "There is no command in your mail." : `"${shown}" is no command that I know.`;
    return `${what} Nothing has been changed.\n\n${help}`;
  }

  /** The outbox entry that one of our reports is about, by the report's Message-ID. */
  #reportedEntry(messageId: string): string | null {
    const [name = "", domain] = messageId.split("@");
    const parts = name.split(".");
    return domain === this.#options.domain && parts.length === 3 ? (parts[0] ?? null) : null;
  }

  /** In Sent, as every mail that was accepted; without a passphrase, also where the client has put its own copy first. */
  #keep(request: AdministrationRequest, subject: string, copy: Uint8Array | null): void {
    const { copies, folders, mailboxes, submissions } = this.#options;
    const { id, user, messageId, from, sender, time } = request;
    const ownFields = { ret: "HDRS", envid: null, created: time, recipients: [] } as const;
    submissions.add({ id, user, messageId, from, subject, ...ownFields });
    const sent = folders.ensure(user, SENT);
    if (copy !== null) mailboxes.expunge(sent, mailboxes.findByMessageId(sent, messageId), "any", null);
    const bytes = copy ?? completeMail(request.bytes, { messageId, time, from: sender, bcc: [] });
    copies.keep({ user, messageId, from, bytes, time });
  }

  #append({ user, from, time }: AdministrationRequest, bytes: Uint8Array): void {
    const { folders, mailboxes } = this.#options;
    const digest = digestMessage(bytes);
    const internalDate = { seconds: time, zone: 0 };
    mailboxes.append(folders.ensureInbox(user, from), [{ bytes, flags: [], internalDate, digest }], from);
  }
}

/** The subject, or the command without its secret where the command stands there. */
function keptSubject(subject: string, { commands }: ReadRequest): string {
  const [first] = commands;
  const isThere = first?.kept === "as-shown" && firstWord(first.shown) === firstWord(subject);
  return isThere ? first.shown : subject;
}

function firstWord(line: string): string {
  return (line.trim().split(/\s+/, 1)[0] ?? "").toLowerCase();
}

const ROOT_OPTIONS = { newline: "win", disableFileAccess: true, disableUrlAccess: true } as const;

async function composeAnswer(answer: {
  readonly request: AdministrationRequest;
  readonly subject: string;
  readonly text: string;
  readonly domain: string;
}): Promise<Uint8Array> {
  const { request, subject, text, domain } = answer;
  const { id, sender, messageId, references, time } = request;
  const root = new MimeNode("text/plain; charset=utf-8", ROOT_OPTIONS);
  root.setHeader("From", { name: "Bitmessage Bridge", address: `bridge@${domain}` });
  root.setHeader("To", { address: sender });
  root.setHeader("Subject", /^re:/i.test(subject) ? subject : `Re: ${subject}`);
  root.setHeader("Date", formatDate(time, 0));
  prepared(root, "Message-ID", `<${id}.answer@${domain}>`);
  prepared(root, "In-Reply-To", writeMessageIds([messageId]));
  root.setHeader(
    "References",
    writeMessageIds([...references.filter((one) => one !== messageId), messageId]),
  );
  prepared(root, "Auto-Submitted", "auto-replied");
  prepared(root, "MIME-Version", "1.0");
  return build(root, text);
}

/** The request as it may be kept: who wrote it when, and its commands. */
async function composeWithoutSecrets(
  request: AdministrationRequest,
  subject: string,
  commands: readonly Command[],
): Promise<Uint8Array> {
  const { sender, messageId, inReplyTo, references, time } = request;
  const root = new MimeNode("text/plain; charset=utf-8", ROOT_OPTIONS);
  root.setHeader("From", { address: sender });
  root.setHeader("To", { address: `bridge@${sender.split("@")[1] ?? ""}` });
  root.setHeader("Subject", subject);
  root.setHeader("Date", formatDate(time, 0));
  prepared(root, "Message-ID", writeMessageIds([messageId]));
  if (inReplyTo.length > 0) prepared(root, "In-Reply-To", writeMessageIds(inReplyTo.slice(0, 1)));
  if (references.length > 0) root.setHeader("References", writeMessageIds(references));
  prepared(root, "MIME-Version", "1.0");
  const lines = commands.map(({ shown }) => shown).join("\n");
  return build(root, `${lines}\n\n(The passphrase is left out of this copy.)\n`);
}

function prepared(node: MimeNode, key: string, value: string): void {
  node.setHeader(key, { prepared: true, value });
}

async function build(root: MimeNode, text: string): Promise<Uint8Array> {
  const isAscii = /^[\t\n\x20-\x7e]*$/.test(text) && !/[^\n]{77}/.test(text);
  root.setHeader("Content-Transfer-Encoding", isAscii ? "7bit" : "quoted-printable");
  const content = text.replace(/\r?\n/g, "\r\n");
  // The library encodes octets again, whatever they are.
  root.setContent(isAscii ? content : Buffer.from(content, "utf8"));
  const built = await root.build();
  return new Uint8Array(built.buffer, built.byteOffset, built.byteLength);
}
