import type { Publisher } from "../bitmessage/messaging/ports.js";
import type { Inventory } from "../bitmessage/node/ports.js";
import { type InventoryHash, inventoryHash } from "../bitmessage/protocol/inventory-hash.js";
import { objectTag, parseObjectHeader } from "../bitmessage/protocol/object.js";
import type { Stores } from "../store/stores.js";

/** Keeps own objects in the inventory and tells `published` after the commit. */
export function createPublisher(
  stores: Pick<Stores, "inventory" | "transactions">,
  published: (hash: InventoryHash) => void,
): Publisher {
  return {
    publish(object) {
      const hash = inventoryHash(object);
      keep(stores.inventory, hash, object);
      stores.transactions.afterCommit(() => published(hash));
      return hash;
    },
  };
}

function keep(inventory: Inventory, hash: InventoryHash, bytes: Uint8Array): void {
  const header = parseObjectHeader(bytes);
  const { type, version, stream, expires } = header;
  inventory.add([
    {
      hash,
      type,
      version: Number(version),
      stream: Number(stream),
      expires,
      tag: objectTag(bytes, header),
      bytes,
    },
  ]);
}
