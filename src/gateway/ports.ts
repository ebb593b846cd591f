/** What the gateway needs from the store. Synchronous, so that mail and messages share a transaction. */
import type { OutboxId } from "../bitmessage/messaging/types.js";
import type { Address } from "../bitmessage/protocol/address.js";
import type {
  AppendResult,
  CopyResult,
  ExpungeResult,
  FlagChange,
  MailboxInfo,
  MailboxListChange,
  MailboxSnapshot,
  MailboxStatus,
  MailboxUpdate,
  MessageRecord,
  NewMessage,
  RecordPart,
  SpecialUse,
  StoreResult,
} from "../mail/imap/backend.js";

export type MailboxId = number & { readonly __brand: "MailboxId" };

/** What a mailbox is for, under whatever name: the mail of a chan, of a broadcaster, or of one of the user's identities. */
export interface MailboxPurpose {
  readonly kind: "chan" | "subscription" | "identity";
  readonly address: Address;
}

/**
 * The mailboxes of all users; the message store. UIDs, UIDVALIDITY and MODSEQ never repeat, the bytes under a UID never change.
 * Every method may be called within a transaction. Who has subscribed is told after the commit.
 */
export interface MailboxStore {
  list(user: string): readonly MailboxInfo[];
  /** The mailbox of that exact name (INBOX in capitals), or null. */
  find(user: string, name: string): MailboxId | null;
  nameOf(mailbox: MailboxId): string;
  /** The mailbox that is for that, or null. */
  findByPurpose(user: string, purpose: MailboxPurpose): MailboxId | null;
  purposeOf(mailbox: MailboxId): MailboxPurpose | null;
  /** From now on this mailbox is for that, and no other one. */
  setPurpose(mailbox: MailboxId, purpose: MailboxPurpose | null): void;
  /** Makes it and missing parents. Throws ImapError NO [ALREADYEXISTS]. */
  create(
    user: string,
    name: string,
    options: { readonly specialUse?: SpecialUse; readonly subscribed?: "subscribed" },
  ): MailboxId;
  remove(user: string, name: string): void;
  rename(user: string, from: string, to: string): void;
  subscriptions(user: string): readonly string[];
  setSubscription(user: string, name: string, state: "subscribed" | "unsubscribed"): void;
  status(mailbox: MailboxId): MailboxStatus;
  /** `claimRecent`: the snapshot's \Recent messages are not recent to later sessions. */
  snapshot(mailbox: MailboxId, access: "read-write" | "read-only"): MailboxSnapshot;
  /** With at least those parts; all of them when none are named. */
  records<Part extends RecordPart = RecordPart>(
    mailbox: MailboxId,
    uids: readonly number[],
    parts?: readonly Part[],
  ): readonly MessageRecord<Part>[];
  read(mailbox: MailboxId, uid: number): Uint8Array | null;
  /** `identity`: whose mail they and their copies are, for logins with that identity alone. */
  append(mailbox: MailboxId, messages: readonly NewMessage[], identity?: Address | null): AppendResult;
  /** Which messages, from that UID on, are mail of that identity; ascending. */
  ofIdentity(mailbox: MailboxId, identity: Address, fromUid: number): readonly SizedMessage[];
  /** `origin` is not told of the change. */
  store(
    mailbox: MailboxId,
    uids: readonly number[],
    change: FlagChange,
    origin: MailboxWatcher | null,
  ): StoreResult;
  expunge(
    mailbox: MailboxId,
    uids: readonly number[] | "all",
    condition: "deleted-only" | "any",
    origin: MailboxWatcher | null,
  ): ExpungeResult;
  copy(mailbox: MailboxId, uids: readonly number[], destination: MailboxId): CopyResult;
  move(
    mailbox: MailboxId,
    uids: readonly number[],
    destination: MailboxId,
    origin: MailboxWatcher | null,
  ): CopyResult & ExpungeResult;
  vanishedSince(mailbox: MailboxId, modSeq: number): readonly number[] | null;
  /** UIDs of messages with this Message-ID (without angle brackets), ascending. */
  findByMessageId(mailbox: MailboxId, messageId: string): readonly number[];
  /**
   * A subscribed watcher hears of changes after their commit, and keeps expunged messages readable until it leaves or is `told`. Of those
   * with `read-write` (the default) the first has new messages as \Recent, and no later session has.
   */
  subscribe(mailbox: MailboxId, watcher: MailboxWatcher, access?: "read-write" | "read-only"): () => void;
  /** Whom the watcher stands for knows of all that has been expunged so far. */
  told(mailbox: MailboxId, watcher: MailboxWatcher): void;
  watch(user: string, listener: (change: MailboxListChange) => void): () => void;
  /** Every mailbox of that user, INBOX too, with all mail and subscriptions. */
  removeUser(user: string): void;
}

export interface SizedMessage {
  readonly uid: number;
  /** Octets. */
  readonly size: number;
}

export interface MailboxWatcher {
  update(update: MailboxUpdate): void;
}

/** A local login. */
export interface User {
  readonly name: string;
  /** scrypt parameters, salt and hash in one text. */
  readonly passwordHash: string;
  /** Unix seconds. */
  readonly created: number;
}

export interface UserStore {
  list(): readonly User[];
  get(name: string): User | null;
  save(user: User): void;
  remove(name: string): void;
}

/** A mail that was accepted for sending, and the outbox entries it became. */
export interface Submission {
  /** The queue id told to the client. */
  readonly id: string;
  readonly user: string;
  /** Without angle brackets. */
  readonly messageId: string;
  readonly from: Address;
  readonly subject: string;
  readonly ret: "FULL" | "HDRS";
  readonly envid: string | null;
  /** Unix seconds. */
  readonly created: number;
  readonly recipients: readonly SubmissionRecipient[];
}

