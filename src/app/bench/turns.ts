/** Measures several things side by side, in short turns, so that what else the machine does hits none of them alone. */
import { performance } from "node:perf_hooks";
import { setImmediate } from "node:timers/promises";

export interface Task {
  /** Operations to do at a time at first; doubled until the looks at the clock cost nothing. */
  readonly step: number;
  run(operations: number): void | Promise<void>;
}

export interface Total {
  readonly operations: number;
  readonly seconds: number;
  /** Of all threads of this process: what other processes do does not count. */
  readonly cpuSeconds: number;
}

const LONGEST_TURN = 0.05;
const SHORTEST_TURN = 0.001;
const LARGEST_STEP = 2 ** 20;
const WARM_UP_ROUNDS = 2;
const LEAST_ROUNDS = 2;

/**
 * @param seconds about how long it takes in all; each task has its turns, however little that is
 * @returns for each task what it came to
 */
export async function takeTurns(tasks: readonly Task[], seconds: number): Promise<Total[]> {
  const share = seconds / tasks.length / (WARM_UP_ROUNDS + LEAST_ROUNDS);
  const turn = Math.max(SHORTEST_TURN, Math.min(LONGEST_TURN, share));
  const end = performance.now() + seconds * 1000;
  const runs = tasks.map((task) => ({ task, step: task.step, total: NOTHING }));
  for (let round = 0; round < WARM_UP_ROUNDS + LEAST_ROUNDS || performance.now() < end; round++) {
    for (const run of runs) {
      const done = await takeTurn(run, turn);
      if (round >= WARM_UP_ROUNDS) run.total = add(run.total, done);
    }
    await setImmediate();
  }
  return runs.map((run) => run.total);
}

const NOTHING: Total = { operations: 0, seconds: 0, cpuSeconds: 0 };

async function takeTurn(run: { readonly task: Task; step: number }, turn: number): Promise<Total> {
  const elapsed = stopwatch();
  let operations = 0;
  let now = elapsed();
  do {
    const before = now.seconds;
    await run.task.run(run.step);
    operations += run.step;
    now = elapsed();
    if (now.seconds - before < turn / 16 && run.step < LARGEST_STEP) run.step *= 2;
  } while (now.seconds < turn);
  return { operations, ...now };
}

function add(a: Total, b: Total): Total {
  return {
    operations: a.operations + b.operations,
    seconds: a.seconds + b.seconds,
    cpuSeconds: a.cpuSeconds + b.cpuSeconds,
  };
}

export type Stopwatch = () => { readonly seconds: number; readonly cpuSeconds: number };

export function stopwatch(): Stopwatch {
  const start = performance.now();
  const cpuStart = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(cpuStart);
    return { seconds: (performance.now() - start) / 1000, cpuSeconds: (user + system) / 1e6 };
  };
}

/** Whole above 100, else with one digit after the point. */
export function perSecond(operations: number, seconds: number): number {
  const rate = operations / seconds;
  return rate >= 100 ? Math.round(rate) : Math.round(rate * 10) / 10;
}
