/** The node's stores in memory. */
import type { ObjectQueue, ProcessedPage } from "../../bitmessage/messaging/ports.js";
import type {
  Inventory,
  InventoryObject,
  InventoryPage,
  InventoryPlace,
  KnownNode,
  KnownNodeStore,
} from "../../bitmessage/node/ports.js";
import type { InventoryHash } from "../../bitmessage/protocol/inventory-hash.js";
import { type MemoryTransactions, Sequence, Table } from "./transactions.js";

function compare(left: InventoryPlace, right: InventoryPlace): number {
  if (left.expires !== right.expires) return left.expires - right.expires;
  return left.hash < right.hash ? -1 : Number(left.hash > right.hash);
}

interface Row extends InventoryObject {
  readonly position: number;
  readonly processed: boolean;
  readonly unsent: boolean;
  /** Ours, and not to be looked into before it has gone out. */
  readonly withheld: boolean;
}

const OF_OTHERS = { unsent: false, withheld: false };

export class MemoryInventory implements Inventory, ObjectQueue {
  readonly #objects: Table<InventoryHash, Row>;
  readonly #positions: Sequence;

  constructor(private readonly transactions: MemoryTransactions) {
    this.#objects = new Table(transactions);
    this.#positions = new Sequence(transactions);
  }

  has(hash: InventoryHash): boolean {
    return this.#objects.has(hash);
  }

  read(hash: InventoryHash): Uint8Array | null {
    return this.#objects.get(hash)?.bytes.slice() ?? null;
  }

  add(objects: readonly InventoryObject[]): readonly InventoryHash[] {
    return this.transactions.run(() => {
      const added: InventoryHash[] = [];
      for (const object of objects) if (this.#insert(object, OF_OTHERS)) added.push(object.hash);
      return added;
    });
  }

  addOwn(object: InventoryObject, when: "now" | "later" = "now"): boolean {
    return this.transactions.run(() => this.#insert(object, { unsent: true, withheld: when === "later" }));
  }

  #insert(object: InventoryObject, own: Pick<Row, "unsent" | "withheld">): boolean {
    if (this.#objects.has(object.hash)) return false;
    const copy = { ...object, tag: object.tag?.slice() ?? null, bytes: object.bytes.slice() };
    const position = this.#positions.next();
    this.#objects.set(object.hash, { ...copy, ...own, position, processed: false });
    return true;
  }

  unsent(): readonly InventoryHash[] {
    return this.#rows()
      .filter((row) => row.unsent)
      .map(({ hash }) => hash);
  }

  markSent(hashes: readonly InventoryHash[]): void {
    this.#change(hashes, { unsent: false, withheld: false });
  }

  shed(bytes: number, limit: number): readonly InventoryPlace[] {
    return this.transactions.run(() => {
      const gone: InventoryPlace[] = [];
      let freed = 0;
      const first = this.#rows()
        .filter((row) => row.processed && !row.unsent)
        .sort(compare);
      for (const { hash, expires, bytes: object } of first.slice(0, limit)) {
        if (freed >= bytes) break;
        this.#objects.delete(hash);
        freed += object.length;
        gone.push({ expires, hash });
      }
      return gone;
    });
  }

  hashesAfter(stream: number, after: InventoryPlace, limit: number): InventoryPage {
    const rows = this.#rows()
      .filter((row) => row.stream === stream && compare(row, after) > 0)
      .sort(compare)
      .slice(0, limit);
    return { hashes: rows.map(({ hash }) => hash), next: rows.length < limit ? null : rows.at(-1)! };
  }

  deleteExpired(before: number): number {
    return this.transactions.run(() => {
      const expired = this.#rows().filter((row) => row.expires < before && (row.processed || row.withheld));
      for (const row of expired) this.#objects.delete(row.hash);
      return expired.length;
    });
  }

  totals(): { readonly objects: number; readonly bytes: number } {
    const rows = this.#rows();
    return { objects: rows.length, bytes: rows.reduce((sum, row) => sum + row.bytes.length, 0) };
  }

  unprocessed(limit: number): readonly { readonly hash: InventoryHash; readonly bytes: Uint8Array }[] {
    const rows = this.#rows().filter((row) => !row.processed && !row.withheld);
    return rows.slice(0, limit).map((row) => ({ hash: row.hash, bytes: row.bytes.slice() }));
  }

  markProcessed(hashes: readonly InventoryHash[]): void {
    this.#change(hashes, { processed: true });
  }

  markUnprocessed(hashes: readonly InventoryHash[]): void {
    this.#change(hashes, { processed: false });
  }

  processedAfter(type: number, position: number, count: number): ProcessedPage {
    const rows = this.#rows().filter((row) => row.position > position);
    const page = rows.sort((left, right) => left.position - right.position).slice(0, count);
    const objects = page
      .filter((row) => row.type === type && row.processed)
      .map((row) => ({ position: row.position, hash: row.hash, bytes: row.bytes.slice() }));
    return { objects, last: page.at(-1)?.position ?? null };
  }

  findByTag(type: number, tag: Uint8Array, now: number): readonly Uint8Array[] {
    return this.#rows()
      .filter((row) => row.type === type && row.expires > now && row.tag !== null && equal(row.tag, tag))
      .filter((row) => !row.withheld)
      .map((row) => row.bytes.slice());
  }

  #change(
    hashes: readonly InventoryHash[],
    change: Partial<Pick<Row, "processed" | "unsent" | "withheld">>,
  ): void {
    this.transactions.run(() => {
      for (const hash of hashes) {
        const row = this.#objects.get(hash);
        if (row) this.#objects.set(hash, { ...row, ...change });
      }
    });
  }

  #rows(): Row[] {
    return this.#objects.values().sort((left, right) => left.position - right.position);
  }
}

function equal(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

export class MemoryKnownNodeStore implements KnownNodeStore {
  readonly #nodes: Table<"nodes", readonly KnownNode[]>;

  constructor(transactions: MemoryTransactions) {
    this.#nodes = new Table(transactions);
  }

  load(): readonly KnownNode[] {
    return this.#nodes.get("nodes") ?? [];
  }

  save(nodes: readonly KnownNode[]): void {
    const byPlace = new Map(nodes.map((node) => [`${node.host} ${node.port} ${node.stream}`, { ...node }]));
    this.#nodes.set("nodes", [...byPlace.values()].sort(byHost));
  }
}

function byHost(left: KnownNode, right: KnownNode): number {
  if (left.host !== right.host) return left.host < right.host ? -1 : 1;
  return left.port - right.port || left.stream - right.stream;
}
