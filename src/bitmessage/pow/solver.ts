/** What is to be searched: a nonce whose value, the first 8 bytes of DSHA(nonce || initialHash) as u64, is <= target. PROTOCOL.md 10.2. */
export interface Work {
  /** SHA-512 of the object without its nonce, 64 bytes. */
  readonly initialHash: Uint8Array;
  /** 0 to 2^64 - 1. */
  readonly target: bigint;
}

export interface WorkRequest {
  /**
   * Called once, when the search starts, not when it is queued: expiry times, and so the target, are fixed here, because
   * the lifetime of an object shrinks while it waits. May throw; the promise is then rejected with that error.
   */
  prepare(): Work;
  /** Abort rejects the promise with an AbortError at once (name "AbortError", code "ABORT_ERR"). */
  readonly signal: AbortSignal;
  /**
   * Smaller first, even before one that runs already; equal ones take turns in the order they came. Larger ones are kept
   * waiting for a bounded time only. Default 0.
   */
  readonly priority?: number;
  /** About four times a second while the search runs. */
  onProgress?(progress: WorkProgress): void;
}

export interface WorkProgress {
  readonly trials: number;
  /** 2^64 / (target + 1): the search has no memory, so this is a mean and not a bound. */
  readonly expectedTrials: number;
  /** The chance that a search of this many trials is done by now: 1 - exp(-trials / expectedTrials), 0 to 1. */
  readonly share: number;
}

export interface Solution {
  readonly nonce: bigint;
  readonly trials: number;
}

export interface SolverStatus {
  /** Name of the engine in use or chosen; "auto" before. */
  readonly engine: string;
  readonly threads: number;
  /** Measured over the searches so far, all threads together; 0 before the first. */
  readonly trialsPerSecond: number;
  readonly waiting: number;
  readonly working: boolean;
}

/** Does proofs of work, one at a time, in order of priority; equally urgent ones in turns, so that each goes on. */
export interface Solver {
  /** Every nonce has been checked by another implementation before it is returned. */
  solve(request: WorkRequest): Promise<Solution>;
  status(): SolverStatus;
  /** Rejects what runs and waits with an AbortError and stops the threads. */
  close(): Promise<void>;
}
