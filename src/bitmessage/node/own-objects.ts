import type { InventoryHash } from "../protocol/inventory-hash.js";
import type { Inventory } from "./ports.js";

/**
 * The objects of ours that have not gone out yet, over restarts: until others have one, it goes along a stem again at each start, where
 * the list of all objects that a new peer gets would tell whose it is, and no room is made at its cost.
 */
export class OwnObjects {
  readonly #inventory: Inventory;
  #unsent: ReadonlySet<InventoryHash> = new Set();

  constructor(inventory: Inventory) {
    this.#inventory = inventory;
  }

  /** Looks into the inventory again, where something has been published. */
  refresh(): ReadonlySet<InventoryHash> {
    this.#unsent = new Set(this.#inventory.unsent());
    return this.#unsent;
  }

  /** Others have it. */
  wentOut(hash: InventoryHash): void {
    if (!this.#unsent.has(hash)) return;
    this.#inventory.markSent([hash]);
    this.refresh();
  }
}
