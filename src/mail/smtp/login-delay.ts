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

/** The oldest are forgotten. */
const MAXIMUM_ENTRIES = 10_000;

interface Failures {
  readonly count: number;
  readonly last: number;
}

/** Counts wrong passwords by client address and user name. */
export class LoginDelay {
  private readonly failures = new Map<string, Failures>();

  constructor(private readonly options: LoginDelayOptions) {}

  /** Waits as long as the failures so far demand. The wait is before the password is looked at, so that many connections gain nothing. */
  async beforeAttempt(remoteAddress: string, username: string): Promise<void> {
    const { count } = this.current(keyOf(remoteAddress, username));
    if (count === 0) return;
    const { first, longest, wait } = this.options;
    await wait(Math.min(longest, first * 2 ** Math.min(count - 1, 30)));
  }

  failed(remoteAddress: string, username: string): void {
    const key = keyOf(remoteAddress, username);
    const { count } = this.current(key);
    this.failures.delete(key);
    this.failures.set(key, { count: count + 1, last: this.options.now() });
    if (this.failures.size > MAXIMUM_ENTRIES) {
      const oldest = this.failures.keys().next().value;
      if (oldest !== undefined) this.failures.delete(oldest);
    }
  }

  succeeded(remoteAddress: string, username: string): void {
    this.failures.delete(keyOf(remoteAddress, username));
  }

  private current(key: string): Failures {
    const entry = this.failures.get(key);
    if (entry !== undefined && this.options.now() - entry.last <= this.options.memory) return entry;
    return { count: 0, last: 0 };
  }
}

function keyOf(remoteAddress: string, username: string): string {
  return `${remoteAddress} ${username.toLowerCase().slice(0, 256)}`;
}
