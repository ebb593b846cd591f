import { type ChildProcess, fork } from "node:child_process";
import { performance } from "node:perf_hooks";
import { clearTimeout, setTimeout } from "node:timers";
import { fileURLToPath } from "node:url";
import type { Logger } from "../../logger.js";
import type { GpuAnswer, GpuOrder } from "./gpu-messages.js";
import type { CpuSearcher, Searcher, SearchProgress } from "./search-queue.js";
import { isSolution } from "./solution-check.js";
import type { Solution, Work } from "./solver.js";

export interface GpuSearcherOptions {
  readonly cpu: CpuSearcher;
  /** "always": however slow it is; "if-faster": only if it beats the CPU. */
  readonly use: "always" | "if-faster";
  readonly logger: Logger;
}

/** What a test replaces. */
export interface GpuSearcherSeams {
  readonly spawn?: () => GpuProcess;
  readonly idleMilliseconds?: number;
  readonly silenceMilliseconds?: number;
}

/** The part of a child process that is used here. */
export type GpuProcess = Pick<ChildProcess, "on" | "send" | "kill" | "ref" | "unref" | "channel">;

interface Search {
  readonly number: number;
  readonly work: Work;
  readonly resolve: (solution: Solution) => void;
  readonly reject: (reason: unknown) => void;
  /** By the CPU, before the graphics processor was ready or after it failed. */
  readonly before: SearchProgress;
  readonly startedAt: number;
  trials: number;
}

const IDLE_MILLISECONDS = 60_000;
/** A batch takes some milliseconds, the start of a driver some seconds. */
const SILENCE_MILLISECONDS = 20_000;
const NOTHING: SearchProgress = { trials: 0, seconds: 0 };

/**
 * Searches on the graphics processor where there is one that is correct and fast enough, and on the CPU until it is ready.
 * After any failure it is not used again and the search goes on with the CPU.
 */
export class GpuSearcher implements Searcher {
  readonly #options: GpuSearcherOptions;
  readonly #spawn: () => GpuProcess;
  readonly #idleMilliseconds: number;
  readonly #silenceMilliseconds: number;
  #state: "off" | "starting" | "ready" | "refused" = "off";
  #process: GpuProcess | null = null;
  #search: Search | null = null;
  /** The running search, when the CPU does it. */
  #onCpu: Search | null = null;
  #last: SearchProgress = NOTHING;
  #searches = 0;
  #idleTimer: NodeJS.Timeout | undefined;
  #silenceTimer: NodeJS.Timeout | undefined;

  constructor(options: GpuSearcherOptions, seams: GpuSearcherSeams = {}) {
    this.#options = options;
    this.#spawn = seams.spawn ?? startProcess;
    this.#idleMilliseconds = seams.idleMilliseconds ?? IDLE_MILLISECONDS;
    this.#silenceMilliseconds = seams.silenceMilliseconds ?? SILENCE_MILLISECONDS;
  }

  describe() {
    const cpu = this.#options.cpu.describe();
    return this.#state === "ready" ? { ...cpu, engine: "gpu" } : cpu;
  }

