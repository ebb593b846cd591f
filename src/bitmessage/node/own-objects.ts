import type { InventoryHash } from "../protocol/inventory-hash.js";
import type { Inventory } from "./ports.js";

/**
 * The objects of ours that have not gone out yet, over restarts: until others have one, it goes along a stem again at each start, where
 * the list of all objects that a new peer gets would tell whose it is, and no room is made at its cost.
 */
export class OwnObjects {
  readonly #inventory: Inventory;
  readonly #unsent = new Set<InventoryHash>();

  readonly #onSent: () => void;

  /** @param onSent one has gone out */
  constructor(inventory: Inventory, onSent: () => void = () => {}) {
    this.#inventory = inventory;
    this.#onSent = onSent;
  }

  /** Those of earlier times. */
  load(): readonly InventoryHash[] {
    const unsent = this.#inventory.unsent();
    for (const hash of unsent) this.#unsent.add(hash);
    return unsent;
  }

  published(hash: InventoryHash): void {
    this.#unsent.add(hash);
  }

  /** Others have it. */
  wentOut(hash: InventoryHash): void {
    if (!this.#unsent.delete(hash)) return;
    this.#inventory.markSent([hash]);
    this.#onSent();
  }
}
