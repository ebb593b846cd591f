/** Makes guessing passwords slow: each failure from an address for a user doubles the wait before the next answer. */
const FIRST_DELAY = 250;
const FREE_FAILURES = 1;
/** Failures of one address over all users that are forgiven: several people may share it. */
const FREE_ADDRESS_FAILURES = 10;
const FORGET_AFTER = 15 * 60_000;
const MOST_ENTRIES = 10_000;

interface Failures {
  count: number;
  last: number;
}

export class LoginThrottle {
  readonly #failures = new Map<string, Failures>();

  constructor(
    private readonly longest: number,
    private readonly now: () => number = Date.now,
  ) {}

  /** Milliseconds that an attempt has to wait before it is looked at. */
  delay(address: string, user: string): number {
    const pair = this.#count(pairKey(address, user)) - FREE_FAILURES;
    const all = this.#count(address) - FREE_ADDRESS_FAILURES;
    const steps = Math.max(pair, all);
    return steps < 0 ? 0 : Math.min(this.longest, FIRST_DELAY * 2 ** Math.min(steps, 20));
  }

  failed(address: string, user: string): void {
    this.#add(address);
    this.#add(pairKey(address, user));
  }

  succeeded(address: string, user: string): void {
    this.#failures.delete(pairKey(address, user));
  }

  #count(key: string): number {
    const entry = this.#failures.get(key);
    if (!entry) return 0;
    if (this.now() - entry.last > FORGET_AFTER) {
      this.#failures.delete(key);
      return 0;
    }
    return entry.count;
  }

  #add(key: string): void {
    const count = this.#count(key) + 1;
    this.#failures.delete(key);
    this.#failures.set(key, { count, last: this.now() });
    if (this.#failures.size > MOST_ENTRIES) {
      const oldest = this.#failures.keys().next().value;
      if (oldest !== undefined) this.#failures.delete(oldest);
    }
  }
}

function pairKey(address: string, user: string): string {
  return `${address} ${user.toLowerCase()}`;
}
