import { availableParallelism } from "node:os";
import { availableEngines, createEngine } from "../../bitmessage/pow/create-engine.js";
import type { EngineName } from "../../bitmessage/pow/engine.js";
import { tryNativeEngines } from "../../bitmessage/pow/native-trial.js";
import { createSolver } from "../../bitmessage/pow/worker-pool.js";
import { silentLogger } from "../../logger.js";
import { perSecond, type Stopwatch, stopwatch, type Total, takeTurns } from "./turns.js";

/** One engine on so many threads. A CPU second is one of a processor core: what else the machine does does not count. */
export interface PowBench {
  readonly name: string;
  readonly threads: number;
  readonly trials_per_second: number;
  readonly trials_per_cpu_second: number;
}

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
  const engines = availableEngines("auto", (await tryNativeEngines()).working).map(createEngine);
  const tasks = engines.map((engine) => {
    engine.load({ initialHash: new Uint8Array(64), target: 0n });
    return { step: 256, run: (trials: number) => void engine.search(0n, trials) };
  });
  const totals = await takeTurns(tasks, seconds);
  return engines.map(({ name }, index) => row(name, 1, totals[index]!));
}

/** Through the solver, as the node works: a search that cannot succeed, cancelled when the time is over. */
async function benchThreads(engine: EngineName, threads: number, seconds: number): Promise<PowBench> {
  const solver = createSolver({ engine, threads, logger: silentLogger });
  let total: Total = { operations: 0, seconds: 0, cpuSeconds: 0 };
  const enough = new AbortController();
  let begin: { trials: number; elapsed: Stopwatch } | undefined;
  const endless = solver.solve({
    prepare: () => ({ initialHash: new Uint8Array(64), target: 0n }),
    signal: enough.signal,
    onProgress({ trials }) {
      // The first report is the start: the threads are up and at full speed by then.
      if (trials > 0) begin ??= { trials, elapsed: stopwatch() };
      if (!begin || trials === begin.trials) return;
      total = { operations: trials - begin.trials, ...begin.elapsed() };
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
    trials_per_second: perSecond(total.operations, total.seconds),
    trials_per_cpu_second: perSecond(total.operations, total.cpuSeconds),
  };
}
