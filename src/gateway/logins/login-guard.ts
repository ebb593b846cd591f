/** How long logins wait and when they are refused, so that passwords cannot be guessed by trying: one guard for all servers. */
import { LoginRefused } from "../../mail/sasl.js";
import { RecentMap } from "./recent-map.js";
import { Turns } from "./turns.js";

export interface LoginGuardOptions {
  /** Wrong passwords of one source for one name after which it is locked out; 0 for never. */
  readonly maximumFailures: number;
  /** How long it is locked out, and when a failure is forgotten. Milliseconds. */
  readonly lockout: number;
  /** The first wait, after the first failure; doubled by each further one. Milliseconds. */
  readonly first: number;
  readonly longest: number;
  /** Milliseconds of a clock. */
  readonly now: () => number;
  /** Resolves after so many milliseconds. */
  readonly wait: (milliseconds: number) => Promise<void>;
  /** Hears when a source is locked out for a name. */
  readonly onLockout: (attempt: Attempt, failures: number) => void;
}

export const defaultLoginGuard: LoginGuardOptions = {
  maximumFailures: 20,
  lockout: 15 * 60_000,
  first: 500,
  longest: 20_000,
  // The clock that nobody sets.
  now: () => performance.now(),
  wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds).unref()),
  onLockout: () => {},
};

export interface Attempt {
  /** Where it comes from, as far as that can be told apart. */
  readonly source: string;
  /** A source that need not suffer for what others do: it can read all that there is anyway. */
  readonly trust: "own" | "none";
  /** As typed. */
  readonly username: string;
}

/** Wrong passwords of one source for one name. */
export interface FailureRecord {
  readonly source: string;
  readonly name: string;
  readonly failures: number;
  /** Seconds until it may try again; 0 when it is not locked out. */
  readonly lockedFor: number;
}

/** Failures over all names, or over all sources, that are forgiven: several people may share a source. */
const FREE_FAILURES = 10;
/** So many times the failures of one source for one name lock out a source for all names, or a name for all sources. */
const FACTOR = 5;
const MOST_REMEMBERED = 10_000;
/**
 * Waiting for their turn: for one name from one source, and from one source. Where no password has been wrong many may come at once, as after
 * a restart all connections of all mail clients do; where one has, a mail client still opens some five.
 */
const MOST_WAITING = { untried: 256, suspected: 16 };
const MOST_OF_SOURCE = { untried: 512, suspected: 32 };

interface Failures {
  readonly count: number;
  readonly last: number;
}

/**
 * Counts wrong passwords by source and name, by source, and by name. What others have done, to the same name or from the same address,
 * holds nobody up who has been right from there before.
 */
export class LoginGuard {
  readonly #options: LoginGuardOptions;
  readonly #pairs = new RecentMap<Failures>(MOST_REMEMBERED);
  readonly #sources = new RecentMap<Failures>(MOST_REMEMBERED);
  readonly #names = new RecentMap<Failures>(MOST_REMEMBERED);
  readonly #knownGood = new RecentMap<true>(MOST_REMEMBERED);
  readonly #turns = new Turns();

  constructor(options: Partial<LoginGuardOptions> = {}) {
    this.#options = { ...defaultLoginGuard, ...options };
  }

