import { spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { performance } from "node:perf_hooks";
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, test } from "@jest/globals";
import { createSolver } from "../../../src/bitmessage/pow/create-solver.js";
import type { NativeTrial } from "../../../src/bitmessage/pow/native-trial.js";
import { SearchQueue } from "../../../src/bitmessage/pow/search-queue.js";
import type { Solver, Work } from "../../../src/bitmessage/pow/solver.js";
import {
  WorkerPool,
  type WorkerPoolOptions,
  type WorkerPoolSeams,
} from "../../../src/bitmessage/pow/worker-pool.js";
import { powValue } from "../../../src/bitmessage/protocol/pow-target.js";
import { type LogFields, type Logger, silentLogger } from "../../../src/logger.js";

const HASH = Uint8Array.from({ length: 64 }, (_, index) => 255 - index);
const WORKER = new URL("../../../src/bitmessage/pow/worker.js", import.meta.url);
const open: Solver[] = [];
afterEach(() => Promise.all(open.splice(0).map((solver) => solver.close())));

function setUp(over: Partial<WorkerPoolOptions> = {}, seams: WorkerPoolSeams = {}): Solver {
  const options: WorkerPoolOptions = { engine: "wasm-scalar", threads: 2, logger: silentLogger, ...over };
  const solver = new SearchQueue(new WorkerPool(options, seams));
  open.push(solver);
  return solver;
}

function ask(solver: Solver, target: bigint, signal = new AbortController().signal) {
  return solver.solve({ prepare: () => ({ initialHash: HASH, target }), signal });
}

function trialValue(nonce: bigint, work: Work): bigint {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, nonce);
  return powValue(bytes, work.initialHash);
}

function recordingLogger(lines: { text: string; fields: LogFields | undefined }[]): Logger {
  const write = (text: string, fields?: LogFields) => void lines.push({ text, fields });
  const logger: Logger = { debug: write, info: write, warn: write, error: write, child: () => logger };
  return logger;
}

/** A worker that answers as the script says. Node's CommonJS, for a worker from text knows nothing else. */
function scripted(script: string): Worker {
  return new Worker(`const { parentPort } = require("node:worker_threads");\n${script}`, { eval: true });
}

/** A logger, and a promise that it has been told of the measurement. */
function awaitMeasured() {
  const events = new EventEmitter();
  const write = (text: string) => text.startsWith("measured") && events.emit("measured");
  const logger: Logger = { debug() {}, info: write, warn() {}, error() {}, child: () => logger };
  return { logger, measured: once(events, "measured") };
}

const CHOSEN = {
  auto: /^(native-|wasm)/,
  wasm: /^wasm/,
  "wasm-scalar": /^wasm-scalar$/,
  javascript: /^javascript$/,
};

