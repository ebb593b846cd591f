import { performance } from "node:perf_hooks";
import { createEngine } from "./create-engine.js";
import type { Engine, EngineName } from "./engine.js";

export interface EngineMeasurement {
  readonly engine: EngineName;
  /** On one thread; 0 if the engine does not work here. */
  readonly trialsPerSecond: number;
  readonly failure?: string;
}

const SLICE_MILLISECONDS = 2;
/** V8 has replaced its slow first code by then. */
const WARM_SLICES = 9;
const MOST_SLICES = 40;
/** An engine that was no better than before for so many slices has reached its full speed. */
const STEADY_SLICES = 6;
/** One that is warm and so many times slower than another is measured no longer. */
const HOPELESS = 1.5;

interface Run {
  readonly engine: Engine;
  count: number;
  best: number;
  bestSlice: number;
}

/**
 * Tests and times engines on this thread, fastest first, in about 20 ms for each and 30 ms for the fastest. The slices of
 * the engines alternate and the best of each counts, so that what else the machine does hits none of them alone.
 */
export function measureEngines(names: readonly EngineName[]): EngineMeasurement[] {
  const failed: EngineMeasurement[] = [];
  const runs: Run[] = [];
  for (const name of names) {
    try {
      const engine = createEngine(name);
      engine.load({ initialHash: new Uint8Array(64), target: 0n });
      runs.push({ engine, count: 64, best: 0, bestSlice: 0 });
    } catch (error) {
      failed.push({
        engine: name,
        trialsPerSecond: 0,
        failure: error instanceof Error ? error.message : String(error),
      });
    }
  }
  let racing = runs;
  for (let slice = 0; slice < MOST_SLICES; slice++) {
    for (const run of racing) measureSlice(run, slice);
    if (slice < WARM_SLICES) continue;
    const best = Math.max(...racing.map((run) => run.best));
    racing = racing.filter((run) => run.best * HOPELESS > best);
    if (racing.every((run) => slice - run.bestSlice >= STEADY_SLICES)) break;
  }
  const measured = runs.map(({ engine, best }) => ({
    engine: engine.name,
    trialsPerSecond: Math.round(best),
  }));
  return [...measured.sort((a, b) => b.trialsPerSecond - a.trialsPerSecond), ...failed];
}

/** Several short searches: V8 replaces its first, slow code only when the function is entered anew. */
function measureSlice(run: Run, slice: number): void {
  const startedAt = performance.now();
  let trials = 0;
  let elapsed = 0;
  while (elapsed < SLICE_MILLISECONDS) {
    run.engine.search(0n, run.count);
    trials += run.count;
    const now = performance.now() - startedAt;
    if (now - elapsed < SLICE_MILLISECONDS / 16) run.count *= 2;
    elapsed = now;
  }
  const rate = (1000 * trials) / elapsed;
  if (rate > run.best * 1.05) run.bestSlice = slice;
  run.best = Math.max(run.best, rate);
}
