import { availableParallelism } from "node:os";
import { LoginRefused } from "../../mail/sasl.js";

/** Each takes a thread of the few that files and name lookups need as well, some 64 MiB, and a processor, of which one is left to others. */
const AT_A_TIME = Math.max(1, Math.min(2, availableParallelism() - 1));
const MOST_WAITING = 64;
/** Seconds after which a flood may be over. */
const TRY_AGAIN = 5;

/** Hashes passwords a few at a time, so that a flood of logins takes neither all memory nor all processors. */
export class HashQueue {
  #running = 0;
  readonly #atATime: number;
  readonly #waiting: (() => void)[] = [];
  #isClosed = false;

  constructor(atATime = AT_A_TIME) {
    this.#atATime = atATime;
  }

  /** What waits and what comes is refused, and what is being done comes to nothing: there may be nothing any more that it could be held against. */
  close(): void {
    this.#isClosed = true;
  }

  #refuseClosed(): void {
    if (this.#isClosed) throw new LoginRefused(TRY_AGAIN);
  }

  /** @throws LoginRefused when too many wait */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running < this.#atATime) this.#running++;
    else {
      if (this.#waiting.length >= MOST_WAITING) throw new LoginRefused(TRY_AGAIN);
      // Who ends hands the place on.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    try {
      this.#refuseClosed();
      const result = await work();
      this.#refuseClosed();
      return result;
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
