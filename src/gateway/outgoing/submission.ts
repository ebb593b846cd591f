import type { Outbox } from "../../bitmessage/messaging/outbox.js";
import type { Draft, Identity, OutboxEntry } from "../../bitmessage/messaging/types.js";
import type { Address } from "../../bitmessage/protocol/address.js";
import { MAX_SENT_OBJECT } from "../../bitmessage/protocol/object.js";
import type { Logger } from "../../logger.js";
import { baseSubject } from "../../mail/mime/base-subject.js";
import { findFields } from "../../mail/mime/headers.js";
import type { MimePart } from "../../mail/mime/parse.js";
import type { AuthenticatedUser, Authenticator, Credentials } from "../../mail/sasl.js";
import { SmtpError } from "../../mail/smtp/error.js";
import type {
  Envelope,
  MailParameters,
  Recipient,
  SubmissionHandler,
  SubmissionReceipt,
  Submitter,
} from "../../mail/smtp/handler.js";
import type { AddressBook, Destination } from "../addresses.js";
import type { Administration } from "../administration/administration.js";
import type { AutomaticMail, AutomaticMailRules } from "../automatic-mail.js";
import { completeMail } from "../forms/stored-mail.js";
import type { Relay } from "../handover/relay.js";
import { excerptOf } from "../incoming/quotes.js";
import type { LoginSessions } from "../logins/login-sessions.js";
import type { MailCopies } from "../mailboxes/mail-copies.js";
import type { GroupCommits, SubmissionRecipient, SubmissionStore, ThreadStore } from "../ports.js";
import type { GatewaySettings } from "../settings.js";
import type { Drafting } from "./drafting.js";
import { type OutgoingMail, readOutgoing } from "./mapping.js";
import { type ParsedMail, parseWithBlankLines } from "./stray-lines.js";

export interface SubmissionOptions {
  readonly logins: Authenticator;
  readonly sessions: LoginSessions;
  readonly addresses: AddressBook;
  readonly outbox: Pick<Outbox, "enqueue">;
  readonly drafting: Drafting;
  readonly copies: MailCopies;
  readonly submissions: SubmissionStore;
  readonly threads: ThreadStore;
  readonly automaticMail: AutomaticMailRules;
  readonly administration: Administration;
  /** For ordinary recipients. */
  readonly relay: Relay;
  readonly commits: GroupCommits;
  readonly settings: GatewaySettings;
  /** Unix seconds. */
  readonly clock: () => number;
  /** A new random name of letters, digits and hyphens. */
  readonly newId: () => string;
  readonly log: Logger;
}

/** Octets of the largest mail that is read at all. No object holds more than 256 KiB; this leaves room for what shrinks. */
const MAXIMUM_MAIL = 10 * 1024 * 1024;

/** Takes mail for sending (MAIL-MAPPING section 2). */
export function createSubmission(options: SubmissionOptions): SubmissionHandler {
  return new Submissions(options);
}

interface Reached {
  readonly recipient: Recipient;
  readonly kind: "msg" | "broadcast";
  readonly address: Address;
}

/** A recipient and what his address stands for. */
interface Destined {
  readonly recipient: Recipient;
  readonly destination: Destination;
}

/** A mail that has been read. */
interface Received extends ParsedMail {
  /** The queue id. */
  readonly id: string;
  readonly user: string;
  readonly envelope: Envelope;
  readonly from: Identity;
  readonly mail: OutgoingMail;
  /** Its own, or a new one. */
  readonly messageId: string;
  /** Unix seconds. */
  readonly time: number;
}

/** All that is decided before the transaction. */
interface Prepared extends Received {
  /** The octets of the copies. */
  readonly stored: Uint8Array;
  readonly messages: readonly { readonly reached: Reached; readonly draft: Draft }[];
  /** Recipients whom ordinary mail reaches. */
  readonly ordinary: readonly Recipient[];
}

class Submissions implements SubmissionHandler {
  readonly maximumSize = MAXIMUM_MAIL;
  readonly #options: SubmissionOptions;

  constructor(options: SubmissionOptions) {
    this.#options = options;
  }

  authenticate(credentials: Credentials): Promise<AuthenticatedUser | null> {
    return this.#options.logins.authenticate(credentials);
  }

  opened(user: AuthenticatedUser, end: (reason: string) => void): () => void {
    return this.#options.sessions.begin(user, end);
  }

