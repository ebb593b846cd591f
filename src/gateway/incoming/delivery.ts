import type {
  ContactStore,
  IdentityStore,
  MessageSink,
  SubscriptionStore,
  Transactions,
} from "../../bitmessage/messaging/ports.js";
import type { ReceivedMessage } from "../../bitmessage/messaging/types.js";
import { toHex } from "../../bitmessage/protocol/bytes.js";
import type { Logger } from "../../logger.js";
import type { MessageDigest } from "../../mail/imap/digest.js";
import { digestMessage } from "../../mail/imap/make-digest.js";
import { baseSubject } from "../../mail/mime/base-subject.js";
import type { AddressBook } from "../addresses.js";
import type { Correspondents } from "../correspondents.js";
import { readMessageId, readMessageIds, referencesOfReply } from "../forms/message-ids.js";
import type { HandOn } from "../handover/received.js";
import { type Folders, JUNK } from "../mailboxes/mailboxes.js";
import type { DeliveryLog, MailboxId, MailboxStore, ThreadEntry, ThreadStore } from "../ports.js";
import type { GatewaySettings } from "../settings.js";
import type { MailingLists } from "./mailing-lists.js";
import { composeIncoming, type MailThread, readContent } from "./mapping.js";
import { excerptOf, quotedBlocks, quotedOf } from "./quotes.js";
import { receivingMailbox } from "./receiving-mailbox.js";

export interface DeliveryOptions {
  readonly addresses: AddressBook;
  readonly folders: Folders;
  readonly identities: IdentityStore;
  readonly subscriptions: SubscriptionStore;
  readonly contacts: Pick<ContactStore, "get">;
  readonly mailboxes: MailboxStore;
  readonly deliveryLog: DeliveryLog;
  readonly correspondents: Pick<Correspondents, "learn">;
  readonly threads: ThreadStore;
  /** To the delivery targets. */
  readonly handOn: HandOn;
  readonly mailingLists: Pick<MailingLists, "resend">;
  readonly transactions: Transactions;
  readonly settings: GatewaySettings;
  readonly log: Logger;
}

const MOST_REFERENCES = 50;
/** Messages among which the one that is quoted is looked for. */
const MOST_CANDIDATES = 100;

/** Brings received messages into mailboxes, once each (MAIL-MAPPING section 4). */
export function createDelivery(options: DeliveryOptions): MessageSink {
  return new Delivery(options);
}

interface ComposedMail {
  readonly user: string;
  readonly bytes: Uint8Array;
  readonly digest: MessageDigest;
  readonly thread: MailThread;
}

