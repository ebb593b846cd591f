import type { WorkProgress } from "../pow/solver.js";

/** How far the proof of work for a message is. */
export interface Progress {
  /** The expected share of the work done, 0 to 1. */
  readonly share: number;
  readonly trials: number;
  readonly expectedTrials: number;
}

/** Work that runs or waits in the solver. */
interface Job {
  readonly abort: AbortController;
  ended: Promise<void>;
  progress: Progress | null;
}

/** The running works, one at most per key. */
export class Jobs<Key> {
  readonly #jobs = new Map<Key, Job>();

  get size(): number {
    return this.#jobs.size;
  }

  keys(): readonly Key[] {
    return [...this.#jobs.keys()];
  }

  has(key: Key): boolean {
    return this.#jobs.has(key);
  }

  /**
   * Starts `work` unless there is one for the key. It must not reject; `ended` is called when it is over and its key is free again,
   * unless it was aborted.
   */
  start(key: Key, work: (signal: AbortSignal) => Promise<void>, ended: () => void): void {
    if (this.#jobs.has(key)) return;
    const abort = new AbortController();
    const job: Job = { abort, progress: null, ended: Promise.resolve() };
    this.#jobs.set(key, job);
    job.ended = work(abort.signal).then(() => {
      if (this.#jobs.get(key) === job) this.#jobs.delete(key);
      if (!abort.signal.aborted) ended();
    });
  }

  /** The key is free at once; the work is told. */
  abort(key: Key): void {
    const job = this.#jobs.get(key);
    if (!job) return;
    this.#jobs.delete(key);
    job.abort.abort();
  }

  async abortAll(): Promise<void> {
    const jobs = [...this.#jobs.values()];
    this.#jobs.clear();
    for (const job of jobs) job.abort.abort();
    await Promise.all(jobs.map((job) => job.ended));
  }

  progress(key: Key): Progress | null {
    return this.#jobs.get(key)?.progress ?? null;
  }

  report(key: Key, progress: Progress): void {
    const job = this.#jobs.get(key);
    if (job) job.progress = progress;
  }
}

/** The progress of several searches made one after the other. */
export class ProgressOfStages {
  #doneTrials = 0;
  #doneExpected = 0;
  #currentTrials = 0;

  /** @param expectedTrials of all stages together */
  constructor(
    private readonly expectedTrials: number,
    private readonly report: (progress: Progress) => void,
  ) {
    this.#tell(0);
  }

  update(progress: WorkProgress): void {
    this.#currentTrials = progress.trials;
    this.#tell(progress.share * progress.expectedTrials);
  }

  /** @param expectedTrials of the stage that is over */
  endStage(expectedTrials: number): void {
    this.#doneExpected += expectedTrials;
    this.#doneTrials += this.#currentTrials;
    this.#currentTrials = 0;
    this.#tell(0);
  }

  #tell(currentExpected: number): void {
    const expectedTrials = Math.max(1, this.expectedTrials);
    const share = Math.min(1, (this.#doneExpected + currentExpected) / expectedTrials);
    this.report({ share, trials: this.#doneTrials + this.#currentTrials, expectedTrials });
  }
}
