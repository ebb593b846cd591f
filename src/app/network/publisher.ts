import type { Publisher } from "../../bitmessage/messaging/ports.js";
import type { Inventory } from "../../bitmessage/node/ports.js";
import { type InventoryHash, inventoryHash } from "../../bitmessage/protocol/inventory-hash.js";
import { objectTag, parseObjectHeader } from "../../bitmessage/protocol/object.js";
import type { Stores } from "../../store/stores.js";

/** Keeps own objects in the inventory and tells `published` after the commit. */
export function createPublisher(
  stores: Pick<Stores, "inventory" | "transactions">,
  published: (hash: InventoryHash, when: "now" | "later") => void,
): Publisher {
  return {
    publish(object, when = "now") {
      const hash = inventoryHash(object);
      // What the network has already stays as public as it is: hiding it again would show whose it is.
      if (isNew(stores.inventory, { hash, bytes: object, when })) {
        stores.transactions.afterCommit(() => published(hash, when));
      }
      return hash;
    },
  };
}

/** Keeps the object; returns whether it was not there before. */
function isNew(
  inventory: Inventory,
  { hash, bytes, when }: { hash: InventoryHash; bytes: Uint8Array; when: "now" | "later" },
): boolean {
  const header = parseObjectHeader(bytes);
  const { type, version, stream, expires } = header;
  const tag = objectTag(bytes, header);
  return inventory.addOwn({ hash, type, version, stream, expires, tag, bytes }, when);
}
