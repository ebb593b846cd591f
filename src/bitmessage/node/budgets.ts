/** What a peer may send that we have not asked for: at once, and per second after that. */
export interface Allowance {
  readonly burst: number;
  readonly perSecond: number;
}

export type BudgetKind = "bytes" | "packets" | "objects";

/**
 * More than any peer needs that follows the protocol: announcing half a million objects, in packets of 252 as notbit does it, and being
 * asked for as many; fifty new objects a second, announced one by one; answers that come after we have asked somebody else. Objects
 * that we have asked for are not counted: their number is our own choice.
 */
export const ALLOWANCES: Readonly<Record<BudgetKind, Allowance>> = {
  bytes: { burst: 33_554_432, perSecond: 65_536 },
  packets: { burst: 5000, perSecond: 100 },
  objects: { burst: 2000, perSecond: 10 },
};

/** Seconds that a peer may have been over its budgets; each is forgiven in five. */
const PATIENCE = 300;
const FORGIVENESS_PER_SECOND = 0.2;

/** One peer's budgets (token buckets): whoever has used one up is not listened to until it has refilled. */
export class Budgets {
  readonly #left = new Map<BudgetKind, number>();
  #time: number;
  /** Seconds for which it was not listened to, less what has been forgiven. */
  #excess = 0;

  /** @param now seconds on the monotonic clock */
  constructor(now: number) {
    this.#time = now;
    for (const [kind, { burst }] of entries()) this.#left.set(kind, burst);
  }

  spend(kind: BudgetKind, amount: number): void {
    this.#left.set(kind, this.#left.get(kind)! - amount);
  }

  /** Seconds for which the peer is not to be listened to, which count against it. @param now seconds on the monotonic clock */
  overdraft(now: number): number {
    this.#refill(now);
    let seconds = 0;
    for (const [kind, { perSecond }] of entries()) {
      seconds = Math.max(seconds, -this.#left.get(kind)! / perSecond);
    }
    this.#excess += seconds;
    return seconds;
  }

  /** Whether the peer has been over its budgets for so long that it does nothing else. */
  get isAbused(): boolean {
    return this.#excess > PATIENCE;
  }

  #refill(now: number): void {
    const passed = now - this.#time;
    this.#time = now;
    for (const [kind, { burst, perSecond }] of entries()) {
      this.#left.set(kind, Math.min(burst, this.#left.get(kind)! + passed * perSecond));
    }
    this.#excess = Math.max(0, this.#excess - passed * FORGIVENESS_PER_SECOND);
  }
}

function entries(): [BudgetKind, Allowance][] {
  return Object.entries(ALLOWANCES) as [BudgetKind, Allowance][];
}
