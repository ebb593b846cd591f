import { performance } from "node:perf_hooks";
import { setImmediate } from "node:timers";
import type { Clock, Timer } from "./ports.js";
import { Schedule } from "./schedule.js";

/** Milliseconds of work between two looks at the event loop. */
export const SLICE_MILLISECONDS = 8;
/** Seconds after which the clock is looked at again at the latest: a suspended machine or a set clock stops no timer for long. */
const LONGEST_SLEEP = 3600;
/** Seconds by which a timer may be late without anybody having set the clock. */
const LARGEST_DELAY = 86_400;

/**
 * Which items are to be looked at now and which later. Looks at them in slices, so that the event loop goes on, and never within
 * the call that made them due.
 */
export class Agenda<Key> {
  /** Unix seconds: since then the clock has gone on evenly; before, it was set, or the machine slept, or there was no start. */
  awakeSince = Number.NEGATIVE_INFINITY;
  readonly #due = new Set<Key>();
  readonly #later = new Schedule<Key>();
  #cancelTimer: (() => void) | null = null;
  /** When the timer set by `#arm` ends; Infinity without one. */
  #armedFor = Number.POSITIVE_INFINITY;
  /** The clock when the timer was set. */
  #armedAt = Number.NEGATIVE_INFINITY;
  #scheduled = false;
  #running = false;

  constructor(
    private readonly options: {
      readonly clock: Clock;
      readonly timer: Timer;
      /** May not throw. */
      look(key: Key): void;
    },
  ) {}

  start(): void {
    this.#running = true;
    this.awakeSince = this.options.clock();
    this.#schedule();
    this.#arm();
  }

  stop(): void {
    this.#running = false;
    this.#disarm();
  }

  now(key: Key): void {
    this.#due.add(key);
    this.#schedule();
  }

  /** @param time Unix seconds; replaces an earlier wish for the key */
  at(key: Key, time: number): void {
    this.#later.set(key, time);
    if (this.#running && time < this.#armedFor) this.#armAnew();
  }

  forget(key: Key): void {
    this.#due.delete(key);
    this.#later.delete(key);
  }

  #schedule(): void {
    if (!this.#running || this.#scheduled || this.#due.size === 0) return;
    this.#scheduled = true;
    setImmediate(() => this.#lookAtDue());
  }

  #lookAtDue(): void {
    this.#scheduled = false;
    if (!this.#running) return;
    if (this.#hasJumped()) this.#wake();
    const end = performance.now() + SLICE_MILLISECONDS;
    for (const key of this.#due) {
      if (!this.#running) return;
      this.#due.delete(key);
      this.#later.delete(key);
      this.options.look(key);
      if (performance.now() >= end) break;
    }
    this.#schedule();
  }

  #arm(): void {
    this.#disarm();
    const next = this.#later.next();
    if (next === Number.POSITIVE_INFINITY) return;
    const now = this.options.clock();
    const seconds = Math.min(LONGEST_SLEEP, Math.max(0, next - now));
    this.#armedFor = now + seconds;
    this.#armedAt = now;
    this.#cancelTimer = this.options.timer(seconds, () => this.#wake());
  }

  #disarm(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#armedFor = Number.POSITIVE_INFINITY;
  }

  /** The clock has been set, or the machine has slept. */
  #hasJumped(): boolean {
    const now = this.options.clock();
    return now < this.#armedAt || now > this.#armedFor + LARGEST_DELAY;
  }

  #armAnew(): void {
    if (this.#hasJumped()) this.#wake();
    else this.#arm();
  }

  #wake(): void {
    const now = this.options.clock();
    // All times are those of a clock that has been set back since.
    const until = now < this.#armedAt ? Number.POSITIVE_INFINITY : now;
    if (this.#hasJumped()) this.awakeSince = now;
    this.#armedAt = now;
    this.#disarm();
    for (let key = this.#later.take(until); key !== null; key = this.#later.take(until)) this.#due.add(key);
    this.#schedule();
    this.#arm();
  }
}
