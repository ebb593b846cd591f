import { setImmediate as nextTurn } from "node:timers/promises";

const SLICE = 4;

/** Lets other sessions run: long work asks now and then, and is made to wait a turn when its slice of time is used up. */
export class Pacer {
  #since = performance.now();

  /** A promise to await when it is the others' turn. */
  pause(): Promise<void> | undefined {
    return performance.now() - this.#since > SLICE ? this.#yield() : undefined;
  }

  /** The slice begins now, as after waiting for something else. */
  restart(): void {
    this.#since = performance.now();
  }

  async #yield(): Promise<void> {
    await nextTurn();
    this.#since = performance.now();
  }
}
