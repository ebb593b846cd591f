/** Brings along what users have in other programs: once each, however often it is tried. */
import { createHash } from "node:crypto";
import type { Outbox } from "../../bitmessage/messaging/outbox.js";
import type { IdentityStore, SubscriptionStore, Transactions } from "../../bitmessage/messaging/ports.js";
import type { PastSending, ReceivedMessage } from "../../bitmessage/messaging/types.js";
import type { Address } from "../../bitmessage/protocol/address.js";
import type { NewMessage } from "../../mail/imap/backend.js";
import { digestMessage } from "../../mail/imap/make-digest.js";
import type { AddressBook } from "../addresses.js";
import { receivingMailbox } from "../incoming/receiving-mailbox.js";
import type { MailCopies } from "../mailboxes/mail-copies.js";
import { type Folders, SENT, TRASH } from "../mailboxes/mailboxes.js";
import type { DeliveryLog, ImportLog, MailboxId, MailboxStore, SubmissionStore } from "../ports.js";
import type { GatewaySettings } from "../settings.js";
import { composeReceived, type OldReceived, readOldReceived } from "./old-received.js";
import {
  composeSent,
  draftOfOld,
  keywordOfStatus,
  type OldSent,
  pastOf,
  type ReadSent,
  readOldSent,
} from "./old-sent.js";

/** A mail as it is. */
export interface ImportedMail {
  /** Mailbox name with `/` between its levels. */
  readonly mailbox: string;
  readonly bytes: Uint8Array;
  readonly flags: readonly string[];
  /** Unix seconds; null: now. */
  readonly time: number | null;
}

export interface ImportCount {
  readonly added: number;
  /** Were there from an earlier run. */
  readonly known: number;
  /** Taken up where the other program left them. */
  readonly continued: number;
  readonly refused: readonly { readonly what: string; readonly reason: string }[];
}

export interface Importer {
  /** Each call is one transaction. */
  mails(user: string, mails: readonly ImportedMail[]): ImportCount;
  received(user: string, messages: readonly OldReceived[]): Promise<ImportCount>;
  sent(user: string, messages: readonly OldSent[]): Promise<ImportCount>;
}

export interface ImporterOptions {
  readonly mailboxes: MailboxStore;
  readonly folders: Folders;
  readonly identities: IdentityStore;
  readonly subscriptions: SubscriptionStore;
  readonly addresses: AddressBook;
  readonly deliveryLog: DeliveryLog;
  readonly importLog: ImportLog;
  readonly submissions: SubmissionStore;
  readonly copies: MailCopies;
  readonly outbox: Pick<Outbox, "enqueue">;
  readonly transactions: Transactions;
  readonly settings: GatewaySettings;
  /** Unix seconds. */
  readonly clock: () => number;
  /** A new random name. */
  readonly newId: () => string;
}

export function createImporter(options: ImporterOptions): Importer {
  return new StoredImporter(options);
}

interface ComposedSent extends ReadSent {
  readonly mail: Uint8Array;
  readonly messageId: string;
  /** Unix seconds. */
  readonly time: number;
}

class Tally {
  added = 0;
  known = 0;
  continued = 0;
  readonly refused: { what: string; reason: string }[] = [];
}

class StoredImporter implements Importer {
  readonly #options: ImporterOptions;

  constructor(options: ImporterOptions) {
    this.#options = options;
  }

