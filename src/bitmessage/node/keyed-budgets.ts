import type { Allowance } from "./budgets.js";

const MAX_RECORDS = 5000;

interface Record {
  readonly left: number;
  readonly at: number;
}

/** A budget (token bucket) for each of many, such as networks, which outlives their connections. The 5000 who took last are remembered. */
export class KeyedBudgets {
  readonly #allowance: Allowance;
  readonly #records = new Map<string, Record>();

  constructor(allowance: Allowance) {
    this.#allowance = allowance;
  }

  /** How much of what is wanted is granted now, in whole pieces. @param now seconds on the monotonic clock */
  take(key: string, wanted: number, now: number): number {
    const { burst, perSecond } = this.#allowance;
    const { left, at } = this.#records.get(key) ?? { left: burst, at: now };
    const budget = Math.min(burst, left + (now - at) * perSecond);
    const granted = Math.min(wanted, Math.floor(budget));
    // Put at the end again, so that the oldest ones make room.
    this.#records.delete(key);
    this.#records.set(key, { left: budget - granted, at: now });
    if (this.#records.size > MAX_RECORDS) this.#records.delete(this.#records.keys().next().value!);
    return granted;
  }
}
