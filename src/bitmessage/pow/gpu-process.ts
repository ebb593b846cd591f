/**
 * The program that drives the graphics processor: a process of its own, because drivers crash and hang. It tests the
 * driver, says how fast it is, and then searches as it is told.
 */
import { randomBytes } from "node:crypto";
import { performance } from "node:perf_hooks";
import { testSearches } from "./create-engine.js";
import { createGpuKernel, type GpuKernel } from "./gpu-kernel.js";
import type { GpuAnswer, GpuOrder } from "./gpu-messages.js";
import type { Work } from "./solver.js";

/** Short enough for a desktop to be drawn between two batches, and for a search to be cancelled. */
const LONGEST_BATCH_MILLISECONDS = 16;
const SHORTEST_BATCH_MILLISECONDS = 6;
const FIRST_BATCH = 2 ** 16;
const LARGEST_BATCH = 2 ** 30;
const CALIBRATION_MILLISECONDS = 300;

let batch = FIRST_BATCH;
let current: Extract<GpuOrder, { kind: "search" }> | null = null;
let searching = false;

process.on("disconnect", () => process.exit(0));

try {
  const kernel = await createGpuKernel();
  await assertCorrect(kernel);
  const trialsPerSecond = await calibrate(kernel);
  process.on("message", (order: GpuOrder) => {
    current = order.kind === "search" ? order : null;
    if (!searching) void searchOn(kernel).catch(fail);
  });
  say({ kind: "ready", adapter: kernel.adapter, trialsPerSecond });
} catch (error) {
  fail(error);
}

async function assertCorrect(kernel: GpuKernel): Promise<void> {
  for (const { work, start, count, expected } of testSearches()) {
    if ((await kernel.search(work, start, count)) !== expected) throw new Error("it fails its self-test");
  }
}

async function calibrate(kernel: GpuKernel): Promise<number> {
  const work: Work = { initialHash: new Uint8Array(64), target: 0n };
  const startedAt = performance.now();
  let best = 0;
  while (performance.now() - startedAt < CALIBRATION_MILLISECONDS)
    best = Math.max(best, await timed(kernel, work));
  return Math.round(best);
}

/** Trials per second of one batch, which sets the size of the next. */
async function timed(kernel: GpuKernel, work: Work): Promise<number> {
  const [trials, startedAt] = [batch, performance.now()];
  await kernel.search(work, 0n, trials);
  const milliseconds = performance.now() - startedAt;
  resize(milliseconds);
  return (1000 * trials) / milliseconds;
}

function resize(milliseconds: number): void {
  if (milliseconds < SHORTEST_BATCH_MILLISECONDS) batch = Math.min(LARGEST_BATCH, batch * 2);
  else if (milliseconds > LONGEST_BATCH_MILLISECONDS) batch = Math.max(256, batch / 2);
}

async function searchOn(kernel: GpuKernel): Promise<void> {
  searching = true;
  while (current) {
    const { search, work } = current;
    const start = randomBytes(8).readBigUInt64BE(0);
    let trials = 0;
    while (current?.search === search) {
      const [from, startedAt] = [BigInt.asUintN(64, start + BigInt(trials)), performance.now()];
      const offset = await kernel.search(work, from, batch);
      trials += offset === -1 ? batch : offset + 1;
      if (offset === -1) say({ kind: "progress", search, trials });
      else if (current?.search === search) {
        say({ kind: "found", search, trials, nonce: BigInt.asUintN(64, from + BigInt(offset)) });
        current = null;
      }
      resize(performance.now() - startedAt);
    }
  }
  searching = false;
}

function fail(error: unknown): void {
  say({ kind: "failed", reason: error instanceof Error ? error.message : String(error) });
  setImmediate(() => process.exit(1));
}

function say(answer: GpuAnswer): void {
  if (process.connected) process.send?.(answer);
}