  mails(user: string, mails: readonly ImportedMail[]): ImportCount {
    const tally = new Tally();
    this.#options.transactions.run(() => {
      for (const mail of mails) {
        const mailbox = this.#options.folders.ensure(user, mail.mailbox);
        const key = keyOf("mail", mail.mailbox, mail.bytes);
        this.#once(user, key, tally, () => this.#append(mailbox, mail, null));
      }
    });
    return tally;
  }

  received(user: string, messages: readonly OldReceived[]): Promise<ImportCount> {
    const { addresses, identities, settings } = this.#options;
    const isChan = (address: Address) => identities.get(user, address)?.chan === true;
    return this.#keepAll(messages, async (old, tally) => {
      const read = readOldReceived(old, { user, isChan });
      if ("reason" in read) return read;
      const { message } = read;
      const bytes = await composeReceived(message, { user, addresses, domain: settings.domain });
      return () => this.#addReceived(user, old, { message, bytes }, tally);
    });
  }

  sent(user: string, messages: readonly OldSent[]): Promise<ImportCount> {
    const { addresses, settings, clock } = this.#options;
    return this.#keepAll(messages, async (old, tally) => {
      const read = readOldSent(old);
      if ("reason" in read) return read;
      const name = keyOf(old.ackData, old.from, old.to, old.subject, old.body, String(old.time)).slice(0, 40);
      const messageId = `${name}@${settings.domain}`;
      const time = old.time === 0 ? clock() : old.time;
      const context = { user, addresses, messageId, domain: settings.domain, time };
      const mail = await composeSent(old, read, context);
      return () =>
        this.#once(user, keyOf("sent", name), tally, () =>
          this.#addSent(user, old, { ...read, mail, messageId, time }, tally),
        );
    });
  }

  /** Composes each mail, which takes its time, and then keeps all of them in one transaction. */
  async #keepAll<Old extends { readonly subject: string }>(
    messages: readonly Old[],
    compose: (old: Old, tally: Tally) => Promise<(() => void) | { readonly reason: string }>,
  ): Promise<ImportCount> {
    const tally = new Tally();
    const work: (() => void)[] = [];
    for (const old of messages) {
      const composed = await compose(old, tally);
      if (typeof composed === "function") work.push(composed);
      else tally.refused.push({ what: old.subject, reason: composed.reason });
    }
    this.#options.transactions.run(() => {
      for (const one of work) one();
    });
    return tally;
  }

  #addReceived(
    user: string,
    old: OldReceived,
    { message, bytes }: { readonly message: ReceivedMessage; readonly bytes: Uint8Array },
    tally: Tally,
  ): void {
    const { deliveryLog, folders } = this.#options;
    // It may have come over the network as well.
    if (deliveryLog.has(user, message.hash)) {
      tally.known += 1;
      return;
    }
    this.#once(user, keyOf("received", message.hash), tally, () => {
      const mailbox = old.trashed
        ? folders.ensure(user, TRASH)
        : receivingMailbox(message, user, this.#options);
      const identity = message.kind === "msg" && !message.chan ? message.to : null;
      const flags = old.seen ? ["\\Seen"] : [];
      this.#append(mailbox, { bytes, flags, time: message.received }, identity);
      deliveryLog.add(user, message.hash, message.received);
    });
  }

  #addSent(user: string, old: OldSent, read: ComposedSent, tally: Tally): void {
    const { folders, identities } = this.#options;
    const { time } = read;
    const past = old.folder === "sent" ? pastOf(old, time) : null;
    if (past !== null && identities.get(user, read.from)?.enabled) {
      this.#continue(user, old, { ...read, past });
      tally.continued += 1;
      return;
    }
    const name = old.folder === "trash" ? TRASH : old.folder === "draft" || past !== null ? "Drafts" : SENT;
    const flags = name === "Drafts" ? ["\\Seen", "\\Draft"] : ["\\Seen", ...keywordOfStatus(old.status)];
    this.#append(folders.ensure(user, name), { bytes: read.mail, flags, time }, read.from);
  }

  /** Goes on being sent, with the acknowledgement that it had, so that it is known when it has arrived already. */
  #continue(user: string, old: OldSent, read: ComposedSent & { readonly past: PastSending }): void {
    const { outbox, submissions, copies, newId, addresses } = this.#options;
    const { from, to, kind, mail: bytes, messageId, time, past } = read;
    const entry = outbox.enqueue(draftOfOld(old, read), past);
    const recipient = kind === "broadcast" ? from : to;
    submissions.add({
      id: newId(),
      user,
      messageId,
      from,
      subject: entry.subject,
      ret: "HDRS",
      envid: null,
      created: time,
      recipients: [
        {
          outboxId: entry.id,
          address: recipient,
          original: addresses.mailAddress(recipient),
          notify: null,
          orcpt: null,
        },
      ],
    });
    copies.keep({ user, messageId, from, bytes, time });
  }

  #once(user: string, key: string, tally: Tally, add: () => void): void {
    const { importLog } = this.#options;
    if (importLog.has(user, key)) {
      tally.known += 1;
      return;
    }
    add();
    importLog.add(user, key);
    tally.added += 1;
  }

  #append(mailbox: MailboxId, mail: Omit<ImportedMail, "mailbox">, identity: Address | null): void {
    const { bytes, flags, time } = mail;
    const internalDate = { seconds: time ?? this.#options.clock(), zone: 0 };
    const message: NewMessage = { bytes, flags, internalDate, digest: digestMessage(bytes) };
    this.#options.mailboxes.append(mailbox, [message], identity);
  }
}

function keyOf(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) {
    const bytes = typeof part === "string" ? Buffer.from(part) : part;
    hash.update(`${bytes.length} `).update(bytes);
  }
  return hash.digest("hex");
}