describe("solving", () => {
  test.each(["auto", "wasm", "wasm-scalar", "javascript"] as const)("with the engine %s", async (engine) => {
    const { logger, measured } = awaitMeasured();
    const solver = setUp({ engine, logger });
    let waits = engine === "auto" || engine === "wasm";
    void measured.then(() => {
      waits = false;
    });
    const target = 2n ** 64n / 20_000n;
    for (let round = 0; round < 3 || waits; round++) {
      const { nonce, trials } = await ask(solver, target);
      expect(trialValue(nonce, { initialHash: HASH, target })).toBeLessThanOrEqual(target);
      expect(trials).toBeGreaterThan(0);
    }
    const { engine: chosen, threads, working, trialsPerSecond } = solver.status();
    expect({ threads, working }).toEqual({ threads: 2, working: false });
    expect(chosen).toMatch(CHOSEN[engine]);
    expect(trialsPerSecond).toBeGreaterThan(0);
  });

  test("the first search does not wait until the native engines are tried, and counts no trial twice after it", async () => {
    let finishTrial: (trial: NativeTrial) => void = () => {};
    const tryNatives = () =>
      new Promise<NativeTrial>((resolve) => {
        finishTrial = resolve;
      });
    const { logger, measured } = awaitMeasured();
    const solver = setUp({ engine: "auto", logger }, { tryNatives });
    await ask(solver, 1n << 60n);
    const controller = new AbortController();
    const counts: number[] = [];
    const reports = new EventEmitter();
    const endless = solver.solve({
      prepare: () => ({ initialHash: HASH, target: 0n }),
      signal: controller.signal,
      onProgress: ({ trials }) => {
        counts.push(trials);
        if (trials > 0) reports.emit("report");
      },
    });
    await once(reports, "report");
    finishTrial({ working: [], failures: [] });
    await measured;
    await once(reports, "report");
    controller.abort();
    await expect(endless).rejects.toMatchObject({ name: "AbortError" });
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
  });

  test("many at once, each with its own nonce", async () => {
    const solver = setUp();
    const solutions = await Promise.all(Array.from({ length: 40 }, () => ask(solver, 2n ** 64n / 500n)));
    expect(new Set(solutions.map(({ nonce }) => nonce)).size).toBe(40);
  });

  test("an urgent one is done while an endless one goes on before and after", async () => {
    const solver = setUp();
    const controller = new AbortController();
    const prepare = () => ({ initialHash: HASH, target: 0n });
    const endless = solver.solve({ prepare, signal: controller.signal, priority: 3 });
    await new Promise((resolve) => setImmediate(resolve));
    for (let round = 0; round < 3; round++) await ask(solver, 1n << 60n);
    await new Promise((resolve) => setImmediate(resolve));
    expect(solver.status()).toMatchObject({ working: true, waiting: 0 });
    controller.abort();
    await expect(endless).rejects.toMatchObject({ name: "AbortError" });
  });

  test("less than one thread is a mistake", () => {
    expect(() => createSolver({ engine: "auto", threads: 0, logger: silentLogger })).toThrow(RangeError);
    expect(() => createSolver({ engine: "auto", threads: 1.5, logger: silentLogger })).toThrow(RangeError);
  });
});

describe("cancelling", () => {
  test("rejects at once and frees the threads for the next search", async () => {
    const solver = setUp();
    await ask(solver, 1n << 60n);
    const controller = new AbortController();
    const running = new Promise<void>((resolve) => {
      solver
        .solve({
          prepare: () => ({ initialHash: HASH, target: 0n }),
          signal: controller.signal,
          onProgress: ({ trials }) => trials > 0 && resolve(),
        })
        .catch(() => {});
    });
    await running;
    const startedAt = performance.now();
    controller.abort();
    expect(solver.status().working).toBe(false);
    await ask(solver, (1n << 64n) - 1n);
    // Chunks are cut to about 8 ms; the rest is room for a busy machine.
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });

  test("while the engines are still being measured", async () => {
    const solver = setUp({ engine: "auto" });
    const controller = new AbortController();
    const first = ask(solver, 0n, controller.signal);
    await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    await expect(first).rejects.toMatchObject({ name: "AbortError" });
    await expect(ask(solver, 1n << 60n)).resolves.toBeDefined();
  });

  test("closing ends the threads", async () => {
    const workers: Worker[] = [];
    const spawnWorker = () => {
      workers.push(new Worker(WORKER));
      return workers.at(-1)!;
    };
    const solver = setUp({}, { spawn: spawnWorker });
    const endless = ask(solver, 0n);
    await new Promise((resolve) => setImmediate(resolve));
    const exits = workers.map((worker) => once(worker, "exit"));
    expect(exits).toHaveLength(2);
    await Promise.all([expect(endless).rejects.toMatchObject({ name: "AbortError" }), solver.close()]);
    await Promise.all(exits);
  });
});

