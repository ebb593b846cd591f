import type { Outbox } from "../bitmessage/messaging/outbox.js";
import type { Draft, Identity } from "../bitmessage/messaging/types.js";
import type { Address } from "../bitmessage/protocol/address.js";
import { MAX_SENT_OBJECT } from "../bitmessage/protocol/object.js";
import type { Logger } from "../logger.js";
import { baseSubject } from "../mail/mime/base-subject.js";
import { findFields } from "../mail/mime/headers.js";
import { parseMime } from "../mail/mime/parse.js";
import type { AuthenticatedUser, Authenticator, Credentials } from "../mail/sasl.js";
import { SmtpError } from "../mail/smtp/error.js";
import type {
  Envelope,
  MailParameters,
  Recipient,
  SubmissionHandler,
  SubmissionReceipt,
  Submitter,
} from "../mail/smtp/handler.js";
import type { AddressBook, Destination } from "./addresses.js";
import type { Administration } from "./administration.js";
import type { AutomaticMail, AutomaticMailRules } from "./automatic-mail.js";
import type { Drafting } from "./drafting.js";
import type { Relay } from "./handover/relay.js";
import type { MailCopies } from "./mail-copies.js";
import { type OutgoingMail, readOutgoing } from "./outgoing.js";
import type { GroupCommits, SubmissionRecipient, SubmissionStore, ThreadStore } from "./ports.js";
import { excerptOf } from "./quotes.js";
import type { GatewaySettings } from "./settings.js";
import { completeMail } from "./stored-mail.js";
import { withBlankLines } from "./stray-lines.js";

export interface SubmissionOptions {
  readonly users: Authenticator;
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

/** All that is decided before the transaction. */
interface Prepared {
  readonly user: string;
  readonly from: Identity;
  readonly mail: OutgoingMail;
  readonly messageId: string;
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
    return this.#options.users.authenticate(credentials);
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

  async submit(user: Submitter, envelope: Envelope, bytes: Uint8Array): Promise<SubmissionReceipt> {
    const queueId = this.#options.newId();
    if (user.server !== undefined) refuseLoop(bytes);
    this.#checkLogin(user, envelope, bytes);
    try {
      if (this.#isForBridge(user.name, envelope)) await this.#administer(queueId, user.name, envelope, bytes);
      else await this.#send(queueId, user.name, envelope, bytes);
    } catch (error) {
      if (isFull(error))
        throw new SmtpError(452, "4.3.1", "There is no room on the disk for this mail; try again later");
      throw error;
    }
    return { queueId };
  }

  #isForBridge(user: string, { recipients }: Envelope): boolean {
    const { addresses } = this.#options;
    const isBridge = ({ address }: Recipient) => addresses.resolve(user, address).kind === "bridge";
    if (!recipients.some(isBridge)) return false;
    if (recipients.every(isBridge)) return true;
    throw new SmtpError(550, "5.7.1", "What is for the bridge itself is for nobody else: write to it alone");
  }

  async #administer(id: string, user: string, envelope: Envelope, received: Uint8Array): Promise<void> {
    const { addresses, administration, settings, clock, newId, log } = this.#options;
    const time = clock();
    const bytes = withBlankLines(received);
    const mail = readOutgoing(bytes, time);
    const { address } = this.#checkFrom(user, envelope, mail);
    if (mail.autoSubmitted === "auto-replied")
      throw new SmtpError(550, "5.7.1", "The bridge takes no automatic answers");
    const messageId = mail.messageId ?? `${newId()}@${settings.domain}`;
    const sender = addresses.mailAddress(address);
    await administration.perform({ ...mail, id, user, from: address, sender, messageId, bytes, time });
    log.info("mail to the bridge answered", { queueId: id });
  }

  async #send(queueId: string, user: string, envelope: Envelope, bytes: Uint8Array): Promise<void> {
    const { commits, clock, log } = this.#options;
    const now = clock();
    const prepared = this.#prepare(user, envelope, bytes, now);
    await commits.together(() => this.#keep(queueId, envelope, prepared, now));
    log.info("mail accepted", { queueId, recipients: prepared.messages.length + prepared.ordinary.length });
  }

