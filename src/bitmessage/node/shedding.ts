import type { Logger } from "../../logger.js";
import type { InventoryHash } from "../protocol/inventory-hash.js";
import type { Inventory } from "./ports.js";
import { RecentSet } from "./recent-set.js";
import type { SlicedWork } from "./sliced-work.js";

/** The share of the limit that is made free at a time, so that room need not be made for each object. */
const SHARE = 0.02;
/** Objects removed in one turn: a few milliseconds' work. */
const SLICE = 200;
/** Objects that are remembered as removed. */
const REMEMBERED = 100_000;

/** Keeps the inventory within its limit: what expires first has to go first. */
export class Shedding {
  readonly #inventory: Inventory;
  readonly #limit: number;
  readonly #work: SlicedWork;
  readonly #logger: Logger;
  readonly #gone = new RecentSet<InventoryHash>(REMEMBERED);
  #horizon = 0;
  #isWorking = false;

  /** @param options.limit bytes; 0 for none */
  constructor(options: { inventory: Inventory; limit: number; work: SlicedWork; logger: Logger }) {
    this.#inventory = options.inventory;
    this.#limit = options.limit;
    this.#work = options.work;
    this.#logger = options.logger;
  }

  /** Whether it had to go lately: there is no use in asking for it again. */
  hasShed(hash: InventoryHash): boolean {
    return this.#gone.has(hash);
  }

  /** Whether an object that expires then has so little time here that nobody should be told of it. @param expires Unix seconds */
  isShortLived(expires: number): boolean {
    return expires <= this.#horizon;
  }

  /** Whether nobody should be asked for more, until room has been made. */
  get isFull(): boolean {
    return this.#limit > 0 && this.#inventory.totals().bytes > this.#limit;
  }

  /** To be called when objects have been kept, and now and then: what could not go before may be allowed to. */
  check(): void {
    if (this.#limit === 0 || this.#isWorking) return;
    const { bytes } = this.#inventory.totals();
    if (bytes <= this.#limit * (1 - 2 * SHARE)) this.#horizon = 0;
    if (bytes <= this.#limit) return;
    this.#isWorking = true;
    this.#logger.info("the inventory is full: what expires first has to go", { bytes, limit: this.#limit });
    this.#work.add(() => {
      try {
        if (this.#shed()) return "more";
      } catch (error) {
        this.#logger.error("no room could be made", { error: String(error) });
      }
      this.#isWorking = false;
      return "done";
    });
  }

  /** Returns whether more has to go, and can. */
  #shed(): boolean {
    const excess = this.#inventory.totals().bytes - this.#limit * (1 - SHARE);
    if (excess <= 0) return false;
    const gone = this.#inventory.shed(excess, SLICE);
    for (const { hash } of gone) this.#gone.add(hash);
    const last = gone.at(-1);
    if (last === undefined) return false;
    this.#horizon = Math.max(this.#horizon, last.expires);
    return true;
  }
}
