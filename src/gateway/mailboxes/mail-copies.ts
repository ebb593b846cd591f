import type { OutboxStore } from "../../bitmessage/messaging/ports.js";
import type { Address } from "../../bitmessage/protocol/address.js";
import { digestMessage } from "../../mail/imap/make-digest.js";
import type { HandoverStore } from "../handover/ports.js";
import type { MailboxId, MailboxStore, SubmissionStore } from "../ports.js";
import { isPending, keywordsOf, type Sending, stateKeywords } from "../reports/state-keywords.js";
import { CHANS, type Folders, IDENTITIES, INBOX, OUTBOX, SENT, SUBSCRIPTIONS } from "./mailboxes.js";

/** A mail that is being accepted. */
export interface AcceptedMail {
  readonly user: string;
  readonly messageId: string;
  readonly from: Address;
  readonly bytes: Uint8Array;
  /** Unix seconds. */
  readonly time: number;
  /** What it has become, as far as the caller has it at hand. */
  readonly sendings?: readonly Sending[];
}

/** A mail's copies in Sent and Outbox, and what they show. Everything within the running transaction. */
export interface MailCopies {
  /** Keeps the mail in Sent, unless the client has already put it there, and in Outbox while it is under way. */
  keep(mail: AcceptedMail): void;
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

  keep(mail: AcceptedMail): void {
    const { mailboxes, folders } = this.#options;
    const { user, messageId } = mail;
    const entries = this.#entries(user, messageId, mail.sendings ?? []);
    const keywords = keywordsOf(entries);
    const sent = folders.ensure(user, SENT);
    const own = this.#recent(sent, messageId, mail.time);
    const added = own.length > 0 ? null : this.#append(sent, mail, keywords);
    if (added === null) this.#show({ mailbox: sent, uids: own }, keywords);
    if (!entries.some(isPending)) return;
    const outbox = folders.ensure(user, OUTBOX);
    const shown = mailboxes.findByMessageId(outbox, messageId);
    if (shown.length > 0) this.#show({ mailbox: outbox, uids: shown }, keywords);
    else if (added === null) this.#append(outbox, mail, keywords);
    // One mail is kept once, in however many mailboxes it stands.
    else mailboxes.copy(sent, added, outbox);
  }

  refresh(user: string, messageId: string, changed: Sending): void {
    const { mailboxes, folders } = this.#options;
    const entries = this.#entries(user, messageId, [changed]);
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

  /** What all submissions of that mail have become; what is known of some of it stands before what is kept. */
  #entries(user: string, messageId: string, known: readonly Sending[]): Sending[] {
    const { submissions, outbox, handovers } = this.#options;
    const newer = new Map<string, Sending>(known.map((sending) => [sending.id, sending]));
    const relayed = handovers.relayed(user, messageId).map((handover) => newer.get(handover.id) ?? handover);
    const messages = submissions
      .listByMessageId(user, messageId)
      .flatMap((submission) => submission.recipients)
      .map(({ outboxId }) => newer.get(outboxId) ?? outbox.get(outboxId))
      .filter((entry) => entry !== null);
    const kept = [...messages, ...relayed];
    const ids = new Set(kept.map(({ id }) => id));
    return [...kept, ...known.filter(({ id }) => !ids.has(id))];
  }

  #recent(mailbox: MailboxId, messageId: string, now: number): number[] {
    const { mailboxes } = this.#options;
    const uids = mailboxes.findByMessageId(mailbox, messageId);
    if (uids.length === 0) return [];
    return mailboxes
      .records(mailbox, uids)
      .filter((record) => record.saveDate >= now - SAME_MAIL_WITHIN)
      .map((record) => record.uid);
  }

  #append(
    mailbox: MailboxId,
    mail: { readonly from: Address; readonly bytes: Uint8Array; readonly time: number },
    keywords: readonly string[],
  ): readonly number[] {
    const { from, bytes, time } = mail;
    const flags = ["\\Seen", ...keywords];
    const internalDate = { seconds: time, zone: 0 };
    const message = { bytes, flags, internalDate, digest: digestMessage(bytes) };
    return this.#options.mailboxes.append(mailbox, [message], from).uids;
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
