import type { Scheduler } from "./scheduler.js";

/** Seconds of work in one turn of the event loop; then all others have theirs. */
const TURN = 0.008;

/** One slice of a longer work: whether another one has to follow. */
export type Slice = () => "more" | "done";

/**
 * Work that is too long for one turn of the event loop, in slices: all works take their turns one slice after the other, and
 * between turns sockets and timers are served.
 */
export class SlicedWork {
  readonly #scheduler: Scheduler;
  readonly #waiting: Slice[] = [];
  #running = false;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** Begins in a later turn. A slice should take a few milliseconds; one that throws is the last of its work. */
  add(slice: Slice): void {
    this.#waiting.push(slice);
    this.#run();
  }

  #run(): void {
    if (this.#running || this.#waiting.length === 0) return;
    this.#running = true;
    this.#scheduler.after(0, () => {
      this.#running = false;
      try {
        this.#turn();
      } finally {
        this.#run();
      }
    });
  }

  #turn(): void {
    const end = this.#scheduler.now() + TURN;
    for (let slice = this.#waiting.shift(); slice !== undefined; slice = this.#waiting.shift()) {
      if (slice() === "more") this.#waiting.push(slice);
      if (this.#scheduler.now() >= end) return;
    }
  }
}
