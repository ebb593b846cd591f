import { EventEmitter } from "node:events";
import { afterEach, describe, expect, test } from "@jest/globals";
import type { GpuAnswer, GpuOrder } from "../../../src/bitmessage/pow/gpu-messages.js";
import {
  type GpuProcess,
  GpuSearcher,
  type GpuSearcherSeams,
} from "../../../src/bitmessage/pow/gpu-searcher.js";
import type { CpuSearcher } from "../../../src/bitmessage/pow/search-queue.js";
import { isSolution } from "../../../src/bitmessage/pow/solution-check.js";
import type { Solution, Work } from "../../../src/bitmessage/pow/solver.js";
import type { Logger } from "../../../src/logger.js";

const WORK: Work = { initialHash: new Uint8Array(64), target: 1n << 62n };
const GOOD = Array.from({ length: 100 }, (_, nonce) => BigInt(nonce)).find((nonce) =>
  isSolution(nonce, WORK),
)!;
const BAD = Array.from({ length: 100 }, (_, nonce) => BigInt(nonce)).find(
  (nonce) => !isSolution(nonce, WORK),
)!;

/** A CPU whose searches end when the test says so. */
class HeldCpu implements CpuSearcher {
  readonly started: Work[] = [];
  cancelled = 0;
  closed = 0;
  measured = { trials: 0, seconds: 0 };
  answer: (solution: Solution) => void = () => {};

  describe() {
    return { engine: "wasm", threads: 3 };
  }
  progress() {
    return this.measured;
  }
  measuredRate() {
    return Promise.resolve(1000);
  }
  search(work: Work): Promise<Solution> {
    this.started.push(work);
    return new Promise((resolve) => {
      this.answer = resolve;
    });
  }
  cancel(): void {
    this.cancelled++;
  }
  async close(): Promise<void> {
    this.closed++;
  }
}

class ScriptedProcess extends EventEmitter {
  readonly orders: GpuOrder[] = [];
  killed = false;
  held = true;

  send(order: GpuOrder): boolean {
    this.orders.push(order);
    return true;
  }
  kill(): boolean {
    this.killed = true;
    return true;
  }
  ref(): void {
    this.held = true;
  }
  unref(): void {
    this.held = false;
  }
  say(answer: GpuAnswer): void {
    this.emit("message", answer);
  }
}

const searchers: GpuSearcher[] = [];
afterEach(() => Promise.all(searchers.splice(0).map((searcher) => searcher.close())));

