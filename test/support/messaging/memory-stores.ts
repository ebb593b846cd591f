/** The ports of messaging in memory, with real transactions: what is thrown in one leaves nothing behind. */
import { isActive } from "../../../src/bitmessage/messaging/next-action.js";
import type {
  MessagingStores,
  Publisher,
  SecondLook,
  StoredPubkey,
  Transactions,
} from "../../../src/bitmessage/messaging/ports.js";
import type {
  Contact,
  Identity,
  OutboxEntry,
  Subscription,
} from "../../../src/bitmessage/messaging/types.js";
import { equalBytes, toHex } from "../../../src/bitmessage/protocol/bytes.js";
import { type InventoryHash, inventoryHash } from "../../../src/bitmessage/protocol/inventory-hash.js";
import { objectTag, parseObjectHeader } from "../../../src/bitmessage/protocol/object.js";

interface KeptObject {
  readonly hash: InventoryHash;
  readonly bytes: Uint8Array;
  readonly processed: "yes" | "no";
}

export class MemoryStores implements MessagingStores {
  readonly objects = new Map<string, KeptObject>();
  readonly #identities = new Map<string, Identity>();
  readonly #contacts = new Map<string, Contact>();
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #pubkeys = new Map<string, StoredPubkey>();
  readonly #outbox = new Map<string, OutboxEntry>();
  readonly #signatures = new Map<string, number>();
  readonly #secondLooks = new Map<string, SecondLook>();
  /** Anything else that a test wants to be part of the transactions. */
  readonly delivered = new Map<string, unknown>();
  #effects: (() => void)[] | null = null;
  /** Called before each commit; may throw, as a full disk does. */
  beforeCommit: () => void = () => undefined;
  /** Objects that were looked at. */
  processed = 0;

