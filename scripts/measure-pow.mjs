// What a proof of work does to the node around it: threads beside each other, cancelling, the event loop meanwhile.
// Usage: node scripts/measure-pow.mjs [--engine NAME] [--seconds N]      needs a build in dist (or $DIST)
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: { engine: { type: "string", default: "auto" }, seconds: { type: "string", default: "4" } },
});
const seconds = Number(values.seconds);
const dist = resolve(process.env.DIST ?? "dist", "src");
const { createSolver } = await import(`${dist}/bitmessage/pow/create-solver.js`);
const { silentLogger } = await import(`${dist}/logger.js`);

/** Those names of which several engines are tried and measured while a search goes on already. */
const CHOICES = ["auto", "native", "wasm"];

const cores = availableParallelism();
const HASH = new Uint8Array(64);
const CANCELS = 40;

/** A solver, and a promise that it has chosen its engine. */
function solverOf(threads) {
  let chosen = () => {};
  const measured = new Promise((resolve) => {
    chosen = resolve;
  });
  if (!CHOICES.includes(values.engine)) chosen();
  const info = (text) => text.startsWith("measured") && chosen();
  const solver = createSolver({ engine: values.engine, threads, logger: { ...silentLogger, info } });
  return Object.assign(solver, { measured });
}

/** Starts a search that never ends, waits until it runs at full speed, and returns how to end it. */
async function startEndless(solver, priority = 3) {
  const controller = new AbortController();
  const running = { trials: 0, abort: () => controller.abort() };
  await new Promise((started) => {
    const onProgress = ({ trials }) => {
      running.trials = trials;
      if (trials > 0) started();
    };
    const prepare = () => ({ initialHash: HASH, target: 0n });
    solver.solve({ prepare, signal: controller.signal, priority, onProgress }).catch(() => {});
  });
  await solver.measured;
  return running;
}

/** Trials per second of the clock and per second of a core. */
async function measureRate(threads) {
  const solver = solverOf(threads);
  const search = await startEndless(solver);
  const reported = search.trials;
  while (search.trials === reported) await setTimeout(1);
  const [from, startedAt, cpu] = [search.trials, performance.now(), process.cpuUsage()];
  await setTimeout(seconds * 1000);
  const before = search.trials;
  while (search.trials === before) await setTimeout(1);
  const { user, system } = process.cpuUsage(cpu);
  const trials = search.trials - from;
  const elapsed = (performance.now() - startedAt) / 1000;
  search.abort();
  await solver.close();
  return { threads, perSecond: trials / elapsed, perCoreSecond: trials / ((user + system) / 1e6) };
}

/** Milliseconds from an abort until the thread has done other work. */
async function measureCancel() {
  const solver = solverOf(1);
  const delays = [];
  for (let round = 0; round < CANCELS; round++) {
    const search = await startEndless(solver);
    const startedAt = performance.now();
    search.abort();
    const prepare = () => ({ initialHash: HASH, target: 2n ** 64n - 1n });
    await solver.solve({ prepare, signal: new AbortController().signal });
    delays.push(performance.now() - startedAt);
  }
  await solver.close();
  return delays.sort((a, b) => a - b);
}

async function measureEventLoop() {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  await setTimeout(seconds * 1000);
  histogram.disable();
  const milliseconds = (share) => (histogram.percentile(share) / 1e6).toFixed(2);
  return `p50 ${milliseconds(50)} ms, p99 ${milliseconds(99)} ms, longest ${(histogram.max / 1e6).toFixed(1)} ms`;
}

const million = (rate) => (rate / 1e6).toFixed(2);
const one = await measureRate(1);
const all = cores > 1 ? await measureRate(cores) : one;
for (const { threads, perSecond, perCoreSecond } of [one, all])
  console.log(
    `${threads} threads: ${million(perSecond)} million trials/s, ${million(perCoreSecond)} per core second`,
  );
const byCoreTime = (all.threads * all.perCoreSecond) / one.perCoreSecond;
console.log(
  `${all.threads} threads to 1: ${(all.perSecond / one.perSecond).toFixed(2)} by the clock (what else runs here counts), ${byCoreTime.toFixed(2)} by core time`,
);
const delays = await measureCancel();
console.log(`cancel: median ${delays[CANCELS / 2].toFixed(1)} ms, longest ${delays.at(-1).toFixed(1)} ms`);
console.log(`event loop, idle:           ${await measureEventLoop()}`);
const solver = solverOf(cores);
const search = await startEndless(solver);
console.log(`event loop, all cores busy: ${await measureEventLoop()}`);
search.abort();
await solver.close();
