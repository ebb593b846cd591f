/** A user's sent messages: what PyBitmessage keeps in its table sent. An entry of the outbox is one row; its mail tells in which folder it is. */
import { createHash } from "node:crypto";
import type { OutboxEntry, OutboxId } from "../../bitmessage/messaging/types.js";
import { concatBytes, fromHex, toHex } from "../../bitmessage/protocol/bytes.js";
import { decodeContent } from "../../bitmessage/protocol/content.js";
import { ProtocolError } from "../../bitmessage/protocol/errors.js";
import { BROADCAST_SUBSCRIBERS } from "../../gateway/importing/old-received.js";
import { createMailCopies, type MailCopies } from "../../gateway/mailboxes/mail-copies.js";
import { SENT, TRASH } from "../../gateway/mailboxes/mailboxes.js";
import type { MailboxId, Submission } from "../../gateway/ports.js";
import type { Stores } from "../../store/stores.js";
import type { Services } from "../services.js";

export interface SentEntry {
  readonly entry: OutboxEntry;
  readonly submission: Submission;
}

export class SentMail {
  readonly copies: MailCopies;
  /** Ids by message id and ackdata, as far as they have been looked for: programs ask for the same again and again. */
  #ids = new Map<string, OutboxId>();

  constructor(
    private readonly stores: Stores,
    private readonly services: Pick<Services, "folders" | "messaging">,
  ) {
    this.copies = createMailCopies({ ...stores, folders: services.folders });
  }

  /** Those whose mail is neither in Trash nor deleted, by the time of their last change. */
  list(user: string): SentEntry[] {
    return this.#all(user)
      .filter((sent) => this.#placeOf(user, sent) === "sent")
      .sort((a, b) => a.entry.changed - b.entry.changed);
  }

  /** All, with the place of the mail, by the time when they were accepted. */
  listWithPlaces(user: string): (SentEntry & { readonly place: "sent" | "trash" | "deleted" })[] {
    return this.#all(user)
      .map((sent) => ({ ...sent, place: this.#placeOf(user, sent) }))
      .sort((a, b) => a.entry.created - b.entry.created);
  }

  /** Also in Trash. */
  findById(user: string, id: string): SentEntry | null {
    return this.#find(user, id, messageIdsOf);
  }

  /** Also in Trash. */
  findByAckData(user: string, ackData: string): SentEntry | null {
    return this.#find(user, ackData, ackDatasOf);
  }

  /** Moves the mail to Trash; what has not gone out is not sent, and nothing is sent again. */
  trash(user: string, { entry, submission }: SentEntry): void {
    const { mailboxes, transactions } = this.stores;
    const { folders, messaging } = this.services;
    transactions.run(() => {
      messaging.outbox.cancel(entry.id);
      const sent = folders.find(user, SENT);
      const uids = sent === null ? [] : mailboxes.findByMessageId(sent, submission.messageId);
      if (sent !== null && uids.length > 0) mailboxes.move(sent, uids, folders.ensure(user, TRASH), null);
    });
  }

  /** Empties Trash, and forgets what was sent with mail that is in it. */
  emptyTrash(user: string): void {
    const { mailboxes, outbox, reports, submissions, transactions } = this.stores;
    const { folders, messaging } = this.services;
    transactions.run(() => {
      const trashed = this.#all(user).filter((sent) => this.#placeOf(user, sent) === "trash");
      for (const { entry, submission } of trashed) {
        messaging.outbox.cancel(entry.id);
        outbox.remove(entry.id);
        reports.forget(entry.id);
        submissions.remove(submission.id);
      }
      const trash = folders.find(user, TRASH);
      if (trash !== null) mailboxes.expunge(trash, "all", "any", null);
    });
  }

  #find(user: string, name: string, namesOf: (entry: OutboxEntry) => readonly string[]): SentEntry | null {
    const known = this.#named(user, name, namesOf);
    if (known !== null) return known;
    const all = this.stores.outbox.list({});
    this.#ids = new Map(
      all.flatMap((entry) => [...messageIdsOf(entry), ...ackDatasOf(entry)].map((one) => [one, entry.id])),
    );
    return this.#named(user, name, namesOf);
  }

  #named(user: string, name: string, namesOf: (entry: OutboxEntry) => readonly string[]): SentEntry | null {
    const id = this.#ids.get(name);
    const entry = id === undefined ? null : this.stores.outbox.get(id);
    return entry !== null && namesOf(entry).includes(name) ? this.#owned(user, entry) : null;
  }

  #all(user: string): SentEntry[] {
    return this.stores.outbox
      .list({})
      .map((entry) => this.#owned(user, entry))
      .filter((sent) => sent !== null);
  }

  #owned(user: string, entry: OutboxEntry): SentEntry | null {
    const submission = this.stores.submissions.findByOutboxId(entry.id);
    return submission?.user === user ? { entry, submission } : null;
  }