  readonly #maps: readonly Map<string, unknown>[] = [
    this.objects,
    this.#identities,
    this.#contacts,
    this.#subscriptions,
    this.#pubkeys,
    this.#outbox,
    this.#signatures,
    this.#secondLooks,
    this.delivered,
  ];

  readonly transactions: Transactions = {
    runUnsynced: (work) => this.transactions.run(work),
    run: (work) => {
      if (this.#effects) return work();
      const before = this.#maps.map((map) => [...map]);
      const effects: (() => void)[] = [];
      this.#effects = effects;
      try {
        const result = work();
        this.beforeCommit();
        this.#effects = null;
        for (const effect of effects) effect();
        return result;
      } catch (error) {
        this.#effects = null;
        this.#maps.forEach((map, index) => {
          map.clear();
          for (const [key, value] of before[index] ?? []) map.set(key, value);
        });
        throw error;
      }
    },
    afterCommit: (effect) => {
      if (this.#effects) this.#effects.push(effect);
      else effect();
    },
  };

  readonly identities = {
    ...table(this.#identities),
    list: () => [...this.#identities.values()],
    owners: (address: string) =>
      [...this.#identities.values()]
        .filter((identity) => identity.address === address)
        .sort((left, right) => Number(right.enabled) - Number(left.enabled)),
  };
  readonly contacts = {
    ...table(this.#contacts),
    list: (user: string) => [...this.#contacts.values()].filter((contact) => contact.user === user),
    removeUser: (user: string) => {
      for (const { address } of this.contacts.list(user)) this.contacts.remove(user, address);
    },
  };
  readonly subscriptions = {
    ...table(this.#subscriptions),
    list: () => [...this.#subscriptions.values()],
  };

  readonly pubkeys = {
    get: (address: string) => this.#pubkeys.get(address) ?? null,
    put: (pubkey: StoredPubkey) => void this.#pubkeys.set(pubkey.address, pubkey),
    deleteUnused: (before: number) => {
      const old = [...this.#pubkeys.values()].filter(({ used, received }) => !used && received < before);
      for (const { address } of old) this.#pubkeys.delete(address);
      return old.length;
    },
  };

  readonly outbox = {
    add: (entry: OutboxEntry) => void this.#outbox.set(entry.id, entry),
    get: (id: string) => this.#outbox.get(id) ?? null,
    update: (entry: OutboxEntry) => void this.#outbox.set(entry.id, entry),
    findByInventoryHash: (hash: string) =>
      [...this.#outbox.values()].findLast((entry) => entry.inventoryHash === hash) ?? null,
    remove: (id: string) => void this.#outbox.delete(id),
    list: () => [...this.#outbox.values()].reverse(),
    active: () => [...this.#outbox.values()].filter(isActive),
    newest: (limit: number) => [...this.#outbox.values()].reverse().slice(0, limit),
    counts: () => ({}),
  };

  readonly signatures = {
    has: (user: string, hash: Uint8Array) => this.#signatures.has(`${user} ${toHex(hash)}`),
    add: (user: string, hash: Uint8Array, time: number) =>
      void this.#signatures.set(`${user} ${toHex(hash)}`, time),
    removeUser: (user: string) => {
      for (const key of this.#signatures.keys()) if (key.startsWith(`${user} `)) this.#signatures.delete(key);
    },
  };

  readonly secondLooks = {
    list: () => [...this.#secondLooks.values()],
    save: (look: SecondLook) => void this.#secondLooks.set(`${look.kind} ${look.address}`, look),
    remove: (kind: string, address: string) => void this.#secondLooks.delete(`${kind} ${address}`),
  };

  readonly objectQueue = {
    processedAfter: (type: number, position: number, count: number) => {
      const page = [...this.objects.values()].slice(position, position + count);
      const objects = page
        .map(({ hash, bytes, processed }, index) => ({
          position: position + index + 1,
          hash,
          bytes,
          processed,
        }))
        .filter(({ bytes, processed }) => processed === "yes" && parseObjectHeader(bytes).type === type);
      return { objects, last: page.length > 0 ? position + page.length : null };
    },
    unprocessed: (limit: number) =>
      [...this.objects.values()].filter(({ processed }) => processed === "no").slice(0, limit),
    markProcessed: (hashes: readonly InventoryHash[]) => {
      this.transactions.run(() => this.#mark(hashes, "yes"));
      this.processed += hashes.length;
    },
    markUnprocessed: (hashes: readonly InventoryHash[]) => this.#mark(hashes, "no"),
    findByTag: (type: number, tag: Uint8Array, now: number) =>
      [...this.objects.values()]
        .map(({ bytes }) => bytes)
        .filter((bytes) => {
          const header = parseObjectHeader(bytes);
          const own = objectTag(bytes, header);
          return header.type === type && header.expires > now && own !== null && equalBytes(own, tag);
        }),
  };

  /** As the node does it; false when it was there already. */
  addObject(bytes: Uint8Array): "new" | "known" {
    const hash = inventoryHash(bytes);
    if (this.objects.has(hash)) return "known";
    this.objects.set(hash, { hash, bytes, processed: "no" });
    return "new";
  }

  unprocessedCount(): number {
    return this.objectQueue.unprocessed(1e9).length;
  }

  #mark(hashes: readonly InventoryHash[], processed: "yes" | "no"): void {
    for (const hash of hashes) {
      const object = this.objects.get(hash);
      if (object) this.objects.set(hash, { ...object, processed });
    }
  }
}

/** Rows by user and address. */
function table<Row extends { readonly user: string; readonly address: string }>(rows: Map<string, Row>) {
  return {
    get: (user: string, address: string) => rows.get(`${user} ${address}`) ?? null,
    save: (row: Row) => void rows.set(`${row.user} ${row.address}`, row),
    remove: (user: string, address: string) => void rows.delete(`${user} ${address}`),
  };
}

/** Keeps in the stores; `announced` hears of each object after its commit. */
export function memoryPublisher(stores: MemoryStores, announced: (object: Uint8Array) => void): Publisher {
  return {
    publish(object) {
      stores.transactions.run(() => {
        if (stores.addObject(object) === "new") stores.transactions.afterCommit(() => announced(object));
      });
      return inventoryHash(object);
    },
  };
}
