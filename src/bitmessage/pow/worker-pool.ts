import { performance } from "node:perf_hooks";
import { clearTimeout, setTimeout } from "node:timers";
import { Worker } from "node:worker_threads";
import type { Logger } from "../../logger.js";
import { availableEngines } from "./create-engine.js";
import { type EngineChoice, type EngineName, isNative } from "./engine.js";
import type { EngineMeasurement } from "./measure-engines.js";
import { type NativeTrial, tryNativeEngines } from "./native-trial.js";
import { SearchControl } from "./search-control.js";
import type { CpuSearcher } from "./search-queue.js";
import { isSolution } from "./solution-check.js";
import type { Solution, Work } from "./solver.js";
import type { WorkerAnswer, WorkerOrder } from "./worker-messages.js";

export interface WorkerPoolOptions {
  readonly engine: EngineChoice;
  /** At least 1. */
  readonly threads: number;
  readonly logger: Logger;
}

/** What a test replaces. */
export interface WorkerPoolSeams {
  readonly spawn?: () => Worker;
  readonly idleMilliseconds?: number;
  readonly tryNatives?: () => Promise<NativeTrial>;
}

interface Search {
  readonly number: number;
  readonly work: Work;
  readonly resolve: (solution: Solution) => void;
  readonly reject: (reason: Error) => void;
  readonly control: SearchControl;
  /** Trials of the same work with another engine, before this one. */
  readonly earlierTrials: number;
  engine: EngineName | null;
  startedAt: number | null;
  endedAt: number | null;
  crashes: number;
}

const IDLE_MILLISECONDS = 30_000;
const CRASHES_PER_SEARCH = 3;

/**
 * Searches on worker threads. They start with the first search, never keep the process alive while there is nothing to
 * do, and end after some idle time. The first search begins with an engine that can be had at once, and goes on with the
 * fastest as soon as that is known. Throws RangeError for less than one thread.
 */
