/** Seconds. */
const FIRST = 60;
export const LONGEST_BACKOFF = 3600;

/** How long to wait after an error that may pass: a minute, then twice as long each time, up to an hour. */
export class Backoff<Key> {
  readonly #failures = new Map<Key, number>();

  /** Seconds until the next try. */
  failed(key: Key): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    return Math.min(LONGEST_BACKOFF, FIRST * 2 ** Math.min(failures, 10));
  }

  succeeded(key: Key): void {
    this.#failures.delete(key);
  }
}