  #placeOf(user: string, { submission: { messageId } }: SentEntry): "sent" | "trash" | "deleted" {
    const { folders } = this.services;
    if (this.#holds(folders.find(user, SENT), messageId)) return "sent";
    if (this.#holds(folders.find(user, TRASH), messageId)) return "trash";
    return this.copies.read(user, messageId) === null ? "deleted" : "sent";
  }

  #holds(mailbox: MailboxId | null, messageId: string): boolean {
    return mailbox !== null && this.stores.mailboxes.findByMessageId(mailbox, messageId).length > 0;
  }
}

/** The inventory hash, and before there is one a name that is as long; both are found later. */
function messageIdsOf({ id, inventoryHash }: OutboxEntry): string[] {
  const provisional = createHash("sha256").update(`message ${id}`).digest("hex");
  return inventoryHash === null ? [provisional] : [inventoryHash, provisional];
}

export function messageIdOf(entry: OutboxEntry): string {
  return messageIdsOf(entry)[0] ?? "";
}

/** Type, version and stream of an acknowledgement (PROTOCOL.md section 15). */
const ACK_HEAD = fromHex("000000020101");

/** A mail's message has its ackdata from when it is first worked on; until then, and when it has none, a name that is as long. */
function ackDatasOf({ id, ackData }: OutboxEntry): string[] {
  const hash = createHash("sha256").update(`ackdata ${id}`).digest();
  const provisional = toHex(concatBytes(ACK_HEAD, hash));
  return ackData === null ? [provisional] : [toHex(ackData), provisional];
}

export function ackDataOf(entry: OutboxEntry): string {
  return ackDatasOf(entry)[0] ?? "";
}

/** PyBitmessage's words (PROTOCOL.md section 16.1). */
export function statusOf(entry: OutboxEntry): string {
  const isMsg = entry.kind === "msg";
  switch (entry.state) {
    case "queued":
      return isMsg ? "msgqueued" : "broadcastqueued";
    case "awaiting-pubkey":
      return entry.pubkeyRequests === 0 ? "doingpubkeypow" : "awaitingpubkey";
    case "proof-of-work":
      return isMsg ? "doingmsgpow" : "doingbroadcastpow";
    case "sent":
      if (!isMsg) return "broadcastsent";
      return entry.awaitsAcknowledgement ? "msgsent" : "msgsentnoackexpected";
    case "acknowledged":
      return "ackreceived";
    case "cancelled":
      // There is no word for it: to PyBitmessage such a message is one that is not there.
      return "notfound";
    case "failed":
      if (entry.failure === "too-difficult") return "toodifficult";
      // What it gives up stays as it was.
      if (entry.failure === "given-up") return entry.attempts > 0 ? "msgsent" : "awaitingpubkey";
      return "badkey";
  }
}

/** Who gets it, in PyBitmessage's words. */
export function recipientOf({ kind, to }: OutboxEntry): string {
  return kind === "broadcast" ? BROADCAST_SUBSCRIBERS : to;
}

export function textOf({ encoding, content }: OutboxEntry): string {
  try {
    const decoded = decodeContent(encoding, content);
    return decoded.kind === "content" ? decoded.body : "";
  } catch (error) {
    if (error instanceof ProtocolError) return "";
    throw error;
  }
}
