/** Messaging's stores in memory. */
import type {
  ContactStore,
  IdentityStore,
  OutboxStore,
  PubkeyStore,
  SecondLook,
  SecondLookStore,
  SignatureStore,
  StoredPubkey,
  SubscriptionStore,
} from "../../bitmessage/messaging/ports.js";
import type {
  Contact,
  Identity,
  OutboxEntry,
  OutboxEntryState,
  OutboxId,
  OutboxState,
  Subscription,
} from "../../bitmessage/messaging/types.js";
import type { Address } from "../../bitmessage/protocol/address.js";
import type { InventoryHash } from "../../bitmessage/protocol/inventory-hash.js";
import type { EndedEntries, Retained } from "../../gateway/ports.js";
import { removeOldest } from "./automatic-answers.js";
import { type MemoryTransactions, Sequence, Table } from "./transactions.js";

/** Rows by user and address. */
class OwnTable<Value extends { readonly user: string; readonly address: Address }> {
  protected readonly table: Table<string, Value>;

  constructor(protected readonly transactions: MemoryTransactions) {
    this.table = new Table(transactions);
  }

  get(user: string, address: Address): Value | null {
    return this.table.get(keyOf(user, address)) ?? null;
  }

  save(value: Value): void {
    this.table.set(keyOf(value.user, value.address), structuredClone(value));
  }

  remove(user: string, address: Address): void {
    this.table.delete(keyOf(user, address));
  }
}