describe("idle threads", () => {
  test("end after a while, and new ones start when they are needed", async () => {
    let spawned = 0;
    let exit: Promise<unknown> = Promise.resolve();
    const spawnWorker = () => {
      spawned++;
      const worker = new Worker(WORKER);
      exit = once(worker, "exit");
      return worker;
    };
    const solver = setUp({ threads: 1 }, { spawn: spawnWorker, idleMilliseconds: 1 });
    await ask(solver, 1n << 60n);
    await exit;
    await ask(solver, 1n << 60n);
    expect(spawned).toBe(2);
  });

  test("do not keep the process alive", async () => {
    const script = `
      const { createSolver } = await import(${JSON.stringify(new URL("../../../src/bitmessage/pow/create-solver.js", import.meta.url).href)});
      const logger = { debug() {}, info() {}, warn() {}, error() {}, child() { return logger; } };
      const solver = createSolver({ engine: "wasm-scalar", threads: 2, logger });
      const work = (target) => () => ({ initialHash: new Uint8Array(64), target });
      await solver.solve({ prepare: work(1n << 60n), signal: new AbortController().signal });
      const controller = new AbortController();
      const endless = solver.solve({ prepare: work(0n), signal: controller.signal, onProgress: () => controller.abort() });
      await endless.catch((error) => process.stdout.write(error.name));`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const output: Buffer[] = [];
    child.stdout.on("data", (bytes: Buffer) => output.push(bytes));
    const [code] = await once(child, "close");
    expect({ code, output: Buffer.concat(output).toString() }).toEqual({ code: 0, output: "AbortError" });
  });
});

describe("native engines", () => {
  const none = { working: [], failures: [{ engine: "native-avx2", failure: "fails its self-test" }] };

  test("one that fails its trial is left out and named once; the search goes on with the others", async () => {
    const lines: { text: string; fields: LogFields | undefined }[] = [];
    const logger = recordingLogger(lines);
    let trials = 0;
    const tryNatives = async () => {
      trials++;
      return none;
    };
    const solver = setUp({ engine: "auto", logger }, { tryNatives });
    await Promise.all([ask(solver, 1n << 60n), ask(solver, 1n << 60n)]);
    expect(trials).toBe(1);
    expect(lines.filter(({ text }) => text.includes("left out")).map(({ fields }) => fields)).toEqual(
      none.failures,
    );
    expect(solver.status().engine).toMatch(/^wasm/);
  });

  test("asked for where none works: the search is refused and says so", async () => {
    const solver = setUp({ engine: "native" }, { tryNatives: async () => none });
    await expect(ask(solver, 1n << 60n)).rejects.toThrow("asked for: native");
  });

  test("are not tried where others are asked for", async () => {
    const tryNatives = () => {
      throw new Error("must not be called");
    };
    await expect(ask(setUp({ engine: "wasm" }, { tryNatives }), 1n << 60n)).resolves.toBeDefined();
  });

  test("an abort during the trial does no harm", async () => {
    let finishTrial: (trial: typeof none) => void = () => {};
    const trial = new Promise<typeof none>((resolve) => {
      finishTrial = resolve;
    });
    const solver = setUp({ engine: "auto" }, { tryNatives: () => trial });
    const controller = new AbortController();
    const first = ask(solver, 0n, controller.signal);
    await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    await expect(first).rejects.toMatchObject({ name: "AbortError" });
    const second = ask(solver, 1n << 60n);
    finishTrial(none);
    await expect(second).resolves.toBeDefined();
  });
});

