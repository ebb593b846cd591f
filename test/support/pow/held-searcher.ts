import { type Searcher, SearchQueue } from "../../../src/bitmessage/pow/search-queue.js";
import type { Solution, Work, WorkRequest } from "../../../src/bitmessage/pow/solver.js";

export const WORK: Work = { initialHash: new Uint8Array(64), target: 1000n };

/** A searcher whose searches end when the test says so. */
export class HeldSearcher implements Searcher {
  readonly started: Work[] = [];
  cancelled = 0;
  closed = 0;
  measured = { trials: 0, seconds: 0 };
  answer: (solution: Solution) => void = () => {};
  fail: (error: Error) => void = () => {};

  describe() {
    return { engine: "held", threads: 3 };
  }
  progress() {
    return this.measured;
  }
  search(work: Work): Promise<Solution> {
    this.started.push(work);
    return new Promise((resolve, reject) => {
      this.answer = resolve;
      this.fail = reject;
    });
  }
  cancel(): void {
    this.cancelled++;
  }
  async close(): Promise<void> {
    this.closed++;
  }
}

export function request(over: Partial<WorkRequest> = {}): WorkRequest {
  return { prepare: () => WORK, signal: new AbortController().signal, ...over };
}

export const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

export async function finishAll(searcher: HeldSearcher, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    await settled();
    searcher.answer({ nonce: BigInt(index), trials: 1 });
  }
}

/** A queue whose turns end when the test says so, and requests that are told apart by their target. */
export function setUpTurns() {
  const searcher = new HeldSearcher();
  const clock = { now: 0 };
  let endTurn: () => void = () => {};
  const every = (milliseconds: number, action: () => void) => {
    if (milliseconds === 1000) endTurn = action;
    return () => {};
  };
  const queue = new SearchQueue(searcher, every, () => clock.now);
  const prepared: bigint[] = [];
  const ask = (target: bigint, over: Partial<WorkRequest> = {}) =>
    queue.solve(
      request({
        prepare: () => {
          prepared.push(target);
          return { ...WORK, target };
        },
        ...over,
      }),
    );
  const targets = () => searcher.started.map((work) => work.target);
  return { searcher, queue, clock, ask, prepared, targets, endTurn: () => endTurn() };
}
