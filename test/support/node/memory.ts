import type {
  Inventory,
  InventoryObject,
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

  hashes(stream: number, now: number): readonly InventoryHash[] {
    const current = [...this.objects.values()].filter(
      (object) => object.stream === stream && object.expires > now,
    );
    return current.map(({ hash }) => hash);
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
