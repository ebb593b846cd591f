/** What messaging needs from the rest of the house. All stores are synchronous, so that they can share a transaction. */
import type { Address } from "../protocol/address.js";
import type { InventoryHash } from "../protocol/inventory-hash.js";
import type { IdentityKeys } from "../protocol/keys.js";
import type { Difficulty } from "../protocol/pow-target.js";
import type { PubkeyBlock } from "../protocol/pubkey.js";
import type {
  Contact,
  Identity,
  OutboxEntry,
  OutboxEntryState,
  OutboxId,
  ReceivedMessage,
  Subscription,
} from "./types.js";

/** One transaction over all stores: everything in `work` or nothing. */
export interface Transactions {
  /** Nested calls join the outer one. `work` may not be asynchronous. */
  run<T>(work: () => T extends Promise<unknown> ? never : T): T;
  /**
   * The same without waiting for the disk: a loss of power, though no crash, may undo it, unless one that waits has followed. For what would be
   * found out or done again.
   */
  runUnsynced<T>(work: () => T extends Promise<unknown> ? never : T): T;
  /** Runs `effect` after the commit of the running transaction (never after a rollback), or at once when there is none. */
  afterCommit(effect: () => void): void;
}

/** Brings an object into the network. */
export interface Publisher {
  /**
   * Keeps the object (proof of work included) in the inventory within the running transaction and announces it after the commit.
   * @param when `later`: after a random time, so that it does not tell what it answers; after a crash at once. It is none of the
   *   `unprocessed` before it has gone out: another identity here would else answer what nobody has heard yet
   */
  publish(object: Uint8Array, when?: "now" | "later"): InventoryHash;
}

/** Objects that have been kept but not yet looked at, oldest first; and look-ups in the inventory. */
export interface ObjectQueue {
  unprocessed(limit: number): readonly { readonly hash: InventoryHash; readonly bytes: Uint8Array }[];
  markProcessed(hashes: readonly InventoryHash[]): void;
  /** Puts objects that are still kept back into the queue: a broadcaster is followed now who was not before. */
  markUnprocessed(hashes: readonly InventoryHash[]): void;
  /** Whole objects with that type and tag, unexpired. */
  findByTag(type: number, tag: Uint8Array, now: number): readonly Uint8Array[];
  /** Those of that type among so many objects behind a position, in the order in which they were added, as far as they have been looked at. */
  processedAfter(type: number, position: number, count: number): ProcessedPage;
}

export interface ProcessedPage {
  readonly objects: readonly {
    readonly position: number;
    readonly hash: InventoryHash;
    readonly bytes: Uint8Array;
  }[];
  /** Position of the last object of any type in this page; null when there is none behind. */
  readonly last: number | null;
}

/** An address that messages or broadcasts may have come for before it was ours, or followed, or while it was disabled. */
export interface SecondLook {
  readonly kind: "identity" | "subscription";
  readonly address: Address;
  /** The position up to which the inventory has been looked through. */
  readonly after: number;
}

export interface SecondLookStore {
  /** In no order. */
  list(): readonly SecondLook[];
  /** Adds or replaces, by kind and address. */
  save(look: SecondLook): void;
  remove(kind: SecondLook["kind"], address: Address): void;
}

/** Who has which keys: an ordinary address belongs to one user, a chan to each of its members. */
export interface IdentityStore {
  /** Of all users, oldest first. */
  list(): readonly Identity[];
  get(user: string, address: Address): Identity | null;
  /** Everybody's who has that address: the enabled ones first, then the oldest. */
  owners(address: Address): readonly Identity[];
  /** Adds or replaces, by user and address. */
  save(identity: Identity): void;
  remove(user: string, address: Address): void;
}

/** The contacts of each user, who see nothing of each other's. */
export interface ContactStore {
  /** That user's, by address. */
  list(user: string): readonly Contact[];
  get(user: string, address: Address): Contact | null;
  /** Adds or replaces, by user and address. */
  save(contact: Contact): void;
  remove(user: string, address: Address): void;
  removeUser(user: string): void;
}

