import { availableParallelism } from "node:os";
import { performance } from "node:perf_hooks";
import { setImmediate } from "node:timers/promises";
import { availableEngines, createEngine } from "../../bitmessage/pow/create-engine.js";
import type { Engine, EngineName } from "../../bitmessage/pow/engine.js";
import { createSolver } from "../../bitmessage/pow/worker-pool.js";
import { silentLogger } from "../../logger.js";

/** One engine on so many threads. A CPU second is one of a processor core: what else the machine does does not count. */
export interface PowBench {
  readonly name: string;
  readonly threads: number;
  readonly trials_per_second: number;
  readonly trials_per_cpu_second: number;
}

interface Run {
  readonly engine: Engine;
  count: number;
  readonly total: Total;
}

interface Total {
  trials: number;
  seconds: number;
  cpuSeconds: number;
}

const SLICE_SECONDS = 0.05;
const WARM_UP_SLICES = 2;

/**
 * Measures each engine of this machine on one thread, in slices that alternate so that all meet the same conditions, and
 * then the fastest on a thread for each core.
 * @param options.seconds about how long it takes in all
 */
export async function benchPow(options: { seconds: number }): Promise<{ engines: PowBench[] }> {
  const cores = availableParallelism();
  const engines = await benchEngines(cores > 1 ? (options.seconds * 2) / 3 : options.seconds);
  const fastest = engines.reduce((a, b) => (b.trials_per_cpu_second > a.trials_per_cpu_second ? b : a));
  if (cores > 1) engines.push(await benchThreads(fastest.name as EngineName, cores, options.seconds / 3));
  return { engines };
}

async function benchEngines(seconds: number): Promise<PowBench[]> {
  const runs = availableEngines("auto").map((name): Run => {
    const engine = createEngine(name);
    engine.load({ initialHash: new Uint8Array(64), target: 0n });
    return { engine, count: 256, total: { trials: 0, seconds: 0, cpuSeconds: 0 } };
  });
  for (let slice = 0; slice < WARM_UP_SLICES; slice++) for (const run of runs) runSlice(run);
  for (const run of runs) Object.assign(run.total, { trials: 0, seconds: 0, cpuSeconds: 0 });
  const end = performance.now() + seconds * 1000;
  do {
    for (const run of runs) runSlice(run);
    await setImmediate();
  } while (performance.now() < end);
  return runs.map(({ engine, total }) => row(engine.name, 1, total));
}

function runSlice(run: Run): void {
  const elapsed = stopwatch();
  let trials = 0;
  let now = elapsed();
  while (now.seconds < SLICE_SECONDS) {
    const before = now.seconds;
    run.engine.search(0n, run.count);
    trials += run.count;
    now = elapsed();
    if (now.seconds - before < SLICE_SECONDS / 16) run.count *= 2;
  }
  run.total.trials += trials;
  run.total.seconds += now.seconds;
  run.total.cpuSeconds += now.cpuSeconds;
}

/** Through the solver, as the node works: a search that cannot succeed, cancelled when the time is over. */
async function benchThreads(engine: EngineName, threads: number, seconds: number): Promise<PowBench> {
  const solver = createSolver({ engine, threads, logger: silentLogger });
  const total: Total = { trials: 0, seconds: 0, cpuSeconds: 0 };
  const enough = new AbortController();
  let begin: { trials: number; elapsed: Stopwatch } | undefined;
  const endless = solver.solve({
    prepare: () => ({ initialHash: new Uint8Array(64), target: 0n }),
    signal: enough.signal,
    onProgress({ trials }) {
      // The first report is the start: the threads are up and at full speed by then.
      if (trials > 0) begin ??= { trials, elapsed: stopwatch() };
      if (!begin || trials === begin.trials) return;
      Object.assign(total, begin.elapsed(), { trials: trials - begin.trials });
      if (total.seconds >= seconds) enough.abort();
    },
  });
  try {
    await endless;
  } catch (error) {
    if (!enough.signal.aborted) throw error;
  } finally {
    await solver.close();
  }
  return row(engine, threads, total);
}

function row(name: string, threads: number, total: Total): PowBench {
  return {
    name,
    threads,
    trials_per_second: Math.round(total.trials / total.seconds),
    trials_per_cpu_second: Math.round(total.trials / total.cpuSeconds),
  };
}

type Stopwatch = () => { seconds: number; cpuSeconds: number };

function stopwatch(): Stopwatch {
  const start = performance.now();
  const cpuStart = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(cpuStart);
    return { seconds: (performance.now() - start) / 1000, cpuSeconds: (user + system) / 1e6 };
  };
}