function keyOf(user: string, address: Address): string {
  return JSON.stringify([user, address]);
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

export class MemoryIdentityStore extends OwnTable<Identity> implements IdentityStore {
  list(): readonly Identity[] {
    const order = (left: Identity, right: Identity) =>
      left.created - right.created || compare(left.address, right.address) || compare(left.user, right.user);
    return this.table.values().sort(order);
  }

  owners(address: Address): readonly Identity[] {
    const all = this.list().filter((identity) => identity.address === address);
    return all.sort((left, right) => Number(right.enabled) - Number(left.enabled));
  }
}

export class MemoryContactStore extends OwnTable<Contact> implements ContactStore {
  list(user: string): readonly Contact[] {
    const own = this.table.values().filter((contact) => contact.user === user);
    return own.sort((left, right) => compare(left.address, right.address));
  }

  removeUser(user: string): void {
    this.transactions.run(() => {
      for (const { address } of this.list(user)) this.remove(user, address);
    });
  }
}

export class MemorySubscriptionStore extends OwnTable<Subscription> implements SubscriptionStore {
  list(): readonly Subscription[] {
    const order = (left: Subscription, right: Subscription) =>
      compare(left.address, right.address) || compare(left.user, right.user);
    return this.table.values().sort(order);
  }
}

export class MemoryPubkeyStore implements PubkeyStore {
  readonly #pubkeys: Table<Address, StoredPubkey>;

  constructor(private readonly transactions: MemoryTransactions) {
    this.#pubkeys = new Table(transactions);
  }

  get(address: Address): StoredPubkey | null {
    return this.#pubkeys.get(address) ?? null;
  }

  put(pubkey: StoredPubkey): void {
    const used = pubkey.used || this.get(pubkey.address)?.used === true;
    this.#pubkeys.set(pubkey.address, structuredClone({ ...pubkey, used }));
  }

  deleteUnused(before: number): number {
    return this.transactions.run(() => {
      const old = this.#pubkeys.values().filter((pubkey) => !pubkey.used && pubkey.received < before);
      for (const pubkey of old) this.#pubkeys.delete(pubkey.address);
      return old.length;
    });
  }
}

export class MemorySignatureStore implements SignatureStore, Retained {
  readonly #seen: Table<string, { readonly user: string; readonly key: string; readonly time: number }>;

  constructor(private readonly transactions: MemoryTransactions) {
    this.#seen = new Table(transactions);
  }

  has(user: string, signatureHash: Uint8Array): boolean {
    return this.#seen.has(JSON.stringify([user, signatureHash.join()]));
  }

  add(user: string, signatureHash: Uint8Array, time: number): void {
    const key = JSON.stringify([user, signatureHash.join()]);
    this.#seen.set(key, { user, key, time });
  }

  removeBefore(time: number, limit: number): number {
    return removeOldest(this.transactions, this.#seen, (seen) => seen.key, { before: time, limit });
  }

  removeUser(user: string): void {
    this.transactions.run(() => {
      for (const seen of this.#seen.values()) if (seen.user === user) this.#seen.delete(seen.key);
    });
  }
}

export class MemorySecondLookStore implements SecondLookStore {
  readonly #looks: Table<string, SecondLook>;

  constructor(transactions: MemoryTransactions) {
    this.#looks = new Table(transactions);
  }

  list(): readonly SecondLook[] {
    return this.#looks.values();
  }

  save(look: SecondLook): void {
    this.#looks.set(`${look.kind} ${look.address}`, { ...look });
  }

  remove(kind: SecondLook["kind"], address: Address): void {
    this.#looks.delete(`${kind} ${address}`);
  }
}

interface OutboxRow {
  readonly position: number;
  readonly entry: OutboxEntry;
}

const UNFINISHED: ReadonlySet<OutboxState> = new Set(["queued", "awaiting-pubkey", "proof-of-work"]);

function isActive(entry: OutboxEntry): boolean {
  return UNFINISHED.has(entry.state) || (entry.state === "sent" && entry.awaitsAcknowledgement);
}

export class MemoryOutboxStore implements OutboxStore, EndedEntries {
  readonly #rows: Table<OutboxId, OutboxRow>;
  readonly #positions: Sequence;

  constructor(transactions: MemoryTransactions) {
    this.#rows = new Table(transactions);
    this.#positions = new Sequence(transactions);
  }

  add(entry: OutboxEntry): void {
    if (this.#rows.has(entry.id)) throw new Error(`there is an outbox entry ${entry.id} already`);
    this.#rows.set(entry.id, { position: this.#positions.next(), entry: structuredClone(entry) });
  }

  get(id: OutboxId): OutboxEntry | null {
    return this.#rows.get(id)?.entry ?? null;
  }

  findByInventoryHash(hash: InventoryHash): OutboxEntry | null {
    return this.#entries().findLast((entry) => entry.inventoryHash === hash) ?? null;
  }

  update(entry: OutboxEntry): void {
    const row = this.#rows.get(entry.id);
    if (!row) throw new Error(`there is no outbox entry ${entry.id}`);
    this.#rows.set(entry.id, { ...row, entry: structuredClone(entry) });
  }

  remove(id: OutboxId): void {
    this.#rows.delete(id);
  }

  list(filter: { readonly from?: Address; readonly limit?: number }): readonly OutboxEntry[] {
    const matching = this.#entries().filter(
      (entry) => filter.from === undefined || entry.from === filter.from,
    );
    return matching.reverse().slice(0, filter.limit);
  }

  active(): readonly OutboxEntryState[] {
    return this.#entries()
      .filter(isActive)
      .map(({ content: _content, ...entry }) => entry);
  }

  newest(limit: number): readonly OutboxEntryState[] {
    return this.list({ limit }).map(({ content: _content, ...entry }) => entry);
  }

  endedBefore(time: number, page: { readonly offset: number; readonly limit: number }): readonly OutboxId[] {
    const rows = this.#rows.values().filter(({ entry }) => !isActive(entry) && entry.changed < time);
    rows.sort((left, right) => left.entry.changed - right.entry.changed || left.position - right.position);
    return rows.slice(page.offset, page.offset + page.limit).map(({ entry }) => entry.id);
  }

  counts(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { state } of this.#entries()) counts[state] = (counts[state] ?? 0) + 1;
    return counts;
  }

  /** Oldest first. */
  #entries(): OutboxEntry[] {
    const rows = this.#rows.values();
    rows.sort((left, right) => left.entry.created - right.entry.created || left.position - right.position);
    return rows.map((row) => row.entry);
  }
}