export interface SubmissionRecipient {
  readonly outboxId: OutboxId;
  readonly address: Address;
  /** As the client wrote it. */
  readonly original: string;
  readonly notify: readonly string[] | null;
  readonly orcpt: string | null;
}

export interface SubmissionStore {
  add(submission: Submission): void;
  get(id: string): Submission | null;
  findByOutboxId(id: OutboxId): Submission | null;
  /** Newest first, submitted by the user at or after this time (Unix seconds). */
  findByMessageId(user: string, messageId: string, since: number): Submission | null;
  /** All of that user with that Message-ID, oldest first: some clients submit one mail in several transactions. */
  listByMessageId(user: string, messageId: string): readonly Submission[];
  remove(id: string): void;
  /** Ids of those that became no outbox entries, submitted before that time (Unix seconds), oldest first. */
  withoutRecipients(before: number, limit: number): readonly string[];
  /** Forgets all of that user; returns the outbox entries they became. */
  removeUser(user: string): readonly OutboxId[];
}

export type ReportKind = "delivered" | "delayed" | "failed";

/** Delivery status reports that are due and not yet in the INBOX; written with the change of state that calls for them. */
export interface ReportStore {
  add(report: { readonly outboxId: OutboxId; readonly kind: ReportKind; readonly time: number }): void;
  pending(): readonly {
    readonly id: number;
    readonly outboxId: OutboxId;
    readonly kind: ReportKind;
    readonly time: number;
  }[];
  remove(id: number): void;
  /** Forgets all about an entry. */
  forget(outboxId: OutboxId): void;
  /** Whether a report of that kind was ever added for the entry. */
  has(outboxId: OutboxId, kind: ReportKind): boolean;
}

/** Which inventory hashes have been delivered to whom: deliveries are idempotent by it. */
export interface DeliveryLog extends Retained {
  has(user: string, hash: string): boolean;
  add(user: string, hash: string, time: number): void;
  removeUser(user: string): void;
}

/** Durable changes that share the wait for the disk. */
export interface GroupCommits {
  /**
   * Runs the work in a transaction soon, with others; resolves with its result when that is on disk. What throws leaves nothing.
   * @param coming how many more are about to come, as far as is known: for these the transaction waits a moment
   */
  together<T>(work: () => T extends Promise<unknown> ? never : T, coming?: number): Promise<T>;
}

/** What users have brought along from other programs, so that a second run adds nothing. */
export interface ImportLog {
  has(user: string, key: string): boolean;
  add(user: string, key: string): void;
  removeUser(user: string): void;
}

/** What is kept for a time. */
export interface Retained {
  /** Removes the oldest from before a time (Unix seconds), at most so many; returns how many. */
  removeBefore(time: number, limit: number): number;
}

/** Notes of which UIDs were expunged when, for clients that come back (RFC 7162 section 3.2.6). */
export interface ExpungedNotes {
  /**
   * Forgets the oldest of a mailbox that has more than `keep`, at most so many; returns how many. Whoever was away longer is told all UIDs
   * that are not there.
   */
  forgetOldest(keep: number, limit: number): number;
}

/** Outbox entries for which nothing is to be done any more. */
export interface EndedEntries {
  /** Those that changed last before a time (Unix seconds), in that order. */
  endedBefore(time: number, page: { readonly offset: number; readonly limit: number }): readonly OutboxId[];
}

/** Automatic answers that users have sent. */
export interface AutomaticAnswerLog extends Retained {
  /** @param correspondent a Bitmessage address or a mail address */
  add(user: string, correspondent: string, time: number): void;
  /** How many after that time (Unix seconds). */
  countAfter(user: string, correspondent: string, time: number): number;
  removeUser(user: string): void;
}

/** How files reach a correspondent's program. */
export type Capability = "extended" | "inline";

/** Of everybody on the network, whoever has learned it. */
export interface CapabilityStore {
  get(address: Address): Capability | null;
  set(address: Address, capability: Capability): void;
}

/** What a user wants for messages to one address; null where nothing is set. */
export interface Preference {
  readonly attachments: Capability | "refuse" | null;
  readonly encoding: "trivial" | "simple" | "extended" | null;
  /** Trials; 0 for no limit. */
  readonly maximumWork: number | null;
}

export interface PreferenceStore {
  get(user: string, address: Address): Preference | null;
  set(user: string, address: Address, preference: Preference): void;
  remove(user: string, address: Address): void;
  removeUser(user: string): void;
}

/** Message-IDs and the inventory hashes they travelled under, for threads. */
export interface ThreadStore extends Retained {
  /** Adds it; replaces one with the same user, Message-ID and correspondent. One that had another hash is still found by that (a message sent again). */
  remember(entry: ThreadEntry): void;
  findByMessageId(user: string, messageId: string): ThreadEntry | null;
  findByHash(user: string, hash: string): ThreadEntry | null;
  /** The newest one between those two with that base subject (RFC 5256 section 2.1), or null. */
  findBySubject(user: string, correspondent: string, baseSubject: string): ThreadEntry | null;
  /** Those between the two, newest first, at most so many. */
  newest(user: string, correspondent: string, limit: number): readonly ThreadEntry[];
  /** Distinct correspondents of the user, in no order. */
  correspondents(user: string): readonly string[];
  removeUser(user: string): void;
}

export interface ThreadEntry {
  readonly user: string;
  readonly messageId: string;
  /** Hex, or null while it is not on the network. */
  readonly hash: string | null;
  readonly correspondent: string;
  readonly baseSubject: string;
  /** How its text begins, without white space. */
  readonly excerpt: string;
  /** Message-IDs, oldest first. */
  readonly references: readonly string[];
  readonly time: number;
}