class Delivery implements MessageSink {
  readonly #options: DeliveryOptions;

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  async prepare(message: ReceivedMessage): Promise<() => void> {
    const mails: ComposedMail[] = [];
    for (const user of new Set(message.users)) {
      if (!this.#options.deliveryLog.has(user, message.hash)) mails.push(await this.#compose(message, user));
    }
    return () => {
      this.#options.transactions.run(() => {
        for (const mail of mails) this.#deliver(message, mail);
      });
    };
  }

  async #compose(message: ReceivedMessage, user: string): Promise<ComposedMail> {
    const { addresses, settings } = this.#options;
    const thread = this.#threadOf(message, user);
    const context = { user, addresses, domain: settings.domain, thread };
    const bytes = await composeIncoming(message, context);
    return { user, bytes, digest: digestMessage(bytes), thread };
  }

  #deliver(message: ReceivedMessage, { user, bytes, digest, thread }: ComposedMail): void {
    const { deliveryLog, mailboxes, threads, log } = this.#options;
    // Another delivery may have come first while this one was composed.
    if (deliveryLog.has(user, message.hash)) return;
    const internalDate = { seconds: message.received, zone: 0 };
    const identity = message.kind === "msg" ? message.to : null;
    const mail = [{ bytes, flags: [], internalDate, digest }];
    mailboxes.append(this.#mailboxFor(message, user), mail, identity);
    deliveryLog.add(user, message.hash, message.received);
    this.#options.correspondents.learn(message);
    if (!this.#isBlocked(message, user)) {
      this.#handOn(message, { user, bytes, digest, thread });
      this.#options.mailingLists.resend(message);
    }
    threads.remember({
      user,
      messageId: thread.messageId,
      hash: message.hash,
      correspondent: correspondentOf(message),
      baseSubject: baseSubject(readContent(message).subject).base,
      excerpt: excerptOf(readContent(message).body),
      references: thread.references,
      time: message.received,
    });
    log.debug("message delivered", { hash: message.hash });
  }

  #handOn(message: ReceivedMessage, { user, bytes, thread }: ComposedMail): void {
    this.#options.handOn({
      user,
      kind: message.chan ? "chan" : message.kind === "msg" ? "message" : "broadcast",
      address: message.to,
      sender: this.#options.addresses.mailAddress(message.from),
      subject: readContent(message).subject,
      messageId: thread.messageId,
      bytes,
    });
  }

  #isBlocked({ from }: ReceivedMessage, user: string): boolean {
    return this.#options.contacts.get(user, from)?.blocked ?? false;
  }

  #mailboxFor(message: ReceivedMessage, user: string): MailboxId {
    if (this.#isBlocked(message, user)) return this.#options.folders.ensure(user, JUNK);
    return receivingMailbox(message, user, this.#options);
  }

  #threadOf(message: ReceivedMessage, user: string): MailThread {
    const headers = message.content.kind === "text" ? message.content.headers : {};
    const own = `${message.hash}@${this.#options.settings.domain}`;
    const messageId = readMessageId(headers["message-id"] ?? "") ?? own;
    const inReplyTo = readMessageIds(headers["in-reply-to"] ?? "").slice(0, 5);
    const references = shortened(readMessageIds(headers["references"] ?? ""));
    if (inReplyTo.length > 0 || references.length > 0) {
      return { messageId, inReplyTo, references: references.length > 0 ? references : inReplyTo };
    }
    const parent = this.#parentByVector(message, user) ?? this.#parentByText(message, user);
    if (parent === null || parent.messageId === messageId)
      return { messageId, inReplyTo: [], references: [] };
    return { messageId, inReplyTo: [parent.messageId], references: referencesOfReply(parent) };
  }

  /** The newest of the messages that the sender names, among those we know. */
  #parentByVector(message: ReceivedMessage, user: string): ThreadEntry | null {
    const parents = message.content.kind === "text" ? message.content.parents : [];
    for (const parent of parents.slice(-20).reverse()) {
      const found = this.#options.threads.findByHash(user, toHex(parent));
      if (found !== null) return found;
    }
    return null;
  }

  /**
   * What PyBitmessage's answer is to: it sends nothing to tell that but its "Re:" (RFC 5256 section 3, REFERENCES step 5) and what it
   * quotes. An answer to a broadcast of ours comes from somebody with whom there is no conversation yet.
   */
  #parentByText(message: ReceivedMessage, user: string): ThreadEntry | null {
    const { threads } = this.#options;
    const { subject, body } = readContent(message);
    const { base, kind } = baseSubject(subject);
    const isSame = (entry: ThreadEntry) => kind === "reply" && base !== "" && entry.baseSubject === base;
    const blocks = quotedBlocks(body);
    for (const correspondent of new Set([correspondentOf(message), message.to])) {
      const known = blocks.length === 0 ? [] : threads.newest(user, correspondent, MOST_CANDIDATES);
      const quoted = (what: "beginning" | "passage") =>
        known.filter((entry) => quotedOf(entry.excerpt, blocks) === what);
      const whole = quoted("beginning");
      const found = whole.find(isSame) ?? whole[0] ?? oldest(quoted("passage"), isSame);
      if (found !== undefined) return found;
      const bySubject = kind === "reply" && base !== "" && threads.findBySubject(user, correspondent, base);
      if (bySubject) return bySubject;
    }
    return null;
  }
}

/** A passage comes from the oldest that has it; the others quote it. */
function oldest(
  entries: readonly ThreadEntry[],
  isSame: (entry: ThreadEntry) => boolean,
): ThreadEntry | undefined {
  return entries.findLast(isSame) ?? entries.at(-1);
}

/** Of very many the first, which all of a thread have, and the last. */
function shortened(references: readonly string[]): readonly string[] {
  return references.length <= MOST_REFERENCES
    ? references
    : [...references.slice(0, 1), ...references.slice(1 - MOST_REFERENCES)];
}

/** Whom the conversation is with: a chan's members count as one. */
function correspondentOf(message: ReceivedMessage): ReceivedMessage["from"] {
  return message.chan ? message.to : message.from;
}
