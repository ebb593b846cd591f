import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { assertCorrect, availableEngines, createEngine } from "../../bitmessage/pow/create-engine.js";
import { createSolver } from "../../bitmessage/pow/create-solver.js";
import type { Engine, EngineName } from "../../bitmessage/pow/engine.js";
import { hasGpuPackage } from "../../bitmessage/pow/gpu-kernel.js";
import { createLibraryEngine } from "../../bitmessage/pow/native-engine.js";
import { tryNativeEngines } from "../../bitmessage/pow/native-trial.js";
import { silentLogger } from "../../logger.js";
import { perSecond, type Stopwatch, stopwatch, type Total, takeTurns } from "./turns.js";

/** One engine on so many threads. A CPU second is one of a processor core: what else the machine does does not count. */
export interface PowBench {
  readonly name: string;
  readonly threads: number;
  readonly trials_per_second: number;
  /** Null for "gpu". */
  readonly trials_per_cpu_second: number | null;
  /** Trials per CPU second, of "gpu" per second, to those of the reference. */
  readonly ratio: number;
}

export interface PowBenchOptions {
  /** About how long it takes in all. */
  readonly seconds: number;
  /** A library that scripts/build-anchors.mjs has made. */
  readonly anchor?: string;
}

export interface PowBenchResult {
  /** The row that the ratios are to: the anchor, or else node:crypto. */
  readonly reference: string;
  readonly engines: PowBench[];
}

/**
 * Measures each engine of this machine on one thread, and the anchor if there is one, in slices that alternate so that all
 * meet the same conditions, and then the fastest on a thread for each core. Throws if the anchor cannot be loaded or errs.
 */
export async function benchPow(options: PowBenchOptions): Promise<PowBenchResult> {
  const cores = availableParallelism();
  const names = availableEngines("auto", (await tryNativeEngines()).working);
  const anchors = options.anchor === undefined ? [] : [createAnchor(options.anchor)];
  const rates = await benchEngines(
    [...anchors, ...names.map(createEngine)],
    cores > 1 ? (options.seconds * 2) / 3 : options.seconds,
  );
  const own = rates.slice(anchors.length);
  const reference = anchors.length > 0 ? rates[0]! : own.at(-1)!;
  const fastest = own.reduce((a, b) => (ratio(b, a) > 1 ? b : a));
  const share = options.seconds / 3;
  if (cores > 1) rates.push(await benchSolver(fastest.name as EngineName, cores, share));
  if (hasGpuPackage()) rates.push(await benchSolver("gpu", cores, share));
  const engines = rates.map((rate) => ({ ...rate, ratio: round(ratio(rate, reference)) }));
  return { reference: reference.name, engines };
}

type Rate = Omit<PowBench, "ratio">;

/** The kernel of scripts/anchors/openssl-loop.c. */
function createAnchor(path: string): Engine {
  const engine = createLibraryEngine("native-openssl", resolve(path));
  assertCorrect(engine);
  return engine;
}

async function benchEngines(engines: readonly Engine[], seconds: number): Promise<Rate[]> {
  const tasks = engines.map((engine) => {
    engine.load({ initialHash: new Uint8Array(64), target: 0n });
    return { step: 256, run: (trials: number) => void engine.search(0n, trials) };
  });
  const totals = await takeTurns(tasks, seconds);
  return engines.map(({ name }, index) => row(name, 1, totals[index]!));
}

function ratio(rate: Rate, reference: Rate): number {
  if (rate.trials_per_cpu_second === null) return rate.trials_per_second / reference.trials_per_second;
  return rate.trials_per_cpu_second / reference.trials_per_cpu_second!;
}

const LONGEST_GPU_START_SECONDS = 20;

/** Through the solver, as the node works: a search that cannot succeed, cancelled when the time is over. */
async function benchSolver(engine: EngineName | "gpu", threads: number, seconds: number): Promise<Rate> {
  const solver = createSolver({ engine, threads, logger: silentLogger });
  let total: Total = { operations: 0, seconds: 0, cpuSeconds: 0 };
  const enough = new AbortController();
  const sinceStart = stopwatch();
  let begin: { trials: number; elapsed: Stopwatch } | undefined;
  const endless = solver.solve({
    prepare: () => ({ initialHash: new Uint8Array(64), target: 0n }),
    signal: enough.signal,
    onProgress({ trials }) {
      const running = solver.status().engine === engine;
      if (!running && sinceStart().seconds > LONGEST_GPU_START_SECONDS) enough.abort();
      // The first report is the start: the threads are up and at full speed by then.
      if (running && trials > 0) begin ??= { trials, elapsed: stopwatch() };
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
  if (engine !== "gpu") return row(engine, threads, total);
  const rate = total.seconds > 0 ? perSecond(total.operations, total.seconds) : 0;
  return { name: "gpu", threads: 0, trials_per_second: rate, trials_per_cpu_second: null };
}

function row(name: string, threads: number, total: Total): Rate {
  return {
    name,
    threads,
    trials_per_second: perSecond(total.operations, total.seconds),
    trials_per_cpu_second: perSecond(total.operations, total.cpuSeconds),
  };
}

/** With two digits after the point. */
function round(ratio: number): number {
  return Math.round(ratio * 100) / 100;
}
