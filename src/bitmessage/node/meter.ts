import type { Scheduler } from "./scheduler.js";

/** Seconds between two looks whether those who wait may go on. */
const TURN = 0.05;

interface Waiting {
  readonly turn: () => void;
  readonly reserved: number;
}

/**
 * A limit of bytes per second for all peers together (a token bucket that holds one second). Whoever finds it used up waits, and
 * those who wait have their turns one after the other, so that each gets the same.
 */
export class Meter {
  readonly #rate: number;
  readonly #scheduler: Scheduler;
  readonly #queue: Waiting[] = [];
  #allowance: number;
  #countedAt: number;
  #running = false;

  /** @param rate bytes per second; 0 for no limit */
  constructor(rate: number, scheduler: Scheduler) {
    this.#rate = rate;
    this.#scheduler = scheduler;
    this.#allowance = rate;
    this.#countedAt = scheduler.now();
  }

  /** Whether bytes may pass now. */
  get isOpen(): boolean {
    if (this.#rate === 0) return true;
    this.#count();
    return this.#queue.length === 0 && this.#allowance > 0;
  }

  /** Counts bytes that have passed; more than there was room for are made up for by a longer wait. */
  spend(bytes: number): void {
    if (this.#rate === 0) return;
    this.#count();
    this.#allowance -= bytes;
  }

  /** Calls back, once, in turn. @param reserved bytes that are counted at that moment */
  wait(turn: () => void, reserved: number): void {
    this.#queue.push({ turn, reserved });
    this.#run();
  }

  #run(): void {
    if (this.#running || this.#queue.length === 0) return;
    this.#running = true;
    this.#scheduler.after(TURN, () => {
      this.#running = false;
      this.#count();
      while (this.#allowance > 0) {
        const next = this.#queue.shift();
        if (next === undefined) break;
        this.#allowance -= next.reserved;
        next.turn();
      }
      this.#run();
    });
  }

  #count(): void {
    const now = this.#scheduler.now();
    this.#allowance = Math.min(this.#rate, this.#allowance + (now - this.#countedAt) * this.#rate);
    this.#countedAt = now;
  }
}
