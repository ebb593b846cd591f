/** A thread of the worker pool: does what the pool's messages say, one after the other. */
import { readlinkSync } from "node:fs";
import { setPriority } from "node:os";
import { performance } from "node:perf_hooks";
import { parentPort } from "node:worker_threads";
import { createEngine } from "./create-engine.js";
import type { Engine, EngineName } from "./engine.js";
import { measureEngines } from "./measure-engines.js";
import { SearchControl } from "./search-control.js";
import type { WorkerAnswer, WorkerOrder } from "./worker-messages.js";

type SearchOrder = Extract<WorkerOrder, { kind: "search" }>;

/** Small at first, for V8 replaces its slow first code only between calls; then as large as quick cancelling allows. */
const FIRST_CHUNK = 256;
const LARGEST_CHUNK = 2 ** 22;
const GROW_BELOW_MILLISECONDS = 2;
const SHRINK_ABOVE_MILLISECONDS = 5;

const engines = new Map<EngineName, Engine>();
let lowered = false;

parentPort?.on("message", (order: WorkerOrder) => {
  if (order.kind === "measure") {
    answer({ kind: "measured", measurements: measureEngines(order.engines) });
    return;
  }
  lowerPriority();
  try {
    search(order);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    answer({ kind: "broken", search: order.search, engine: order.engine, text });
  }
});

function search(order: SearchOrder): void {
  const control = new SearchControl(order.control);
  if (control.stopped) return;
  const engine = engineOf(order.engine);
  engine.load(order.work);
  let chunk = FIRST_CHUNK;
  let trials = 0;
  while (!control.stopped) {
    const start = control.take(chunk);
    const startedAt = performance.now();
    const offset = engine.search(start, chunk);
    trials += offset === -1 ? chunk : offset + 1;
    control.setTrials(order.thread, trials);
    if (offset !== -1) {
      const nonce = BigInt.asUintN(64, start + BigInt(offset));
      if (control.stop()) answer({ kind: "found", search: order.search, nonce });
      return;
    }
    chunk = nextChunk(chunk, performance.now() - startedAt);
  }
}

function nextChunk(chunk: number, milliseconds: number): number {
  if (milliseconds < GROW_BELOW_MILLISECONDS) return Math.min(LARGEST_CHUNK, chunk * 2);
  if (milliseconds > SHRINK_ABOVE_MILLISECONDS) return Math.max(FIRST_CHUNK, chunk / 2);
  return chunk;
}

function engineOf(name: EngineName): Engine {
  const present = engines.get(name);
  if (present) return present;
  const engine = createEngine(name);
  engines.set(name, engine);
  return engine;
}

/** On Linux a priority belongs to a thread, so this one yields to all others. Elsewhere it is the whole process's: leave it. */
function lowerPriority(): void {
  if (lowered || process.platform !== "linux") return;
  lowered = true;
  try {
    setPriority(Number(readlinkSync("/proc/thread-self").split("/").pop()), 19);
  } catch {
    // Without /proc, or where a sandbox forbids it, the search runs at normal priority.
  }
}

function answer(message: WorkerAnswer): void {
  parentPort?.postMessage(message);
}