export class WorkerPool implements CpuSearcher {
  readonly #options: WorkerPoolOptions;
  readonly #logger: Logger;
  readonly #spawn: () => Worker;
  readonly #idleMilliseconds: number;
  readonly #tryNatives: () => Promise<NativeTrial>;
  /** One for each thread, and last the one that measures. */
  readonly #workers: (Worker | undefined)[];
  /** Those that may be measured; null until the native ones have been tried. */
  #candidates: EngineName[] | null = null;
  #trying = false;
  /** Fastest first; null until they have been measured. */
  #engines: EngineName[] | null = null;
  /** For the time until then, if there is one. */
  readonly #first: EngineName | undefined;
  readonly #wrong = new Set<string>();
  #measuring = false;
  #tellRate: (rate: number | null) => void = () => {};
  readonly #measuredRate = new Promise<number | null>((resolve) => {
    this.#tellRate = resolve;
  });
  #search: Search | null = null;
  #last: Search | null = null;
  #searches = 0;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(options: WorkerPoolOptions, seams: WorkerPoolSeams = {}) {
    if (!Number.isInteger(options.threads) || options.threads < 1) {
      throw new RangeError("proof of work needs at least one thread");
    }
    this.#options = options;
    this.#logger = options.logger;
    this.#spawn = seams.spawn ?? startWorker;
    this.#idleMilliseconds = seams.idleMilliseconds ?? IDLE_MILLISECONDS;
    this.#workers = Array.from({ length: options.threads + 1 });
    this.#tryNatives = seams.tryNatives ?? tryNativeEngines;
    this.#first = availableEngines(options.engine, [])[0];
    if (!allowsNatives(options.engine)) this.#setCandidates(availableEngines(options.engine, []));
  }

  describe() {
    const engine = this.#engines?.[0] ?? (this.#search ?? this.#last)?.engine ?? this.#options.engine;
    return { engine, threads: this.#options.threads };
  }

  progress() {
    const search = this.#search ?? this.#last;
    if (!search || search.startedAt === null) return { trials: 0, seconds: 0 };
    const end = search.endedAt ?? performance.now();
    return { trials: search.earlierTrials + search.control.trials, seconds: (end - search.startedAt) / 1000 };
  }

  measuredRate(): Promise<number | null> {
    return this.#measuredRate;
  }

  search(work: Work): Promise<Solution> {
    clearTimeout(this.#idleTimer);
    return new Promise((resolve, reject) => {
      this.#begin({ work, resolve, reject, startedAt: null }, 0);
    });
  }

  cancel(): void {
    if (this.#search) this.#end(this.#search);
  }

  async close(): Promise<void> {
    this.cancel();
    clearTimeout(this.#idleTimer);
    await this.#terminate();
  }

  #begin(request: Pick<Search, "work" | "resolve" | "reject" | "startedAt">, earlierTrials: number): void {
    const control = SearchControl.create(this.#options.threads);
    this.#searches++;
    const { work, resolve, reject, startedAt } = request;
    this.#search = {
      ...{ number: this.#searches, work, resolve, reject, control, earlierTrials },
      ...{ engine: null, startedAt, endedAt: null, crashes: 0 },
    };
    this.#order();
  }

  /** Lets a search go on with the engine that is the best by now: it has no memory. */
  #restart(search: Search): void {
    search.control.stop();
    this.#begin(search, search.earlierTrials + search.control.trials);
  }

  /** Lets the workers search with the best engine that is known. */
  #order(): void {
    const search = this.#search;
    if (!search) return;
    for (const worker of this.#workers) worker?.ref();
    if (this.#engines === null) this.#calibrate();
    const engine = this.#engines === null ? this.#first : this.#engines[0];
    if (engine && !this.#wrong.has(engine)) {
      search.engine = engine;
      search.startedAt ??= performance.now();
      for (let thread = 0; thread < this.#options.threads && this.#search === search; thread++)
        this.#orderSearch(search, engine, thread);
    } else if (this.#engines !== null) {
      const text = `no proof-of-work engine works on this machine (asked for: ${this.#options.engine})`;
      this.#fail(search, new Error(text));
    }
  }

  /** Tries the native engines once, and then measures once all that work, while the first search goes on. */
  #calibrate(): void {
    if (this.#candidates === null) this.#findCandidates();
    else if (!this.#measuring) {
      this.#measuring = true;
      this.#post(this.#options.threads, { kind: "measure", engines: this.#candidates });
    }
  }

  #findCandidates(): void {
    if (this.#trying) return;
    this.#trying = true;
    void this.#tryNatives().then(({ working, failures }) => {
      for (const failure of failures) this.#logger.warn("a native proof-of-work engine is left out", failure);
      this.#setCandidates(availableEngines(this.#options.engine, working));
      if (this.#search && this.#engines !== null) this.#restart(this.#search);
      else if (this.#search) this.#calibrate();
    });
  }

  #setCandidates(candidates: EngineName[]): void {
    this.#candidates = candidates;
    if (candidates.length < 2) this.#engines = candidates;
  }

  #orderSearch(search: Search, engine: EngineName, thread: number): void {
    const { work, number, control } = search;
    this.#post(thread, {
      kind: "search",
      engine,
      work,
      control: control.memory,
      search: number,
      thread,
    });
  }

  #post(thread: number, order: WorkerOrder): void {
    try {
      this.#worker(thread).postMessage(order);
    } catch (error) {
      this.#logger.error("a proof-of-work thread cannot be started", { thread, reason: String(error) });
      if (order.kind === "measure") this.#measuring = false;
      this.#doWithout(error);
    }
  }

  /** The system has no threads left, perhaps: the others go on with the search, if there are any. */
  #doWithout(error: unknown): void {
    const search = this.#search;
    const isWorking = search?.engine && this.#workers.slice(0, this.#options.threads).some(Boolean);
    const isToBeOrdered = this.#engines === null && this.#first !== undefined && search?.engine === null;
    if (search && !isWorking && !isToBeOrdered)
      this.#fail(search, error instanceof Error ? error : new Error(String(error)));
  }

  #worker(thread: number): Worker {
    const present = this.#workers[thread];
    if (present) return present;
    const worker = this.#spawn();
    this.#workers[thread] = worker;
    worker.on("message", (answer: WorkerAnswer) => {
      if (this.#workers[thread] === worker) this.#take(answer);
    });
    let reason: unknown;
    worker.on("error", (error) => {
      reason = error;
    });
    worker.on("exit", (code) => {
      if (this.#workers[thread] === worker) this.#replace(thread, reason ?? `exit code ${code}`);
    });
    return worker;
  }

  #take(answer: WorkerAnswer): void {
    const search = this.#search;
    if (answer.kind === "measured") this.#choose(answer.measurements);
    else if (search === null || answer.search !== search.number) return;
    else if (answer.kind === "broken") this.#dropEngine(search, answer.engine, answer.text);
    else this.#finish(search, answer.nonce);
  }

  #finish(search: Search, nonce: bigint): void {
    if (!isSolution(nonce, search.work)) {
      this.#dropEngine(search, search.engine!, "it returned a nonce that node:crypto does not confirm");
      return;
    }
    this.#end(search);
    search.resolve({ nonce, trials: search.earlierTrials + search.control.trials });
  }

  #choose(measurements: readonly EngineMeasurement[]): void {
    this.#measuring = false;
    void this.#workers.splice(this.#options.threads, 1, undefined)[0]?.terminate();
    for (const { engine, failure } of measurements) {
      if (failure !== undefined)
        this.#logger.error("a proof-of-work engine does not work here", { engine, failure });
    }
    const working = measurements.filter((measurement) => measurement.failure === undefined);
    const rates = Object.fromEntries(working.map(({ engine, trialsPerSecond }) => [engine, trialsPerSecond]));
    this.#logger.info("measured the proof-of-work engines", {
      chosen: working[0]?.engine,
      trialsPerSecond: rates,
    });
    this.#engines = working.map(({ engine }) => engine).filter((engine) => !this.#wrong.has(engine));
    this.#tellRate(working[0] ? working[0].trialsPerSecond * this.#options.threads : null);
    if (this.#search) this.#restart(this.#search);
  }

  #dropEngine(search: Search, engine: string, reason: string): void {
    this.#logger.error("a proof-of-work engine is wrong and will not be used again", { engine, reason });
    this.#wrong.add(engine);
    this.#engines = this.#engines?.filter((name) => name !== engine) ?? null;
    this.#restart(search);
  }

  /** A thread has died. A few times a search goes on with a new one. */
  #replace(thread: number, reason: unknown): void {
    this.#workers[thread] = undefined;
    const measuring = thread === this.#options.threads;
    if (measuring) this.#measuring = false;
    this.#logger.error("a proof-of-work thread has ended", { thread, reason: String(reason) });
    const search = this.#search;
    if (!search) return;
    search.crashes++;
    if (search.crashes > CRASHES_PER_SEARCH)
      this.#fail(search, new Error("the proof-of-work threads keep failing"));
    else if (measuring) this.#calibrate();
    else if (search.engine) this.#orderSearch(search, search.engine, thread);
  }

  #fail(search: Search, reason: Error): void {
    if (this.#search !== search) return;
    this.#end(search);
    search.reject(reason);
  }

  #end(search: Search): void {
    search.control.stop();
    search.endedAt = performance.now();
    this.#last = search;
    this.#search = null;
    for (const worker of this.#workers) worker?.unref();
    this.#idleTimer = setTimeout(() => void this.#terminate(), this.#idleMilliseconds).unref();
  }

  async #terminate(): Promise<void> {
    this.#measuring = false;
    const workers = this.#workers.splice(
      0,
      this.#workers.length,
      ...Array.from(this.#workers, () => undefined),
    );
    await Promise.all(workers.map((worker) => worker?.terminate()));
  }
}

function allowsNatives(choice: EngineChoice): boolean {
  return choice === "auto" || choice === "native" || isNative(choice);
}

/** Without the flags of the main program: some of them, such as --input-type, stop a worker from starting. */
function startWorker(): Worker {
  return new Worker(new URL("./worker.js", import.meta.url), { name: "pow", execArgv: [] });
}