function setUp(use: "always" | "if-faster" = "if-faster", seams: GpuSearcherSeams = {}) {
  const cpu = new HeldCpu();
  const processes: ScriptedProcess[] = [];
  const lines: string[] = [];
  const write = (text: string) => void lines.push(text);
  const logger: Logger = { debug: write, info: write, warn: write, error: write, child: () => logger };
  const spawn = () => {
    processes.push(new ScriptedProcess());
    return processes.at(-1) as unknown as GpuProcess;
  };
  const gpu = new GpuSearcher({ cpu, use, logger }, { spawn, ...seams });
  searchers.push(gpu);
  return { cpu, gpu, processes, lines };
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
const ready = (trialsPerSecond: number): GpuAnswer => ({ kind: "ready", adapter: "a card", trialsPerSecond });

/** With a search that has moved to the graphics processor. */
async function setUpAccepted(seams: GpuSearcherSeams = {}) {
  const all = setUp("if-faster", seams);
  const solution = all.gpu.search(WORK);
  await settled();
  const [process] = all.processes;
  all.cpu.measured = { trials: 500, seconds: 1 };
  process!.say(ready(5000));
  return { ...all, process: process!, solution };
}

describe("a graphics processor that is faster", () => {
  test("takes the running search over from the CPU", async () => {
    const { gpu, cpu, process, solution } = await setUpAccepted();
    expect(cpu.cancelled).toBe(1);
    expect(gpu.describe()).toEqual({ engine: "gpu", threads: 3 });
    expect(process.orders).toEqual([{ kind: "search", search: 1, work: WORK }]);
    process.say({ kind: "progress", search: 1, trials: 700 });
    expect(gpu.progress().trials).toBe(1200);
    process.say({ kind: "found", search: 1, trials: 900, nonce: GOOD });
    await expect(solution).resolves.toEqual({ nonce: GOOD, trials: 1400 });
    expect(gpu.progress().trials).toBe(1400);
    expect(process.held).toBe(false);
  });

  test("does the next search from its start", async () => {
    const { gpu, cpu, process, solution } = await setUpAccepted();
    process.say({ kind: "found", search: 1, trials: 900, nonce: GOOD });
    await solution;
    const next = gpu.search(WORK);
    expect(process.held).toBe(true);
    expect(process.orders).toHaveLength(2);
    process.say({ kind: "found", search: 2, trials: 5, nonce: GOOD });
    await expect(next).resolves.toEqual({ nonce: GOOD, trials: 5 });
    expect(cpu.started).toHaveLength(1);
  });

  test("is told to stop, and what it finds afterwards is dropped", async () => {
    const { gpu, process } = await setUpAccepted();
    gpu.cancel();
    expect(process.orders.at(-1)).toEqual({ kind: "stop" });
    const next = gpu.search(WORK);
    process.say({ kind: "found", search: 1, trials: 1, nonce: GOOD });
    process.say({ kind: "found", search: 2, trials: 2, nonce: GOOD });
    await expect(next).resolves.toEqual({ nonce: GOOD, trials: 2 });
  });

  test("rests when there is nothing to do, and starts anew", async () => {
    const { gpu, processes, process, solution } = await setUpAccepted({ idleMilliseconds: 1 });
    const killed = new Promise<void>((resolve) => {
      process.kill = () => {
        resolve();
        return true;
      };
    });
    process.say({ kind: "found", search: 1, trials: 1, nonce: GOOD });
    await solution;
    await killed;
    void gpu.search(WORK);
    await settled();
    expect(processes).toHaveLength(2);
  });
});

describe("a graphics processor that is slower", () => {
  test("is not used, and not tried again", async () => {
    const { gpu, cpu, processes, lines } = setUp();
    const first = gpu.search(WORK);
    await settled();
    processes[0]!.say(ready(1000));
    expect(processes[0]!.killed).toBe(true);
    cpu.answer({ nonce: GOOD, trials: 3 });
    await expect(first).resolves.toEqual({ nonce: GOOD, trials: 3 });
    const second = gpu.search(WORK);
    cpu.answer({ nonce: GOOD, trials: 4 });
    await second;
    expect(processes).toHaveLength(1);
    expect(lines).toEqual([expect.stringContaining("slower than the CPU")]);
    expect(gpu.describe().engine).toBe("wasm");
  });

  test("is used when it is asked for", async () => {
    const { gpu, processes } = setUp("always");
    void gpu.search(WORK);
    await settled();
    processes[0]!.say(ready(1));
    expect(gpu.describe().engine).toBe("gpu");
  });
});

describe("a failure leaves the search to the CPU, for good", () => {
  const failures: Record<string, (process: ScriptedProcess) => void> = {
    "a wrong nonce": (process) => process.say({ kind: "found", search: 1, trials: 9, nonce: BAD }),
    "a driver that gives up": (process) => process.say({ kind: "failed", reason: "device lost" }),
    "a crash": (process) => process.emit("exit", null, "SIGSEGV"),
    "a process that cannot start": (process) => process.emit("error", new Error("ENOENT")),
  };

  test.each(Object.keys(failures))("%s", async (name) => {
    const { gpu, cpu, process, processes, lines, solution } = await setUpAccepted();
    process.say({ kind: "progress", search: 1, trials: 100 });
    failures[name]!(process);
    expect(process.killed).toBe(true);
    expect(cpu.started).toEqual([WORK, WORK]);
    cpu.answer({ nonce: GOOD, trials: 7 });
    expect((await solution).nonce).toBe(GOOD);
    const next = gpu.search(WORK);
    cpu.answer({ nonce: GOOD, trials: 1 });
    await next;
    expect(processes).toHaveLength(1);
    expect(lines.filter((line) => line.includes("cannot be used"))).toHaveLength(1);
  });

  test("silence", async () => {
    const { cpu, solution } = await setUpAccepted({ silenceMilliseconds: 1 });
    while (cpu.started.length < 2) await settled();
    cpu.answer({ nonce: GOOD, trials: 7 });
    await expect(solution).resolves.toMatchObject({ nonce: GOOD });
  });

  test("before it was ready: the CPU is not interrupted", async () => {
    const { gpu, cpu, processes } = setUp();
    const solution = gpu.search(WORK);
    await settled();
    processes[0]!.say({ kind: "failed", reason: "no graphics driver was found" });
    expect(cpu.cancelled).toBe(0);
    cpu.answer({ nonce: GOOD, trials: 7 });
    await expect(solution).resolves.toEqual({ nonce: GOOD, trials: 7 });
  });
});

test("a search that is cancelled before the graphics processor is ready stays cancelled", async () => {
  const { gpu, cpu, processes } = setUp();
  void gpu.search(WORK);
  gpu.cancel();
  await settled();
  expect(cpu.cancelled).toBe(1);
  expect(processes[0]!.held).toBe(false);
  processes[0]!.say(ready(5000));
  expect(processes[0]!.orders).toEqual([]);
});

test("closing ends the process and the CPU's threads", async () => {
  const { gpu, cpu, process } = await setUpAccepted();
  await gpu.close();
  expect(process.killed).toBe(true);
  expect(cpu.closed).toBe(1);
});
