import type {
  Inventory,
  InventoryObject,
  InventoryPage,
  InventoryPlace,
  KnownNode,
  KnownNodeStore,
} from "../../../src/bitmessage/node/ports.js";
import { type InventoryHash, inventoryHash } from "../../../src/bitmessage/protocol/inventory-hash.js";
import { parseObjectHeader } from "../../../src/bitmessage/protocol/object.js";

export class MemoryInventory implements Inventory {
  readonly objects = new Map<InventoryHash, InventoryObject>();
  /** Sizes of the batches that were added. */
  readonly batches: number[] = [];

  has(hash: InventoryHash): boolean {
    return this.objects.has(hash);
  }

  read(hash: InventoryHash): Uint8Array | null {
    return this.objects.get(hash)?.bytes ?? null;
  }

  add(objects: readonly InventoryObject[]): readonly InventoryHash[] {
    const added = objects.filter(({ hash }) => !this.objects.has(hash));
    for (const object of added) this.objects.set(object.hash, object);
    this.batches.push(objects.length);
    return added.map(({ hash }) => hash);
  }

  /** Own objects that have not gone out; all others count as processed. */
  readonly own = new Set<InventoryHash>();

  addOwn(object: InventoryObject): boolean {
    const isNew = this.add([object]).length > 0;
    if (isNew) this.own.add(object.hash);
    return isNew;
  }

  unsent(): readonly InventoryHash[] {
    return [...this.own];
  }

  markSent(hashes: readonly InventoryHash[]): void {
    for (const hash of hashes) this.own.delete(hash);
  }

  shed(bytes: number, limit: number): readonly InventoryPlace[] {
    const gone: InventoryPlace[] = [];
    let freed = 0;
    const first = [...this.objects.values()]
      .filter(({ hash }) => !this.own.has(hash))
      .sort((a, b) => a.expires - b.expires || (a.hash < b.hash ? -1 : 1));
    for (const { hash, expires, bytes: object } of first.slice(0, limit)) {
      if (freed >= bytes) break;
      this.objects.delete(hash);
      freed += object.length;
      gone.push({ expires, hash });
    }
    return gone;
  }

  hashesAfter(stream: number, after: InventoryPlace, limit: number): InventoryPage {
    const isAfter = ({ expires, hash }: InventoryPlace) =>
      expires > after.expires || (expires === after.expires && hash > after.hash);
    const rows = [...this.objects.values()]
      .filter((object) => object.stream === stream && isAfter(object))
      .sort((a, b) => a.expires - b.expires || (a.hash < b.hash ? -1 : 1))
      .slice(0, limit);
    return { hashes: rows.map(({ hash }) => hash), next: rows.length < limit ? null : rows.at(-1)! };
  }

  deleteExpired(before: number): number {
    let deleted = 0;
    for (const [hash, { expires }] of this.objects) {
      if (expires < before && this.objects.delete(hash)) deleted += 1;
    }
    return deleted;
  }

  totals(): { objects: number; bytes: number } {
    let bytes = 0;
    for (const object of this.objects.values()) bytes += object.bytes.length;
    return { objects: this.objects.size, bytes };
  }

  /** Puts whole objects in, as messaging would; returns their hashes. */
  publish(objects: readonly Uint8Array[]): InventoryHash[] {
    const entries = objects.map((bytes) => {
      const { type, version, stream, expires } = parseObjectHeader(bytes);
      return { hash: inventoryHash(bytes), type, version, stream, expires, tag: null, bytes };
    });
    this.add(entries);
    return entries.map(({ hash }) => hash);
  }
}

export class MemoryKnownNodes implements KnownNodeStore {
  nodes: readonly KnownNode[] = [];
  saves = 0;

  load(): readonly KnownNode[] {
    return this.nodes;
  }

  save(nodes: readonly KnownNode[]): void {
    this.nodes = nodes;
    this.saves += 1;
  }
}