  /**
   * Waits for its turn, and as long as failures so far demand, and only then checks: so no wrong password is known sooner on another
   * connection. Null counts as a failure; what `check` throws does not.
   * @throws LoginRefused
   */
  async attempt<T>(attempt: Attempt, check: () => Promise<T | null>): Promise<T | null> {
    const keys = keysOf(attempt);
    this.#refuseLocked(attempt);
    this.#refuseCrowd(attempt, 1);
    return this.#turns.take(keys.pair, keys.source, async () => {
      this.#refuseLocked(attempt);
      // One of those before it may have been wrong.
      this.#refuseCrowd(attempt, 0);
      const milliseconds = this.milliseconds(attempt);
      if (milliseconds > 0) await this.#options.wait(milliseconds);
      const result = await check();
      if (result === null) this.#failed(attempt);
      else this.succeeded(attempt);
      return result;
    });
  }

  /** @param more that would wait with those that do */
  #refuseCrowd(attempt: Attempt, more: number): void {
    const keys = keysOf(attempt);
    const state = this.milliseconds(attempt) > 0 ? "suspected" : "untried";
    const isCrowd =
      this.#turns.waiting(keys.pair) + more > MOST_WAITING[state] ||
      this.#turns.waiting(keys.source) + more > MOST_OF_SOURCE[state];
    if (isCrowd) throw new LoginRefused(Math.ceil(this.#options.longest / 1000));
  }

  /** That the failures so far demand. */
  milliseconds(attempt: Attempt): number {
    const keys = keysOf(attempt);
    const own = this.#count(this.#pairs, keys.pair) - 1;
    const others = this.#isKnownGood(attempt)
      ? -1
      : Math.max(this.#count(this.#sources, keys.source), this.#count(this.#names, keys.name)) -
        FREE_FAILURES;
    const doublings = Math.max(own, others);
    const { first, longest } = this.#options;
    return doublings < 0 ? 0 : Math.min(longest, first * 2 ** Math.min(doublings, 30));
  }

  /** Forgives this source this name; its failures with other names still count. */
  succeeded(attempt: Attempt): void {
    const { pair } = keysOf(attempt);
    this.#pairs.delete(pair);
    this.#knownGood.set(pair, true);
  }

  /** Of the names for which `isMeant` is true. */
  list(isMeant: (name: string) => boolean): readonly FailureRecord[] {
    return this.#pairs.entries().flatMap(([key]) => {
      const [source = "", name = ""] = key.split("\0");
      const failures = this.#count(this.#pairs, key);
      if (failures === 0 || !isMeant(name)) return [];
      return [{ source, name, failures, lockedFor: this.#lockedFor(this.#pairs, key, 1) }];
    });
  }

  /** Forgets the failures of those names, and of the sources that they came from. */
  lift(isMeant: (name: string) => boolean): void {
    for (const [key] of this.#pairs.entries()) {
      const [source = "", name = ""] = key.split("\0");
      if (!isMeant(name)) continue;
      this.#pairs.delete(key);
      this.#sources.delete(source);
    }
    for (const [name] of this.#names.entries()) if (isMeant(name)) this.#names.delete(name);
  }

  #failed(attempt: Attempt): void {
    const keys = keysOf(attempt);
    const failures = this.#add(this.#pairs, keys.pair);
    this.#add(this.#sources, keys.source);
    this.#add(this.#names, keys.name);
    if (failures === this.#options.maximumFailures) this.#options.onLockout(attempt, failures);
  }

  #refuseLocked(attempt: Attempt): void {
    const keys = keysOf(attempt);
    const others = this.#isKnownGood(attempt)
      ? 0
      : Math.max(
          this.#lockedFor(this.#sources, keys.source, FACTOR),
          this.#lockedFor(this.#names, keys.name, FACTOR),
        );
    const seconds = Math.max(others, this.#lockedFor(this.#pairs, keys.pair, 1));
    if (seconds > 0) throw new LoginRefused(seconds);
  }

  #isKnownGood(attempt: Attempt): boolean {
    return attempt.trust === "own" || this.#knownGood.get(keysOf(attempt).pair) === true;
  }

  /** Seconds. What is tried meanwhile does not count: nobody is locked out for ever. */
  #lockedFor(map: RecentMap<Failures>, key: string, factor: number): number {
    const { maximumFailures, lockout, now } = this.#options;
    if (maximumFailures === 0 || this.#count(map, key) < maximumFailures * factor) return 0;
    const { last } = map.get(key)!;
    return Math.max(1, Math.ceil((last + lockout - now()) / 1000));
  }

  #count(map: RecentMap<Failures>, key: string): number {
    const entry = map.get(key);
    return entry !== undefined && this.#options.now() - entry.last < this.#options.lockout ? entry.count : 0;
  }

  #add(map: RecentMap<Failures>, key: string): number {
    const count = this.#count(map, key) + 1;
    map.set(key, { count, last: this.#options.now() });
    return count;
  }
}

interface Keys {
  readonly source: string;
  readonly name: string;
  readonly pair: string;
}

/** However a name is written: of `ada` and `Ada@bm.localhost` none gets tries of its own, whether there is such a login or not. */
function keysOf({ source, username }: Attempt): Keys {
  const name = guardedName(username);
  return { source, name, pair: `${source}\0${name}` };
}

/** The part of a typed name that counts: without domain, label of an app password, and case. */
export function guardedName(username: string): string {
  const local = username.trim().toLowerCase().split("@", 1)[0] ?? "";
  return (local.split("+", 1)[0] ?? "").replace(/\0/g, "").slice(0, 128);
}