/** Whom each user follows. */
export interface SubscriptionStore {
  /** Of all users, by address. */
  list(): readonly Subscription[];
  get(user: string, address: Address): Subscription | null;
  /** Adds or replaces, by user and address. */
  save(subscription: Subscription): void;
  remove(user: string, address: Address): void;
}

/** Public keys of others (PROTOCOL.md sections 17.3 and 18). */
export interface PubkeyStore {
  get(address: Address): StoredPubkey | null;
  put(pubkey: StoredPubkey): void;
  /** Removes those only seen in passing before this time (Unix seconds). */
  deleteUnused(before: number): number;
}

export interface StoredPubkey {
  readonly address: Address;
  readonly block: PubkeyBlock;
  /** Unix seconds of receipt. */
  readonly received: number;
  /** Taken from a message, broadcast or awaited pubkey: kept for ever. */
  readonly used: boolean;
}

export interface OutboxStore {
  add(entry: OutboxEntry): void;
  get(id: OutboxId): OutboxEntry | null;
  update(entry: OutboxEntry): void;
  /** The message that was last sent as that object. */
  findByInventoryHash(hash: InventoryHash): OutboxEntry | null;
  /** Nothing happens when there is no such entry. */
  remove(id: OutboxId): void;
  /** Newest first. */
  list(filter: { readonly from?: Address; readonly limit?: number }): readonly OutboxEntry[];
  /**
   * Entries for which something is still to be done or awaited, oldest first: in a state that is not final, except `sent`
   * without `awaitsAcknowledgement`. Without their contents: there may be many, and large ones.
   */
  active(): readonly OutboxEntryState[];
  /** So many of all, newest first, without their contents. */
  newest(limit: number): readonly OutboxEntryState[];
  counts(): Readonly<Record<string, number>>;
}

/**
 * Which signed messages each user has been given (PROTOCOL.md section 17.4 step 11): whoever joins a chan that others have joined already
 * gets what they have had.
 */
export interface SignatureStore {
  has(user: string, signatureHash: Uint8Array): boolean;
  /** One that is there is kept from that time on. */
  add(user: string, signatureHash: Uint8Array, time: number): void;
  removeUser(user: string): void;
}

/** The settings of sending that a person may change. */
export interface SendPolicy {
  /** Seconds a message lives by default. */
  readonly ttl: number;
  /** Trials; 0 for no limit. */
  readonly maximumWork: number;
  /** Seconds after the first try at which sending ends for good; 0 for never. */
  readonly giveUpAfter: number;
  readonly digest: "sha1" | "sha256";
}

/** Where received messages go. */
export interface MessageSink {
  /** Prepares the delivery (may compose for a while); the returned function does it within the transaction that marks the object processed. */
  prepare(message: ReceivedMessage): Promise<() => void>;
}

/** Hears of each change within its transaction; must not throw. `previous` is null for a new entry. */
export type OutboxObserver = (entry: OutboxEntry, previous: OutboxEntry | null) => void;

/** Unix seconds. */
export type Clock = () => number;

/** Calls `task` after some seconds; returns how to cancel it. Injectable, so that tests need not wait. */
export type Timer = (seconds: number, task: () => void) => () => void;

/** Everything that is kept, in one place; one transaction spans all of it. */
export interface MessagingStores {
  readonly transactions: Transactions;
  readonly objectQueue: ObjectQueue;
  readonly identities: IdentityStore;
  readonly contacts: ContactStore;
  readonly subscriptions: SubscriptionStore;
  readonly pubkeys: PubkeyStore;
  readonly outbox: OutboxStore;
  readonly signatures: SignatureStore;
  readonly secondLooks: SecondLookStore;
}

export type { Difficulty, IdentityKeys };
