import type { Outbox } from "../../bitmessage/messaging/outbox.js";
import type { Transactions } from "../../bitmessage/messaging/ports.js";
import type {
  AppendResult,
  CopyResult,
  ExpungeResult,
  FlagChange,
  MailboxListener,
  MailboxSnapshot,
  MailboxUpdate,
  MessageRecord,
  NewMessage,
  OpenMailbox,
  RecordPart,
  StoreResult,
} from "../../mail/imap/backend.js";
import { ImapError } from "../../mail/imap/error.js";
import { messageIdOf } from "../forms/stored-mail.js";
import type { HandoverStore } from "../handover/ports.js";
import type { HandoverQueue } from "../handover/queue.js";
import type { MailboxId, MailboxStore, MailboxWatcher, SubmissionStore } from "../ports.js";
import { stateKeywords } from "../reports/state-keywords.js";
import type { Junk } from "./junk.js";
import { OUTBOX } from "./mailboxes.js";

export interface OpenMailboxOptions {
  readonly user: string;
  readonly mailbox: MailboxId;
  readonly name: string;
  readonly listener: MailboxListener;
  readonly access: "read-write" | "read-only";
  /** Appends as a client does, within the running transaction. */
  readonly append: (destination: MailboxId, messages: readonly NewMessage[]) => AppendResult;
  /** Called once, when the mailbox is closed. */
  readonly onClose: () => void;
  readonly mailboxes: MailboxStore;
  readonly submissions: SubmissionStore;
  readonly junk: Junk;
  readonly outbox: Pick<Outbox, "cancel">;
  readonly handovers: Pick<HandoverStore, "relayed">;
  readonly handoverQueue: Pick<HandoverQueue, "cancel">;
  readonly transactions: Transactions;
}

/** A mailbox that a session has selected. In the Outbox, what is removed is cancelled. */
export function createOpenMailbox(options: OpenMailboxOptions): OpenMailbox {
  return options.name === OUTBOX ? new OpenOutbox(options) : new OpenStoredMailbox(options);
}

class OpenStoredMailbox implements OpenMailbox, MailboxWatcher {
  readonly snapshot: MailboxSnapshot;
  #leave: (() => void) | null;

  constructor(protected readonly options: OpenMailboxOptions) {
    const { mailboxes, mailbox, access } = options;
    this.#leave = mailboxes.subscribe(mailbox, this, access);
    this.snapshot = mailboxes.snapshot(mailbox, access);
  }

  update(update: MailboxUpdate): void {
    this.options.listener(update);
  }

  async records<Part extends RecordPart>(
    uids: readonly number[],
    parts: readonly Part[],
  ): Promise<readonly MessageRecord<Part>[]> {
    return this.options.mailboxes.records(this.options.mailbox, uids, parts);
  }

  async read(uid: number): Promise<Uint8Array | null> {
    return this.options.mailboxes.read(this.options.mailbox, uid);
  }

  async store(uids: readonly number[], change: FlagChange): Promise<StoreResult> {
    return this.options.mailboxes.store(this.options.mailbox, uids, change, this);
  }

  async expunge(uids: readonly number[] | "all", condition: "deleted-only" | "any"): Promise<ExpungeResult> {
    return this.options.transactions.run(() => this.remove(uids, condition));
  }

  async copy(uids: readonly number[], destination: string): Promise<CopyResult | null> {
    const target = this.destination(destination);
    return target === null
      ? null
      : this.filed(target, () => this.options.mailboxes.copy(this.options.mailbox, uids, target));
  }

  async move(uids: readonly number[], destination: string): Promise<(CopyResult & ExpungeResult) | null> {
    const target = this.destination(destination);
    return target === null
      ? null
      : this.filed(target, () => this.options.mailboxes.move(this.options.mailbox, uids, target, this));
  }