  #prepare(user: string, envelope: Envelope, received: Uint8Array, now: number): Prepared {
    const { addresses, settings, newId } = this.#options;
    if (received.length > MAXIMUM_MAIL) throw mailTooLarge(received.length);
    const bytes = withBlankLines(received);
    const mail = readOutgoing(bytes, now);
    const from = this.#checkFrom(user, envelope, mail);
    const { reached, ordinary } = this.#reach(user, from, envelope.recipients);
    if (ordinary.length > 0) this.#options.relay.checkSender(user, from);
    const messageId = mail.messageId ?? `${newId()}@${settings.domain}`;
    const drafts = this.#options.drafting.draft({ user, from: from.address, mail, messageId, reached });
    const messages = reached.map((one, index) => ({ reached: one, draft: drafts[index]! }));
    const bcc = this.#unnamed(mail, reached, ordinary);
    const completion = { messageId, time: now, from: addresses.mailAddress(from.address), bcc };
    return { user, from, mail, messageId, stored: completeMail(bytes, completion), messages, ordinary };
  }

  /** Who has logged in with an identity's address sends from it alone. */
  #checkLogin(user: AuthenticatedUser, envelope: Envelope, received: Uint8Array): void {
    if (user.identity === undefined || received.length > MAXIMUM_MAIL) return;
    checkLogin(user, this.#options.addresses.resolveSender(user.name, envelope.sender));
    const mail = readOutgoing(withBlankLines(received), this.#options.clock());
    checkLogin(user, this.#checkFrom(user.name, envelope, mail));
  }

  /** The identity to send from: the From field's, which the recipient will see; the envelope's must be the user's as well. */
  #checkFrom(user: string, envelope: Envelope, mail: OutgoingMail): Identity {
    const { addresses } = this.#options;
    const sender = addresses.resolveSender(user, envelope.sender);
    const [from, ...others] = mail.from;
    if (from === undefined) return sender;
    if (others.length > 0)
      throw new SmtpError(550, "5.7.1", "A mail with several addresses in From cannot be sent");
    return addresses.resolveSender(user, from);
  }

  /** The recipients, each address once. */
  #reach(
    user: string,
    from: Identity,
    recipients: readonly Recipient[],
  ): { readonly reached: readonly Reached[]; readonly ordinary: readonly Recipient[] } {
    const reached = new Map<string, Reached>();
    const ordinary: Recipient[] = [];
    for (const recipient of recipients) {
      const destination = this.#options.addresses.resolve(user, recipient.address);
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
  #keep(id: string, envelope: Envelope, prepared: Prepared, now: number): void {
    const { outbox, submissions, copies, automaticMail, relay } = this.#options;
    const { user, from, mail, messageId, stored } = prepared;
    const reached = prepared.messages.map((message) => message.reached);
    const automatic = automaticMailOf(prepared);
    automaticMail.check(automatic, now);
    const recipients = prepared.messages.map(
      ({ reached: { recipient, address }, draft }): SubmissionRecipient => {
        const entry = outbox.enqueue(draft);
        const { address: original, notify, orcpt } = recipient;
        return {
          outboxId: entry.id,
          address,
          original,
          notify: notify ?? null,
          orcpt: orcpt ?? null,
        };
      },
    );
    const { ret = "HDRS", envid = null } = envelope;
    const submission = { id, user, messageId, from: from.address, ret, envid, created: now, recipients };
    submissions.add({ ...submission, subject: mail.subject });
    const relayed = { queueId: id, user, from, subject: mail.subject, messageId, bytes: stored };
    relay.add({ ...relayed, recipients: prepared.ordinary, ret, envid, time: now });
    copies.keep({ user, messageId, from: from.address, bytes: stored, time: now });
    automaticMail.remember(automatic, now);
    for (const one of reached) this.#rememberThread(prepared, one, now);
  }

  #rememberThread(prepared: Prepared, reached: Reached, now: number): void {
    const { user, mail, messageId } = prepared;
    this.#options.threads.remember({
      user,
      messageId,
      hash: null,
      correspondent: reached.address,
      baseSubject: baseSubject(mail.subject).base,
      excerpt: excerptOf(mail.body),
      references: mail.references,
      time: now,
    });
  }
}

/** What would go back to where it came from could go round for ever; and who writes to the bridge itself has to log in. */
function refuseForServer(kind: Destination["kind"]): void {
  if (kind === "address" || kind === "broadcast") return;
  throw new SmtpError(550, "5.7.1", "Mail from other mail servers goes to Bitmessage addresses only");
}

/** RFC 5321 section 6.3: mail that has passed so many servers goes round in a circle. */
const MOST_HOPS = 50;

function refuseLoop(bytes: Uint8Array): void {
  const hops = findFields(parseMime(bytes), "received").length;
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
  return code === "SQLITE_FULL" || code === "ENOSPC" || code === "SQLITE_IOERR_WRITE";
}