  async submitterOf(sender: string): Promise<Submitter> {
    if (sender === "")
      throw new SmtpError(
        550,
        "5.7.1",
        "Reports and automatic answers of mail servers do not leave by Bitmessage",
      );
    return { name: this.#options.addresses.findSender(sender).user, server: "trusted" };
  }

  async checkSender(user: AuthenticatedUser, sender: string, parameters: MailParameters): Promise<void> {
    checkLogin(user, this.#options.addresses.resolveSender(user.name, sender));
    if ((parameters.size ?? 0) > MAXIMUM_MAIL) throw mailTooLarge(parameters.size ?? 0);
  }

  async checkRecipient(user: Submitter, sender: string, recipient: Recipient): Promise<void> {
    const { addresses, relay } = this.#options;
    const { kind } = addresses.resolve(user.name, recipient.address);
    if (user.server !== undefined) refuseForServer(kind);
    if (kind === "ordinary") relay.checkSender(user.name, addresses.resolveSender(user.name, sender));
  }

  async submit(
    user: Submitter,
    envelope: Envelope,
    bytes: Uint8Array,
    coming = 0,
  ): Promise<SubmissionReceipt> {
    const received = this.#read(user, envelope, bytes);
    const destined = envelope.recipients.map((recipient) => {
      return { recipient, destination: this.#options.addresses.resolve(user.name, recipient.address) };
    });
    try {
      if (isForBridge(destined)) await this.#administer(received);
      else await this.#send(received, destined, coming);
    } catch (error) {
      if (isFull(error))
        throw new SmtpError(452, "4.3.1", "There is no room on the disk for this mail; try again later");
      throw error;
    }
    return { queueId: received.id };
  }

  #read(user: Submitter, envelope: Envelope, bytes: Uint8Array): Received {
    const { settings, clock, newId } = this.#options;
    if (bytes.length > MAXIMUM_MAIL) throw mailTooLarge(bytes.length);
    const id = newId();
    const time = clock();
    const parsed = parseWithBlankLines(bytes);
    if (user.server !== undefined) refuseLoop(parsed.root);
    const mail = readOutgoing(parsed.bytes, time, parsed.root);
    const from = this.#checkFrom(user, envelope, mail);
    const messageId = mail.messageId ?? `${newId()}@${settings.domain}`;
    return { ...parsed, id, user: user.name, envelope, from, mail, messageId, time };
  }

  async #administer({ id, user, from, mail, messageId, bytes, time }: Received): Promise<void> {
    const { addresses, administration, log } = this.#options;
    if (mail.autoSubmitted === "auto-replied")
      throw new SmtpError(550, "5.7.1", "The bridge takes no automatic answers");
    const { address } = from;
    const sender = addresses.mailAddress(address);
    await administration.perform({ ...mail, id, user, from: address, sender, messageId, bytes, time });
    log.info("mail to the bridge answered", { queueId: id });
  }

  async #send(received: Received, destined: readonly Destined[], coming: number): Promise<void> {
    const { commits, log } = this.#options;
    const prepared = this.#prepare(received, destined);
    await commits.together(() => this.#keep(prepared), coming);
    const recipients = prepared.messages.length + prepared.ordinary.length;
    log.info("mail accepted", { queueId: received.id, recipients });
  }

  #prepare(received: Received, destined: readonly Destined[]): Prepared {
    const { addresses, drafting, relay } = this.#options;
    const { user, from, mail, messageId, bytes, root, time } = received;
    const { reached, ordinary } = reach(from, destined);
    if (ordinary.length > 0) relay.checkSender(user, from);
    const drafts = drafting.draft({ user, from: from.address, mail, messageId, reached });
    const messages = reached.map((one, index) => ({ reached: one, draft: drafts[index]! }));
    const bcc = this.#unnamed(mail, reached, ordinary);
    const completion = { messageId, time, from: addresses.mailAddress(from.address), bcc };
    return { ...received, stored: completeMail(bytes, completion, root), messages, ordinary };
  }

  /**
   * The identity to send from: the From field's, which the recipient will see; the envelope's must be the user's as well. Who has logged in
   * with an identity's address sends from it alone.
   */
  #checkFrom(user: Submitter, envelope: Envelope, mail: OutgoingMail): Identity {
    const { addresses } = this.#options;
    const sender = addresses.resolveSender(user.name, envelope.sender);
    checkLogin(user, sender);
    const [from = envelope.sender, ...others] = mail.from;
    if (others.length > 0)
      throw new SmtpError(550, "5.7.1", "A mail with several addresses in From cannot be sent");
    const identity = from === envelope.sender ? sender : addresses.resolveSender(user.name, from);
    checkLogin(user, identity);
    return identity;
  }

  /** Mail addresses of those recipients whom To and Cc do not name. */
  #unnamed(mail: OutgoingMail, reached: readonly Reached[], ordinary: readonly Recipient[]): string[] {
    const named = new Set(mail.named.map((address) => address.toLowerCase()));
    const written = reached.map(({ recipient, address }) => ({
      recipient,
      forms: [recipient.address, this.#options.addresses.mailAddress(address)],
    }));
    return [...written, ...ordinary.map((recipient) => ({ recipient, forms: [recipient.address] }))]
      .filter(({ forms }) => !forms.some((text) => named.has(text.toLowerCase())))
      .map(({ recipient }) => recipient.address)
      .filter((address) => /^[!-;=?-~]+$/.test(address));
  }

  /** Everything that must be on disk before 250. */
  #keep(prepared: Prepared): void {
    const { outbox, submissions, copies, automaticMail, relay } = this.#options;
    const { id, user, from, mail, messageId, stored, time, messages, ordinary } = prepared;
    const automatic = automaticMailOf(prepared);
    automaticMail.check(automatic, time);
    const entries = messages.map(({ draft }) => outbox.enqueue(draft));
    const recipients = messages.map(({ reached }, index) => recipientOf(reached, entries[index]!));
    const { ret = "HDRS", envid = null } = prepared.envelope;
    const { subject } = mail;
    const relayed = { queueId: id, user, from, subject, messageId, bytes: stored, ret, envid, time };
    const handovers = relay.add({ ...relayed, recipients: ordinary });
    const sendings = [...entries, ...handovers];
    const sender = from.address;
    copies.keep({ user, messageId, from: sender, bytes: stored, time, sendings });
    const dsn = { ret, envid, recipients };
    submissions.add({ id, user, messageId, from: sender, subject, created: time, ...dsn });
    automaticMail.remember(automatic, time);
    this.#rememberThreads(prepared);
  }

  #rememberThreads({ user, mail, messageId, time, messages }: Prepared): void {
    const thread = {
      user,
      messageId,
      hash: null,
      baseSubject: baseSubject(mail.subject).base,
      excerpt: excerptOf(mail.body),
      references: mail.references,
      time,
    };
    for (const { reached } of messages)
      this.#options.threads.remember({ ...thread, correspondent: reached.address });
  }
}