describe("threads that fail", () => {
  test("a crashed one is replaced and the search goes on", async () => {
    const lines: { text: string; fields: LogFields | undefined }[] = [];
    let spawned = 0;
    const solver = setUp(
      { threads: 1, logger: recordingLogger(lines) },
      {
        spawn: () => {
          spawned++;
          if (spawned > 2) return new Worker(WORKER);
          return scripted('parentPort.on("message", () => { throw new Error("memory ran out"); });');
        },
      },
    );
    await expect(ask(solver, 1n << 60n)).resolves.toBeDefined();
    expect(spawned).toBe(3);
    expect(lines.filter(({ text }) => text.includes("thread has ended"))).toHaveLength(2);
  });

  test("one that runs out of memory is replaced as well", async () => {
    const resourceLimits = { maxOldGenerationSizeMb: 2, maxYoungGenerationSizeMb: 1 };
    let spawned = 0;
    const spawnWorker = () => new Worker(WORKER, spawned++ === 0 ? { resourceLimits } : {});
    const lines: { text: string; fields: LogFields | undefined }[] = [];
    const solver = setUp({ threads: 1, logger: recordingLogger(lines) }, { spawn: spawnWorker });
    await expect(ask(solver, 1n << 60n)).resolves.toBeDefined();
    expect(lines.map(({ fields }) => fields?.["reason"])).toEqual([expect.stringContaining("out of memory")]);
  });

  test("a crash during the measurement measures again", async () => {
    let spawned = 0;
    const spawnWorker = () => {
      spawned++;
      return spawned === 1 ? scripted("process.exit(3);") : new Worker(WORKER);
    };
    const solver = setUp({ engine: "wasm", threads: 1 }, { spawn: spawnWorker });
    await expect(ask(solver, 1n << 60n)).resolves.toBeDefined();
  });

  test("threads that always crash reject the search; the next search tries anew", async () => {
    let good = false;
    const spawnWorker = () => (good ? new Worker(WORKER) : scripted("process.exit(3);"));
    const solver = setUp({ threads: 1 }, { spawn: spawnWorker });
    await expect(ask(solver, 1n << 60n)).rejects.toThrow("keep failing");
    good = true;
    await expect(ask(solver, 1n << 60n)).resolves.toBeDefined();
  });

  test("one that cannot be started, as where the system has no threads left, fails the search alone; others do its work", async () => {
    let left = 0;
    const threads: Worker[] = [];
    const spawnWorker = () => {
      if (left-- <= 0) throw new Error("no threads left");
      const worker = new Worker(WORKER);
      threads.push(worker);
      return worker;
    };
    const solver = setUp({ engine: "wasm", threads: 2 }, { spawn: spawnWorker });
    await expect(ask(solver, 1n << 60n)).rejects.toThrow("no threads left");
    left = 2;
    await expect(ask(solver, 1n << 60n)).resolves.toBeDefined();
    const cancel = new AbortController();
    const endless = ask(solver, 0n, cancel.signal);
    const [first, second] = threads;
    await first!.terminate();
    expect(solver.status().working).toBe(true);
    await second!.terminate();
    await expect(endless).rejects.toThrow("no threads left");
    left = 9;
    await expect(ask(solver, 1n << 60n)).resolves.toBeDefined();
  });

  // Answers for "wasm-mixed" with a nonce that is wrong, and measures it as the fastest nonetheless.
  const LIAR = `
    const { Worker } = require("node:worker_threads");
    const honest = new Worker(new URL(${JSON.stringify(WORKER.href)}));
    honest.on("message", (answer) => parentPort.postMessage(answer));
    parentPort.on("message", (order) => {
      if (order.kind === "measure") {
        const measurements = ["wasm-mixed", "wasm-scalar"].map((engine) => ({ engine, trialsPerSecond: 1 }));
        parentPort.postMessage({ kind: "measured", measurements });
      } else if (order.engine === "wasm-mixed") parentPort.postMessage({ kind: "found", search: order.search, nonce: 1n });
      else honest.postMessage(order);
    });`;

  test("a wrong nonce is never returned: its engine is dropped and the search starts again", async () => {
    const lines: { text: string; fields: LogFields | undefined }[] = [];
    const solver = setUp(
      { engine: "wasm", threads: 1, logger: recordingLogger(lines) },
      { spawn: () => scripted(LIAR) },
    );
    const target = 2n ** 64n / 5000n;
    const { nonce } = await ask(solver, target);
    expect(trialValue(nonce, { initialHash: HASH, target })).toBeLessThanOrEqual(target);
    expect(solver.status().engine).toBe("wasm-scalar");
    expect(
      lines.some(({ text, fields }) => text.includes("wrong") && fields?.["engine"] === "wasm-mixed"),
    ).toBe(true);
  });

  test("with no engine left the search is rejected", async () => {
    const broken = `parentPort.on("message", (order) => parentPort.postMessage(
      { kind: "broken", search: order.search, engine: order.engine, text: "fails its self-test" }));`;
    const solver = setUp({ threads: 2 }, { spawn: () => scripted(broken) });
    await expect(ask(solver, 1n << 60n)).rejects.toThrow("no proof-of-work engine");
  });
});
