import { clearInterval, setInterval } from "node:timers";
import { assertWork } from "./engine.js";
import type { Solution, Solver, SolverStatus, Work, WorkRequest } from "./solver.js";

/** Runs one search at a time; the queue above it decides which. */
export interface Searcher {
  describe(): { engine: string; threads: number };
  /** Resolves with a checked nonce. After cancel() the promise may stay unsettled. */
  search(work: Work): Promise<Solution>;
  /** Of the running search: trials by all threads, and seconds since the first thread began. */
  progress(): SearchProgress;
  /** Ends the running search, if it has not ended; another may be started at once, and progress() stays as it was. */
  cancel(): void;
  close(): Promise<void>;
}

/** The searcher for what a graphics processor does not do, and which it must beat. */
export interface CpuSearcher extends Searcher {
  /** Trials per second of all threads, once they have been measured; null if nothing works. */
  measuredRate(): Promise<number | null>;
}

export interface SearchProgress {
  readonly trials: number;
  readonly seconds: number;
}

/** What a test replaces: calls the action again and again until the function that it returns is called. */
export type Every = (milliseconds: number, action: () => void) => () => void;

interface Entry {
  readonly request: WorkRequest;
  /** Null until its first turn. */
  work: Work | null;
  /** Of its turns that are over. */
  trials: number;
  readonly resolve: (solution: Solution) => void;
  readonly reject: (reason: unknown) => void;
  readonly onAbort: () => void;
}

const PROGRESS_MILLISECONDS = 250;
/** So long one search has all threads while others of its priority wait: a search forgets nothing, for it has no memory. */
const TURN_MILLISECONDS = 1000;
/** The measured rate forgets: what lies further back than this counts half. */
const RATE_SECONDS = 60;

/**
 * The part of a solver that all kinds have: order, preparation at the start, abort, progress, and the measured rate. The
 * most urgent has all threads, at once; those that are equally urgent take turns.
 */
export class SearchQueue implements Solver {
  readonly #searcher: Searcher;
  readonly #waiting: Entry[] = [];
  #running: Entry | null = null;
  /** False while the running entry is still being prepared. */
  #searching = false;
  readonly #every: Every;
  /** Counts the turns, so that a late answer of an earlier one is known. */
  #turn = 0;
  #stopTimers: readonly (() => void)[] = [];
  #measuredTrials = 0;
  #measuredSeconds = 0;
  #closed = false;

  constructor(searcher: Searcher, every: Every = startInterval) {
    this.#searcher = searcher;
    this.#every = every;
  }

