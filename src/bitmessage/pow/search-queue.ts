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

export interface SearchProgress {
  readonly trials: number;
  readonly seconds: number;
}

interface Entry {
  readonly request: WorkRequest;
  readonly resolve: (solution: Solution) => void;
  readonly reject: (reason: unknown) => void;
  readonly onAbort: () => void;
}

const PROGRESS_MILLISECONDS = 250;
/** The measured rate forgets: what lies further back than this counts half. */
const RATE_SECONDS = 60;

/** The part of a solver that all kinds have: order, preparation at the start, abort, progress, and the measured rate. */
export class SearchQueue implements Solver {
  readonly #searcher: Searcher;
  readonly #waiting: Entry[] = [];
  #running: Entry | null = null;
  /** False while the running entry is still being prepared. */
  #searching = false;
  #progressTimer: NodeJS.Timeout | undefined;
  #measuredTrials = 0;
  #measuredSeconds = 0;
  #closed = false;

  constructor(searcher: Searcher) {
    this.#searcher = searcher;
  }

  solve(request: WorkRequest): Promise<Solution> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(abortError("the solver is closed"));
      if (request.signal.aborted)
        return reject(abortError("the proof of work was cancelled", request.signal.reason));
      const entry: Entry = { request, resolve, reject, onAbort: () => this.#abort(entry) };
      request.signal.addEventListener("abort", entry.onAbort, { once: true });
      this.#insert(entry);
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

  #insert(entry: Entry): void {
    const priority = entry.request.priority ?? 0;
    const behind = this.#waiting.findIndex((other) => (other.request.priority ?? 0) > priority);
    this.#waiting.splice(behind === -1 ? this.#waiting.length : behind, 0, entry);
  }

  #startNext(): void {
    if (this.#running || this.#closed) return;
    const entry = this.#waiting.shift();
    if (!entry) return;
    this.#running = entry;
    let work: Work;
    try {
      work = entry.request.prepare();
      assertWork(work);
    } catch (error) {
      this.#running = null;
      this.#settle(entry, () => entry.reject(error));
      queueMicrotask(() => this.#startNext());
      return;
    }
    // prepare() may itself have aborted the request or closed the solver.
    if (this.#running === entry) this.#search(entry, work);
  }

  #search(entry: Entry, work: Work): void {
    this.#searching = true;
    this.#searcher.search(work).then(
      (solution) => this.#finish(entry, () => entry.resolve(solution)),
      (error: unknown) => this.#finish(entry, () => entry.reject(error)),
    );
    if (entry.request.onProgress) {
      this.#progressTimer = setInterval(() => this.#reportProgress(entry, work), PROGRESS_MILLISECONDS);
    }
  }

  #reportProgress(entry: Entry, work: Work): void {
    const { trials } = this.#searcher.progress();
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
    clearInterval(this.#progressTimer);
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

function abortError(text: string, cause?: unknown): Error {
  const error = new Error(text, { cause });
  error.name = "AbortError";
  return Object.assign(error, { code: "ABORT_ERR" });
}
