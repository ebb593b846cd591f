import { randomBytes } from "node:crypto";
import { performance } from "node:perf_hooks";
import { clearImmediate, setImmediate } from "node:timers";
import { createJavascriptEngine } from "../../../src/bitmessage/pow/javascript-engine.js";
import { type Searcher, SearchQueue } from "../../../src/bitmessage/pow/search-queue.js";
import type { Solution, Solver, Work } from "../../../src/bitmessage/pow/solver.js";

/** Trials between two looks at the event loop: about a millisecond. */
const SLICE = 512;

/** A solver on the thread of the caller: enough for the targets of tests. */
export function createInlineSolver(): Solver {
  return new SearchQueue(new InlineSearcher());
}

class InlineSearcher implements Searcher {
  readonly #engine = createJavascriptEngine();
  #next: NodeJS.Immediate | undefined;
  #trials = 0;
  #startedAt = 0;

  describe() {
    return { engine: this.#engine.name, threads: 1 };
  }

  progress() {
    return { trials: this.#trials, seconds: (performance.now() - this.#startedAt) / 1000 };
  }

  search(work: Work): Promise<Solution> {
    this.#trials = 0;
    this.#startedAt = performance.now();
    this.#engine.load(work);
    const start = randomBytes(8).readBigUInt64BE(0);
    return new Promise((resolve) => {
      const slice = () => {
        const nonce = BigInt.asUintN(64, start + BigInt(this.#trials));
        const offset = this.#engine.search(nonce, SLICE);
        this.#trials += offset === -1 ? SLICE : offset + 1;
        if (offset === -1) this.#next = setImmediate(slice);
        else resolve({ nonce: BigInt.asUintN(64, nonce + BigInt(offset)), trials: this.#trials });
      };
      slice();
    });
  }

  cancel(): void {
    clearImmediate(this.#next);
  }

  async close(): Promise<void> {}
}
