/** How long a login waits, so that passwords cannot be guessed by trying. */
export interface LoginDelayOptions {
  /** The first wait, after the first failure; doubled by each further one. Milliseconds. */
  readonly first: number;
  readonly longest: number;
  /** A failure is forgotten after this time without another. Milliseconds. */
  readonly memory: number;
  /** Milliseconds of a clock. */
  readonly now: () => number;
  /** Resolves after so many milliseconds. */
  readonly wait: (milliseconds: number) => Promise<void>;
}

export const defaultLoginDelay: LoginDelayOptions = {
  first: 500,
  longest: 20_000,
  memory: 15 * 60_000,
  now: Date.now,
  wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds).unref()),
};

/** Failures of one client address over all users that are forgiven: several people may share it. */
const FREE_ADDRESS_FAILURES = 10;
/** The oldest are forgotten. */
const MAXIMUM_ENTRIES = 10_000;

interface Failures {
  readonly count: number;
  readonly last: number;
}

/** Counts wrong passwords by client address and user name, and by client address alone. */
export class LoginDelay {
  readonly #failures = new Map<string, Failures>();
  readonly #options: LoginDelayOptions;

  constructor(options: Partial<LoginDelayOptions> = {}) {
    this.#options = { ...defaultLoginDelay, ...options };
  }

  /** Milliseconds that the failures so far demand before an attempt is looked at. */
  milliseconds(remoteAddress: string, username: string): number {
    const pair = this.#count(keyOf(remoteAddress, username)) - 1;
    const address = this.#count(remoteAddress) - FREE_ADDRESS_FAILURES;
    const doublings = Math.max(pair, address);
    const { first, longest } = this.#options;
    return doublings < 0 ? 0 : Math.min(longest, first * 2 ** Math.min(doublings, 30));
  }

  /** Waits so long. The wait is before the password is looked at, so that a wrong one is not known sooner on another connection. */
  async beforeAttempt(remoteAddress: string, username: string): Promise<void> {
    const milliseconds = this.milliseconds(remoteAddress, username);
    if (milliseconds > 0) await this.#options.wait(milliseconds);
  }

  failed(remoteAddress: string, username: string): void {
    this.#add(remoteAddress);
    this.#add(keyOf(remoteAddress, username));
  }

  /** Forgives this user; other users' failures from that address still count. */
  succeeded(remoteAddress: string, username: string): void {
    this.#failures.delete(keyOf(remoteAddress, username));
  }

  #count(key: string): number {
    const entry = this.#failures.get(key);
    return entry !== undefined && this.#options.now() - entry.last <= this.#options.memory ? entry.count : 0;
  }

  #add(key: string): void {
    const count = this.#count(key) + 1;
    this.#failures.delete(key);
    this.#failures.set(key, { count, last: this.#options.now() });
    if (this.#failures.size <= MAXIMUM_ENTRIES) return;
    const oldest = this.#failures.keys().next().value;
    if (oldest !== undefined) this.#failures.delete(oldest);
  }
}

function keyOf(remoteAddress: string, username: string): string {
  return `${remoteAddress} ${username.toLowerCase().slice(0, 256)}`;
}