  async replace(
    uid: number,
    destination: string,
    message: NewMessage,
  ): Promise<(AppendResult & ExpungeResult) | null> {
    const { append, transactions } = this.options;
    const target = this.destination(destination);
    if (target === null) return null;
    return transactions.run(() => {
      // First, lest the old message be taken for the copy that stands for the new one.
      const removed = this.remove([uid], "any");
      if (removed.expunged.length === 0)
        throw new ImapError("NO", "EXPUNGEISSUED", "The message to be replaced is gone.");
      return { ...append(target, [message]), ...removed };
    });
  }

  async vanishedSince(modSeq: number): Promise<readonly number[] | null> {
    return this.options.mailboxes.vanishedSince(this.options.mailbox, modSeq);
  }

  forgetExpunged(): void {
    this.options.mailboxes.told(this.options.mailbox, this);
  }

  close(): void {
    const leave = this.#leave;
    if (leave === null) return;
    this.#leave = null;
    leave();
    this.options.onClose();
  }

  /** In one transaction with what filing it means. */
  protected filed<Result extends CopyResult>(to: MailboxId, work: () => Result): Result {
    const { junk, transactions, user, mailbox: from } = this.options;
    return transactions.run((): CopyResult => {
      const result = work();
      junk.filed({ user, from, to, uids: result.destinationUids });
      return result;
    }) as Result;
  }

  /** Within a transaction. */
  protected remove(uids: readonly number[] | "all", condition: "deleted-only" | "any"): ExpungeResult {
    return this.options.mailboxes.expunge(this.options.mailbox, uids, condition, this);
  }

  protected destination(name: string): MailboxId | null {
    if (name === OUTBOX)
      throw new ImapError("NO", "CANNOT", "The Outbox shows what is being sent; send the mail instead.");
    return this.options.mailboxes.find(this.options.user, name);
  }
}

/** MAIL-MAPPING section 5: deleting a mail from the Outbox, or moving it elsewhere, cancels its sending. */
class OpenOutbox extends OpenStoredMailbox {
  protected override remove(
    uids: readonly number[] | "all",
    condition: "deleted-only" | "any",
  ): ExpungeResult {
    const mails = this.#messageIds(uids === "all" ? this.#present() : uids);
    const result = super.remove(uids, condition);
    this.#cancel(mails, result.expunged);
    return result;
  }

  override async move(
    uids: readonly number[],
    destination: string,
  ): Promise<(CopyResult & ExpungeResult) | null> {
    const { mailboxes, mailbox, transactions } = this.options;
    const target = this.destination(destination);
    if (target === null) return null;
    return transactions.run(() => {
      const mails = this.#messageIds(uids);
      const result = mailboxes.move(mailbox, uids, target, this);
      // What becomes of the mail is shown in Sent; nobody would keep it up to date here.
      const change: FlagChange = { action: "remove", flags: stateKeywords };
      mailboxes.store(target, result.destinationUids, change, null);
      this.#cancel(mails, result.expunged);
      return result;
    });
  }

  #present(): number[] {
    const { mailboxes, mailbox } = this.options;
    return mailboxes.snapshot(mailbox, "read-only").messages.map((message) => message.uid);
  }

  #messageIds(uids: readonly number[]): Map<number, string> {
    const { mailboxes, mailbox } = this.options;
    const ids = new Map<number, string>();
    for (const uid of uids) {
      const bytes = mailboxes.read(mailbox, uid);
      const id = bytes === null ? null : messageIdOf(bytes);
      if (id !== null) ids.set(uid, id);
    }
    return ids;
  }

  #cancel(mails: ReadonlyMap<number, string>, expunged: readonly number[]): void {
    const { submissions, outbox, handovers, handoverQueue, user } = this.options;
    for (const uid of expunged) {
      const id = mails.get(uid);
      const relayed = id === undefined ? [] : handovers.relayed(user, id);
      for (const handover of relayed) handoverQueue.cancel(handover.id);
      const recipients =
        id === undefined ? [] : submissions.listByMessageId(user, id).flatMap((one) => one.recipients);
      for (const { outboxId } of recipients) outbox.cancel(outboxId);
    }
  }
}
