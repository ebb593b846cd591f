import type { OutboxStore } from "../bitmessage/messaging/ports.js";
import type { Address } from "../bitmessage/protocol/address.js";
import { digestMessage } from "../mail/imap/make-digest.js";
import type { HandoverStore } from "./handover/ports.js";
import { CHANS, type Folders, IDENTITIES, INBOX, OUTBOX, SENT, SUBSCRIPTIONS } from "./mailboxes.js";
import type { MailboxId, MailboxStore, SubmissionStore } from "./ports.js";
import { isPending, keywordsOf, type Sending, stateKeywords } from "./state-keywords.js";

/** A mail's copies in Sent and Outbox, and what they show. Everything within the running transaction. */
export interface MailCopies {
  /** Keeps the mail in Sent, unless the client has already put it there, and in Outbox while it is under way. */
  keep(mail: {
    readonly user: string;
    readonly messageId: string;
    readonly from: Address;
    readonly bytes: Uint8Array;
    readonly time: number;
  }): void;
  /** Makes the copies show the states of all that the mail has become; `changed` is newer than what the store may hold. */
  refresh(user: string, messageId: string, changed: Sending): void;
  /** The octets of a sent mail, or null when the user has deleted it. */
  read(user: string, messageId: string): Uint8Array | null;
}

export interface MailCopiesOptions {
  readonly mailboxes: MailboxStore;
  readonly submissions: SubmissionStore;
  readonly outbox: OutboxStore;
  readonly handovers: Pick<HandoverStore, "relayed">;
  readonly folders: Folders;
}

/** Seconds within which the client's own copy in Sent and the submission belong together (MAIL-MAPPING section 7). */
export const SAME_MAIL_WITHIN = 3600;

export function createMailCopies(options: MailCopiesOptions): MailCopies {
  return new StoredMailCopies(options);
}

interface Copy {
  readonly mailbox: MailboxId;
  readonly uids: readonly number[];
}

class StoredMailCopies implements MailCopies {
  readonly #options: MailCopiesOptions;

  constructor(options: MailCopiesOptions) {
    this.#options = options;
  }

  keep(mail: {
    readonly user: string;
    readonly messageId: string;
    readonly from: Address;
    readonly bytes: Uint8Array;
    readonly time: number;
  }): void {
    const { mailboxes, folders } = this.#options;
    const entries = this.#entries(mail.user, mail.messageId, null);
    const keywords = keywordsOf(entries);
    const sent = folders.ensure(mail.user, SENT);
    const own = this.#recent(sent, mail.messageId, mail.time);
    if (own.length > 0) this.#show({ mailbox: sent, uids: own }, keywords);
    else this.#append(sent, mail, keywords);
    if (!entries.some(isPending)) return;
    const outbox = folders.ensure(mail.user, OUTBOX);
    const shown = mailboxes.findByMessageId(outbox, mail.messageId);
    if (shown.length > 0) this.#show({ mailbox: outbox, uids: shown }, keywords);
    else this.#append(outbox, mail, keywords);
  }

  refresh(user: string, messageId: string, changed: Sending): void {
    const { mailboxes, folders } = this.#options;
    const entries = this.#entries(user, messageId, changed);
    const keywords = keywordsOf(entries);
    const sent = this.#findSent(user, messageId);
    if (sent !== null) this.#show(sent, keywords);
    const outbox = mailboxes.find(user, OUTBOX);
    const uids = outbox === null ? [] : mailboxes.findByMessageId(outbox, messageId);
    if (entries.some(isPending)) {
      if (outbox !== null && uids.length > 0) this.#show({ mailbox: outbox, uids }, keywords);
    } else if (outbox !== null && uids.length > 0) mailboxes.expunge(outbox, uids, "any", null);
    if ((changed.state === "queued" || changed.state === "waiting") && uids.length === 0 && sent !== null) {
      // Sent again after it had ended: it is back on its way.
      const copied = mailboxes.copy(sent.mailbox, sent.uids.slice(-1), folders.ensure(user, OUTBOX));
      const copy = { mailbox: folders.ensure(user, OUTBOX), uids: copied.destinationUids };
      this.#show(copy, keywords);
    }
  }

  read(user: string, messageId: string): Uint8Array | null {
    const sent = this.#findSent(user, messageId);
    const uid = sent?.uids.at(-1);
    return sent === null || uid === undefined ? null : this.#options.mailboxes.read(sent.mailbox, uid);
  }

  /** What all submissions of that mail have become. */
  #entries(user: string, messageId: string, newer: Sending | null): Sending[] {
    const { submissions, outbox, handovers } = this.#options;
    const relayed = handovers
      .relayed(user, messageId)
      .map((handover) => (newer?.id === handover.id ? newer : handover));
    const messages = submissions
      .listByMessageId(user, messageId)
      .flatMap((submission) => submission.recipients)
      .map(({ outboxId }) => (newer?.id === outboxId ? newer : outbox.get(outboxId)))
      .filter((entry) => entry !== null);
    return [...messages, ...relayed];
  }

  #recent(mailbox: MailboxId, messageId: string, now: number): number[] {
    const { mailboxes } = this.#options;
    return mailboxes
      .records(mailbox, mailboxes.findByMessageId(mailbox, messageId))
      .filter((record) => record.saveDate >= now - SAME_MAIL_WITHIN)
      .map((record) => record.uid);
  }

  #append(
    mailbox: MailboxId,
    mail: { readonly from: Address; readonly bytes: Uint8Array; readonly time: number },
    keywords: readonly string[],
  ): void {
    const { from, bytes, time } = mail;
    const flags = ["\\Seen", ...keywords];
    const internalDate = { seconds: time, zone: 0 };
    const message = { bytes, flags, internalDate, digest: digestMessage(bytes) };
    this.#options.mailboxes.append(mailbox, [message], from);
  }

  #show(copy: Copy, keywords: readonly string[]): void {
    const { mailboxes } = this.#options;
    const past = stateKeywords.filter((keyword) => !keywords.includes(keyword));
    mailboxes.store(copy.mailbox, copy.uids, { action: "remove", flags: past }, null);
    if (keywords.length > 0)
      mailboxes.store(copy.mailbox, copy.uids, { action: "add", flags: keywords }, null);
  }

  /** In Sent, else where the user has filed it; never a copy that came in by itself. */
  #findSent(user: string, messageId: string): Copy | null {
    const { mailboxes, folders } = this.#options;
    const sent = this.#findIn(folders.find(user, SENT), messageId);
    if (sent !== null) return sent;
    for (const { name, selectable } of mailboxes.list(user)) {
      const found =
        selectable && !isIncoming(name) ? this.#findIn(mailboxes.find(user, name), messageId) : null;
      if (found !== null) return found;
    }
    return null;
  }

  #findIn(mailbox: MailboxId | null, messageId: string): Copy | null {
    const uids = mailbox === null ? [] : this.#options.mailboxes.findByMessageId(mailbox, messageId);
    return mailbox === null || uids.length === 0 ? null : { mailbox, uids };
  }
}

function isIncoming(name: string): boolean {
  const top = name.split("/", 1)[0];
  return name === INBOX || name === OUTBOX || top === CHANS || top === SUBSCRIPTIONS || top === IDENTITIES;
}
