import { setImmediate } from "node:timers/promises";
import type { Timer } from "../bitmessage/messaging/ports.js";
import type { Logger } from "../logger.js";

/** Something that is done again and again in small pieces, each in a transaction of its own. */
export interface Chore {
  readonly name: string;
  /**
   * Does one piece.
   * @param now Unix seconds
   */
  doSome(now: number): "more" | "done";
}

/** Does the chores every hour, a piece at a time, so that mail and messages do not wait for them. */
export interface Upkeep {
  start(): void;
  /** Resolves when no piece is being done. */
  stop(): Promise<void>;
  /** Resolves when all chores are done for now. Never rejects. */
  run(): Promise<void>;
}

export interface UpkeepOptions {
  readonly chores: readonly Chore[];
  /** Unix seconds. */
  readonly clock: () => number;
  readonly timer: Timer;
  readonly log: Logger;
}

/** Seconds. */
const INTERVAL = 3600;
const FIRST_AFTER = 60;
const LARGEST_JUMP = 86_400;

export function createUpkeep(options: UpkeepOptions): Upkeep {
  return new HourlyUpkeep(options);
}

class HourlyUpkeep implements Upkeep {
  readonly #options: UpkeepOptions;
  #cancelTimer: (() => void) | null = null;
  #running: Promise<void> | null = null;
  #stopped = false;
  /** What the clock said when the last round ended, and what it is to say at the next. */
  #expected: number | null = null;

  constructor(options: UpkeepOptions) {
    this.#options = options;
  }

  start(): void {
    this.#stopped = false;
    this.#wait(FIRST_AFTER);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    await this.#running;
  }

  run(): Promise<void> {
    this.#running ??= this.#doAll().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  #wait(seconds: number): void {
    this.#expected = this.#options.clock() + seconds;
    this.#cancelTimer = this.#options.timer(seconds, () => {
      const again = () => {
        if (!this.#stopped) this.#wait(INTERVAL);
      };
      // What is removed for its age stays removed: a clock that has just been set is believed at the next round.
      if (this.#clockHasJumped()) again();
      else void this.run().then(again);
    });
  }

  #clockHasJumped(): boolean {
    const { clock, log } = this.#options;
    const seconds = Math.round(clock() - (this.#expected ?? clock()));
    if (Math.abs(seconds) < LARGEST_JUMP) return false;
    log.warn("the clock has been set, or the machine has slept; nothing is removed for its age for an hour", {
      seconds,
    });
    return true;
  }

  async #doAll(): Promise<void> {
    for (const chore of this.#options.chores) {
      try {
        while (!this.#stopped && chore.doSome(this.#options.clock()) === "more") await setImmediate();
      } catch (error) {
        // The others have their turn; this one is tried again within the hour.
        this.#options.log.error("a chore failed", { chore: chore.name, error });
      }
    }
  }
}