function isForBridge(destined: readonly Destined[]): boolean {
  const isBridge = ({ destination }: Destined) => destination.kind === "bridge";
  if (!destined.some(isBridge)) return false;
  if (destined.every(isBridge)) return true;
  throw new SmtpError(550, "5.7.1", "What is for the bridge itself is for nobody else: write to it alone");
}

/** The recipients, each address once. */
function reach(
  from: Identity,
  destined: readonly Destined[],
): { readonly reached: readonly Reached[]; readonly ordinary: readonly Recipient[] } {
  const reached = new Map<string, Reached>();
  const ordinary: Recipient[] = [];
  for (const { recipient, destination } of destined) {
    if (destination.kind === "ordinary") {
      if (!ordinary.some(({ address }) => isSameOrdinary(address, recipient.address)))
        ordinary.push(recipient);
      continue;
    }
    const address = destination.kind === "address" ? destination.address : from.address;
    const kind = destination.kind === "address" ? "msg" : "broadcast";
    const key = `${kind} ${address}`;
    if (!reached.has(key)) reached.set(key, { recipient, kind, address });
  }
  if (reached.size + ordinary.length === 0) throw new SmtpError(554, "5.5.1", "No recipients");
  return { reached: [...reached.values()], ordinary };
}

function recipientOf({ recipient, address }: Reached, entry: OutboxEntry): SubmissionRecipient {
  const { address: original, notify = null, orcpt = null } = recipient;
  return { outboxId: entry.id, address, original, notify, orcpt };
}

/** What would go back to where it came from could go round for ever; and who writes to the bridge itself has to log in. */
function refuseForServer(kind: Destination["kind"]): void {
  if (kind === "address" || kind === "broadcast") return;
  throw new SmtpError(550, "5.7.1", "Mail from other mail servers goes to Bitmessage addresses only");
}

/** RFC 5321 section 6.3: mail that has passed so many servers goes round in a circle. */
const MOST_HOPS = 50;

function refuseLoop(root: MimePart): void {
  const hops = findFields(root, "received").length;
  if (hops > MOST_HOPS)
    throw new SmtpError(554, "5.4.6", `This mail has passed ${hops} servers: it goes round in a circle`);
}

/** Domains are the same in upper and lower case; of what stands before, only its server knows (RFC 5321 section 2.4). */
function isSameOrdinary(one: string, other: string): boolean {
  const folded = (address: string) => address.replace(/@[^@]*$/, (domain) => domain.toLowerCase());
  return folded(one) === folded(other);
}

function automaticMailOf({ user, mail, messages, ordinary }: Prepared): AutomaticMail {
  const others = ordinary.map(
    ({ address }) => ({ kind: "ordinary", address: address.toLowerCase() }) as const,
  );
  const recipients = [...messages.map(({ reached }) => reached), ...others];
  return { user, automation: mail.autoSubmitted, inReplyTo: mail.inReplyTo, recipients };
}

/** @throws SmtpError 550 5.7.1 */
function checkLogin({ identity }: AuthenticatedUser, from: Identity): void {
  if (identity === undefined || identity === from.address) return;
  const text = `You have logged in with ${identity}; send from it, or log in with your user name`;
  throw new SmtpError(550, "5.7.1", text);
}

function mailTooLarge(size: number): SmtpError {
  const text =
    `The mail has ${size} octets; the limit is ${MAXIMUM_MAIL} octets. A Bitmessage message holds ${MAX_SENT_OBJECT} ` +
    "octets at most, so that attachments of this size have to be sent in another way";
  return new SmtpError(552, "5.3.4", text);
}

/** SQLite's own words for a full disk or database. */
function isFull(error: unknown): boolean {
  const code = (error as { readonly code?: unknown } | null)?.code;
  return code === "SQLITE_FULL" || code === "ENOSPC";
}