  solve(request: WorkRequest): Promise<Solution> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(abortError("the solver is closed"));
      if (request.signal.aborted)
        return reject(abortError("the proof of work was cancelled", request.signal.reason));
      const onAbort = () => this.#abort(entry);
      const entry: Entry = { request, work: null, trials: 0, resolve, reject, onAbort };
      request.signal.addEventListener("abort", onAbort, { once: true });
      this.#insertLast(entry);
      // In a microtask, so that what is asked for in one go starts in order of priority.
      queueMicrotask(() => this.#startNext());
    });
  }

  status(): SolverStatus {
    const { trials, seconds } = this.#searching ? this.#searcher.progress() : { trials: 0, seconds: 0 };
    const allSeconds = this.#measuredSeconds + seconds;
    return {
      ...this.#searcher.describe(),
      trialsPerSecond: allSeconds > 0 ? Math.round((this.#measuredTrials + trials) / allSeconds) : 0,
      waiting: this.#waiting.length,
      working: this.#running !== null,
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    const reason = abortError("the solver is closed");
    for (const entry of this.#waiting.splice(0)) this.#settle(entry, () => entry.reject(reason));
    const running = this.#running;
    if (running) {
      this.#endSearch();
      this.#settle(running, () => running.reject(reason));
    }
    await this.#searcher.close();
  }

  #insertLast(entry: Entry): void {
    const behind = this.#waiting.findIndex((other) => priorityOf(other) > priorityOf(entry));
    this.#waiting.splice(behind === -1 ? this.#waiting.length : behind, 0, entry);
  }

  #insertFirst(entry: Entry): void {
    const behind = this.#waiting.findIndex((other) => priorityOf(other) >= priorityOf(entry));
    this.#waiting.splice(behind === -1 ? this.#waiting.length : behind, 0, entry);
  }

  #startNext(): void {
    if (this.#closed) return;
    const [next] = this.#waiting;
    if (!next) return;
    if (this.#running) {
      if (!this.#searching || priorityOf(next) >= priorityOf(this.#running)) return;
      this.#insertFirst(this.#suspend());
    }
    this.#waiting.shift();
    this.#running = next;
    try {
      next.work ??= prepareWork(next.request);
    } catch (error) {
      this.#running = null;
      this.#settle(next, () => next.reject(error));
      queueMicrotask(() => this.#startNext());
      return;
    }
    // prepare() may itself have aborted the request or closed the solver.
    if (this.#running === next) this.#search(next, next.work);
  }

  #search(entry: Entry, work: Work): void {
    this.#searching = true;
    this.#turn++;
    const turn = this.#turn;
    const inTurn = (action: () => void) => {
      if (this.#turn === turn) this.#finish(entry, action);
    };
    this.#searcher.search(work).then(
      ({ nonce, trials }) => inTurn(() => entry.resolve({ nonce, trials: entry.trials + trials })),
      (error: unknown) => inTurn(() => entry.reject(error)),
    );
    this.#stopTimers = [
      this.#every(TURN_MILLISECONDS, () => this.#endTurn(entry)),
      this.#every(PROGRESS_MILLISECONDS, () => this.#reportProgress(entry, work)),
    ];
  }

  #endTurn(entry: Entry): void {
    const [next] = this.#waiting;
    if (this.#running !== entry || !next || priorityOf(next) > priorityOf(entry)) return;
    this.#insertLast(this.#suspend());
    this.#startNext();
  }

  /** Ends the running search for now and returns its entry, which goes on with the same work later. */
  #suspend(): Entry {
    const entry = this.#running!;
    this.#endSearch();
    entry.trials += this.#searcher.progress().trials;
    return entry;
  }

  #reportProgress(entry: Entry, work: Work): void {
    const trials = entry.trials + this.#searcher.progress().trials;
    const expectedTrials = 2 ** 64 / (Number(work.target) + 1);
    try {
      entry.request.onProgress?.({ trials, expectedTrials, share: 1 - Math.exp(-trials / expectedTrials) });
    } catch (error) {
      this.#finish(entry, () => entry.reject(error));
    }
  }

  #abort(entry: Entry): void {
    const reject = () =>
      entry.reject(abortError("the proof of work was cancelled", entry.request.signal.reason));
    if (this.#running === entry) {
      this.#finish(entry, reject);
      return;
    }
    const index = this.#waiting.indexOf(entry);
    if (index !== -1) this.#waiting.splice(index, 1);
    this.#settle(entry, reject);
  }

  /** An answer that comes after the search was cancelled is dropped here. */
  #finish(entry: Entry, answer: () => void): void {
    if (this.#running !== entry) return;
    this.#endSearch();
    this.#settle(entry, answer);
    queueMicrotask(() => this.#startNext());
  }

  #endSearch(): void {
    this.#running = null;
    if (!this.#searching) return;
    this.#searching = false;
    for (const stop of this.#stopTimers) stop();
    this.#searcher.cancel();
    const { trials, seconds } = this.#searcher.progress();
    this.#measuredTrials += trials;
    this.#measuredSeconds += seconds;
    if (this.#measuredSeconds > RATE_SECONDS) {
      this.#measuredTrials /= 2;
      this.#measuredSeconds /= 2;
    }
  }

  #settle(entry: Entry, answer: () => void): void {
    entry.request.signal.removeEventListener("abort", entry.onAbort);
    answer();
  }
}

function priorityOf(entry: Entry): number {
  return entry.request.priority ?? 0;
}

function prepareWork(request: WorkRequest): Work {
  const work = request.prepare();
  assertWork(work);
  return work;
}

const startInterval: Every = (milliseconds, action) => {
  const timer = setInterval(action, milliseconds);
  return () => clearInterval(timer);
};

function abortError(text: string, cause?: unknown): Error {
  const error = new Error(text, { cause });
  error.name = "AbortError";
  return Object.assign(error, { code: "ABORT_ERR" });
}
