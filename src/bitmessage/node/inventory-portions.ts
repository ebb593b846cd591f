import type { InventoryHash } from "../protocol/inventory-hash.js";
import type { NextPortion } from "./announcements.js";
import type { Inventory, InventoryPlace } from "./ports.js";

/** Few enough to be read and sent in a few milliseconds. */
const PORTION = 2500;
const LAST_HASH = "f".repeat(64) as InventoryHash;

/**
 * The unexpired objects of a stream, in portions of one inv each, read one by one: a list of all for each new peer would take
 * 50 MB and half a second with 500,000 objects. What comes in meanwhile is announced in any case.
 * @param now Unix seconds
 */
export function inventoryPortions(inventory: Inventory, stream: number, now: number): NextPortion {
  let next: InventoryPlace | null = { expires: now, hash: LAST_HASH };
  return () => {
    if (next === null) return null;
    const page = inventory.hashesAfter(stream, next, PORTION);
    next = page.next;
    return page.hashes;
  };
}
