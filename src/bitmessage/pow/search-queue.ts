import { performance } from "node:perf_hooks";
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
  /** When it was asked for, or its last whole turn ended; as the clock tells. */
  servedAt: number;
  readonly resolve: (solution: Solution) => void;
  readonly reject: (reason: unknown) => void;
  readonly onAbort: () => void;
}

const PROGRESS_MILLISECONDS = 250;
/** So long one search has all threads while others of its priority wait: a search forgets nothing, for it has no memory. */
const TURN_MILLISECONDS = 1000;
/** Who has been without a whole turn for so long is given one, and then nobody else for so long. */
const PATIENCE_MILLISECONDS = 8000;
/** The measured rate forgets: what lies further back than this counts half. */
const RATE_SECONDS = 60;

/**
 * The part of a solver that all kinds have: order, preparation at the start, abort, progress, and the measured rate. The
 * most urgent has all threads, at once; those that are equally urgent take turns. An eighth of the time is for those whom
 * more urgent ones would keep waiting for ever, the longest waiting first.
 */
export class SearchQueue implements Solver {
  readonly #searcher: Searcher;
  /** Equally urgent ones in the order of their turns. */
  readonly #waiting: Entry[] = [];
  #running: Entry | null = null;
  /** Whether the running entry has its turn though more urgent ones wait; those that come must wait, too. */
  #favoured = false;
  #favouredAt = Number.NEGATIVE_INFINITY;
  /** False while the running entry is still being prepared. */
  #searching = false;
  readonly #every: Every;
  readonly #now: () => number;
  /** Counts the turns, so that a late answer of an earlier one is known. */
  #turn = 0;
  #stopTimers: readonly (() => void)[] = [];
  #measuredTrials = 0;
  #measuredSeconds = 0;
  #closed = false;

  /** @param now milliseconds from any start */
  constructor(searcher: Searcher, every: Every = startInterval, now: () => number = () => performance.now()) {
    this.#searcher = searcher;
    this.#every = every;
    this.#now = now;
  }

  solve(request: WorkRequest): Promise<Solution> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(abortError("the solver is closed"));
      if (request.signal.aborted)
        return reject(abortError("the proof of work was cancelled", request.signal.reason));
      const onAbort = () => this.#abort(entry);
      const entry: Entry = {
        ...{ request, work: null, trials: 0, servedAt: this.#now() },
        ...{ resolve, reject, onAbort },
      };
      request.signal.addEventListener("abort", onAbort, { once: true });
      this.#waiting.push(entry);
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

  /**
   * The most urgent that waits, or who has been longest without a whole turn, if that is too long; the latter may be the one
   * that runs. Null if nobody waits.
   */
  #choose(): { readonly entry: Entry; readonly favoured: boolean } | null {
    const [first, ...rest] = this.#waiting;
    if (!first) return null;
    const urgent = rest.reduce((a, b) => (priorityOf(b) < priorityOf(a) ? b : a), first);
    const longest = rest.reduce((a, b) => (b.servedAt < a.servedAt ? b : a), this.#longerOf(first));
    const patience = this.#now() - PATIENCE_MILLISECONDS;
    const favoured = longest.servedAt <= patience && this.#favouredAt <= patience;
    return { entry: favoured ? longest : urgent, favoured };
  }

  #longerOf(waiting: Entry): Entry {
    return this.#running && this.#running.servedAt < waiting.servedAt ? this.#running : waiting;
  }

  #startNext(): void {
    if (this.#closed) return;
    const next = this.#choose();
    if (!next) return;
    if (this.#running) {
      if (!this.#searching || this.#favoured) return;
      if (next.entry === this.#running) {
        this.#favour();
        return;
      }
      if (!next.favoured && priorityOf(next.entry) >= priorityOf(this.#running)) return;
      this.#waiting.unshift(this.#suspend());
    }
    this.#start(next.entry, next.favoured);
  }

  #favour(): void {
    this.#favoured = true;
    this.#favouredAt = this.#now();
  }

  #start(next: Entry, favoured: boolean): void {
    this.#waiting.splice(this.#waiting.indexOf(next), 1);
    this.#running = next;
    this.#favoured = false;
    if (favoured) this.#favour();
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
    if (this.#running !== entry) return;
    entry.servedAt = this.#now();
    this.#favoured = false;
    const next = this.#choose();
    if (!next || (!next.favoured && priorityOf(next.entry) > priorityOf(entry))) return;
    this.#waiting.push(this.#suspend());
    this.#start(next.entry, next.favoured);
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
