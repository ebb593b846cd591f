/** Messaging's stores in memory. */
import type {
  ContactStore,
  IdentityStore,
  OutboxStore,
  PubkeyStore,
  SignatureStore,
  StoredPubkey,
  SubscriptionStore,
} from "../../bitmessage/messaging/ports.js";
import type {
  Contact,
  Identity,
  OutboxEntry,
  OutboxId,
  OutboxState,
  Subscription,
} from "../../bitmessage/messaging/types.js";
import type { Address } from "../../bitmessage/protocol/address.js";
import { type MemoryTransactions, Sequence, Table } from "./transactions.js";

class AddressTable<Value extends { readonly address: Address }> {
  protected readonly table: Table<Address, Value>;

  constructor(transactions: MemoryTransactions) {
    this.table = new Table(transactions);
  }

  list(): readonly Value[] {
    return this.table.values().sort(byAddress);
  }

  get(address: Address): Value | null {
    return this.table.get(address) ?? null;
  }

  save(value: Value): void {
    this.table.set(value.address, structuredClone(value));
  }

  remove(address: Address): void {
    this.table.delete(address);
  }
}

function byAddress(left: { readonly address: string }, right: { readonly address: string }): number {
  return left.address < right.address ? -1 : 1;
}

export class MemoryIdentityStore extends AddressTable<Identity> implements IdentityStore {
  override list(): readonly Identity[] {
    return this.table.values().sort((left, right) => left.created - right.created || byAddress(left, right));
  }
}

export class MemoryContactStore implements ContactStore {
  readonly #contacts: Table<string, Contact>;

  constructor(private readonly transactions: MemoryTransactions) {
    this.#contacts = new Table(transactions);
  }

  list(user: string): readonly Contact[] {
    return this.#contacts
      .values()
      .filter((contact) => contact.user === user)
      .sort(byAddress);
  }

  get(user: string, address: Address): Contact | null {
    return this.#contacts.get(keyOf(user, address)) ?? null;
  }

  save(contact: Contact): void {
    this.#contacts.set(keyOf(contact.user, contact.address), { ...contact });
  }

  remove(user: string, address: Address): void {
    this.#contacts.delete(keyOf(user, address));
  }

  removeUser(user: string): void {
    this.transactions.run(() => {
      for (const { address } of this.list(user)) this.remove(user, address);
    });
  }
}

function keyOf(user: string, address: Address): string {
  return JSON.stringify([user, address]);
}

export class MemorySubscriptionStore extends AddressTable<Subscription> implements SubscriptionStore {}

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

export class MemorySignatureStore implements SignatureStore {
  readonly #times: Table<string, number>;

  constructor(transactions: MemoryTransactions) {
    this.#times = new Table(transactions);
  }

  has(signatureHash: Uint8Array): boolean {
    return this.#times.has(signatureHash.join());
  }

  add(signatureHash: Uint8Array, time: number): void {
    if (!this.has(signatureHash)) this.#times.set(signatureHash.join(), time);
  }
}

interface OutboxRow {
  readonly position: number;
  readonly entry: OutboxEntry;
}

const UNFINISHED: ReadonlySet<OutboxState> = new Set(["queued", "awaiting-pubkey", "proof-of-work"]);

export class MemoryOutboxStore implements OutboxStore {
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

  active(): readonly OutboxEntry[] {
    return this.#entries().filter(
      (entry) => UNFINISHED.has(entry.state) || (entry.state === "sent" && entry.awaitsAcknowledgement),
    );
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