  progress(): SearchProgress {
    if (this.#search) return sum(this.#search.before, this.#gpuProgress(this.#search));
    if (this.#onCpu) return sum(this.#onCpu.before, this.#options.cpu.progress());
    return this.#last;
  }

  search(work: Work): Promise<Solution> {
    clearTimeout(this.#idleTimer);
    return new Promise((resolve, reject) => {
      this.#searches++;
      const search = { number: this.#searches, work, resolve, reject, before: NOTHING, trials: 0 };
      this.#run({ ...search, startedAt: performance.now() });
      if (this.#state === "off") void this.#start();
    });
  }

  cancel(): void {
    if (!this.#search && !this.#onCpu) return;
    this.#last = this.progress();
    if (this.#onCpu) this.#options.cpu.cancel();
    else this.#order({ kind: "stop" });
    this.#rest();
  }

  async close(): Promise<void> {
    this.cancel();
    clearTimeout(this.#idleTimer);
    this.#endProcess();
    this.#state = "refused";
    await this.#options.cpu.close();
  }

  #run(search: Search): void {
    if (this.#state === "ready") {
      this.#search = search;
      this.#hold();
      this.#order({ kind: "search", search: search.number, work: search.work });
      this.#expectAnswer();
      return;
    }
    this.#onCpu = search;
    this.#options.cpu.search(search.work).then(
      ({ nonce, trials }) => {
        if (this.#onCpu === search)
          this.#settle(() => search.resolve({ nonce, trials: search.before.trials + trials }));
      },
      (error: unknown) => {
        if (this.#onCpu === search) this.#settle(() => search.reject(error));
      },
    );
  }

  #settle(answer: () => void): void {
    this.#last = this.progress();
    this.#rest();
    answer();
  }

  #rest(): void {
    this.#search = null;
    this.#onCpu = null;
    clearTimeout(this.#silenceTimer);
    this.#release();
    this.#idleTimer = setTimeout(() => this.#sleep(), this.#idleMilliseconds).unref();
  }

  /** Ends the process; the next search starts it again. */
  #sleep(): void {
    if (this.#state === "refused") return;
    this.#endProcess();
    this.#state = "off";
  }

  /** The CPU is measured first, on its own, so that both are measured fairly. */
  async #start(): Promise<void> {
    this.#state = "starting";
    const cpuRate = this.#options.use === "always" ? null : await this.#options.cpu.measuredRate();
    if (this.#state !== "starting" || this.#process) return;
    const child = this.#spawn();
    this.#process = child;
    if (!this.#onCpu) this.#release();
    this.#expectAnswer();
    child.on("message", (answer) => {
      if (this.#process === child) this.#take(answer as GpuAnswer, cpuRate ?? 0);
    });
    child.on("error", (error) => {
      if (this.#process === child) this.#refuse(error.message);
    });
    child.on("exit", (code, signal) => {
      if (this.#process === child) this.#refuse(`its process ended (${signal ?? code})`);
    });
  }

  #take(answer: GpuAnswer, cpuRate: number): void {
    if (answer.kind === "failed") this.#refuse(answer.reason);
    else if (answer.kind === "ready") this.#judge(answer, cpuRate);
    else if (this.#search?.number === answer.search) {
      this.#search.trials = answer.trials;
      if (answer.kind === "progress") this.#expectAnswer();
      else this.#finish(this.#search, answer.nonce);
    }
  }

  #judge({ adapter, trialsPerSecond }: Extract<GpuAnswer, { kind: "ready" }>, cpuRate: number): void {
    clearTimeout(this.#silenceTimer);
    const fields = { adapter, trialsPerSecond, cpuTrialsPerSecond: cpuRate };
    if (trialsPerSecond <= cpuRate) {
      this.#options.logger.info("the graphics processor is slower than the CPU and not used", fields);
      this.#giveUp();
      return;
    }
    this.#options.logger.info("the graphics processor does the proof of work", fields);
    this.#state = "ready";
    const search = this.#onCpu;
    if (!search) return;
    const before = this.progress();
    this.#options.cpu.cancel();
    this.#onCpu = null;
    this.#run({ ...search, before, startedAt: performance.now() });
  }

  #finish(search: Search, nonce: bigint): void {
    if (!isSolution(nonce, search.work)) {
      this.#refuse("it returned a nonce that node:crypto does not confirm");
      return;
    }
    const { trials } = this.progress();
    this.#settle(() => search.resolve({ nonce, trials }));
  }

  #refuse(reason: string): void {
    this.#options.logger.warn("the graphics processor cannot be used", { reason });
    this.#giveUp();
  }

  #giveUp(): void {
    this.#endProcess();
    this.#state = "refused";
    const search = this.#search;
    if (!search) return;
    const before = this.progress();
    this.#search = null;
    this.#run({ ...search, before });
  }

  /** The process and its channel keep this one alive only while a search runs. */
  #hold(): void {
    this.#process?.ref();
    this.#process?.channel?.ref();
  }

  #release(): void {
    this.#process?.unref();
    this.#process?.channel?.unref();
  }

  #endProcess(): void {
    clearTimeout(this.#silenceTimer);
    const child = this.#process;
    this.#process = null;
    child?.kill("SIGKILL");
  }

  #expectAnswer(): void {
    clearTimeout(this.#silenceTimer);
    this.#silenceTimer = setTimeout(
      () => this.#refuse("it does not answer"),
      this.#silenceMilliseconds,
    ).unref();
  }

  #order(order: GpuOrder): void {
    // That it could not be sent shows in the end of the process.
    this.#process?.send(order, () => {});
  }

  #gpuProgress(search: Search): SearchProgress {
    return { trials: search.trials, seconds: (performance.now() - search.startedAt) / 1000 };
  }
}

function sum(a: SearchProgress, b: SearchProgress): SearchProgress {
  return { trials: a.trials + b.trials, seconds: a.seconds + b.seconds };
}

function startProcess(): GpuProcess {
  return fork(fileURLToPath(new URL("./gpu-process.js", import.meta.url)), {
    execArgv: [],
    serialization: "advanced",
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
}
