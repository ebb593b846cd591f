/** Tries keys on many messages at once, on threads. */
import { clearTimeout, setTimeout } from "node:timers";
import { Worker } from "node:worker_threads";
import type { Logger } from "../../logger.js";
import { curve } from "../protocol/curve.js";
import type { TrialDecryptor } from "../protocol/ecies.js";

export type TrialResult = ReturnType<TrialDecryptor["tryDecrypt"]>;

export interface TrialPool {
  /** Messages to hand out at a time, at least 1: so that with many keys nothing waits long for what came before it. */
  portion(keys: number): number;
  /**
   * For each ciphertext what `TrialDecryptor.tryDecrypt` gives. Null where threads are not worth their while, or have failed:
   * then it is to be done without them. To be called again only when the call before has ended.
   * @param privateKeys of 32 bytes; the same array as long as they are the same keys
   */
  tryAll(
    privateKeys: readonly Uint8Array[],
    ciphertexts: readonly Uint8Array[],
  ): Promise<readonly TrialResult[] | null>;
  /** Ends the threads, which hold keys, until there is something to try again. */
  rest(): Promise<void>;
  close(): Promise<void>;
}

export interface TrialPoolOptions {
  /** With less than two there is nothing to win. */
  readonly threads: number;
  readonly logger: Logger;
}

/** What a test replaces. */
export interface TrialPoolSeams {
  readonly spawn?: (privateKeys: readonly Uint8Array[]) => Worker;
  readonly idleMilliseconds?: number;
}

/** Milliseconds of one key on one message, about. */
const TRIAL_MILLISECONDS = { native: 0.05, node: 0.5, noble: 20 }[curve.name];
/** Work below this is done sooner than handed out. */
const LEAST_MILLISECONDS = 25;
/** No thread is to be at it for much longer before the results are applied. */
const PORTION_MILLISECONDS = 200;
/** Each takes some megabytes, and what comes in is not endless. */
const MOST_THREADS = 8;
const IDLE_MILLISECONDS = 10_000;
const MOST_FAILURES = 3;

/** Threads start when there is much to do, never keep the process alive, and end when there has been little for some seconds. */
export function createTrialPool(options: TrialPoolOptions, seams: TrialPoolSeams = {}): TrialPool {
  return new WorkerTrialPool(options, seams);
}

class WorkerTrialPool implements TrialPool {
  readonly #threads: number;
  readonly #logger: Logger;
  readonly #spawn: (privateKeys: readonly Uint8Array[]) => Worker;
  readonly #idleMilliseconds: number;
  #keys: readonly Uint8Array[] | null = null;
  #workers: Worker[] = [];
  #failures = 0;
  #closed = false;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor({ threads, logger }: TrialPoolOptions, seams: TrialPoolSeams) {
    this.#threads = Math.min(threads, MOST_THREADS);
    this.#logger = logger;
    this.#spawn = seams.spawn ?? startWorker;
    this.#idleMilliseconds = seams.idleMilliseconds ?? IDLE_MILLISECONDS;
  }

  portion(keys: number): number {
    if (this.#threads < 2) return Number.POSITIVE_INFINITY;
    const each = Math.max(1, keys) * TRIAL_MILLISECONDS;
    return Math.max(1, this.#threads * Math.max(1, Math.floor(PORTION_MILLISECONDS / each)));
  }

  async tryAll(
    privateKeys: readonly Uint8Array[],
    ciphertexts: readonly Uint8Array[],
  ): Promise<readonly TrialResult[] | null> {
    if (!this.#isWorthIt(privateKeys.length * ciphertexts.length)) return null;
    clearTimeout(this.#idleTimer);
    try {
      if (this.#keys !== privateKeys) await this.#restart(privateKeys);
      return await this.#ask(ciphertexts);
    } catch (error) {
      await this.#terminate();
      if (this.#closed) return null;
      this.#failures++;
      this.#logger.warn("messages are tried without threads, which have failed", { error });
      return null;
    } finally {
      if (!this.#closed)
        this.#idleTimer = setTimeout(() => void this.#terminate(), this.#idleMilliseconds).unref();
    }
  }

  async rest(): Promise<void> {
    clearTimeout(this.#idleTimer);
    await this.#terminate();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#idleTimer);
    await this.#terminate();
  }

  #isWorthIt(trials: number): boolean {
    if (this.#closed || this.#threads < 2 || this.#failures >= MOST_FAILURES) return false;
    return trials * TRIAL_MILLISECONDS >= LEAST_MILLISECONDS;
  }

  async #restart(privateKeys: readonly Uint8Array[]): Promise<void> {
    await this.#terminate();
    if (this.#closed) throw new Error("the pool is closed");
    this.#keys = privateKeys;
    this.#workers = Array.from({ length: this.#threads }, () => this.#spawn(privateKeys));
  }

  /** Neighbours go to different workers, so that large ones in a row do not all wait for one. */
  async #ask(ciphertexts: readonly Uint8Array[]): Promise<readonly TrialResult[]> {
    const workers = this.#workers;
    const answers = await Promise.all(
      workers.map((worker, thread) =>
        ask(
          worker,
          ciphertexts.filter((_, index) => index % workers.length === thread),
        ),
      ),
    );
    return ciphertexts.map(
      (_, index) => answers[index % workers.length]?.[Math.floor(index / workers.length)] ?? null,
    );
  }

  async #terminate(): Promise<void> {
    const workers = this.#workers;
    this.#workers = [];
    this.#keys = null;
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

function startWorker(privateKeys: readonly Uint8Array[]): Worker {
  // Each a copy of its own: a view takes the whole buffer along that it is a part of.
  const workerData = { privateKeys: privateKeys.map((key) => new Uint8Array(key)) };
  const worker = new Worker(new URL("./trial-worker.js", import.meta.url), { workerData });
  // One that fails while nothing is asked shows it when something is.
  worker.on("error", () => {});
  worker.unref();
  return worker;
}

function ask(worker: Worker, ciphertexts: readonly Uint8Array[]): Promise<readonly TrialResult[]> {
  if (ciphertexts.length === 0) return Promise.resolve([]);
  return new Promise((resolve, reject) => {
    const ended = (code: number) => fail(new Error(`a thread ended with ${code}`));
    const settle = () => {
      worker.off("message", answered).off("error", fail).off("exit", ended);
      worker.unref();
    };
    const answered = (results: readonly TrialResult[]) => {
      // What is missing must not be taken for what no key opens.
      if (results.length !== ciphertexts.length) return fail(new Error("a thread has left something out"));
      settle();
      resolve(results);
    };
    const fail = (error: Error) => {
      settle();
      reject(error);
    };
    worker.on("message", answered).on("error", fail).on("exit", ended);
    worker.ref();
    worker.postMessage(ciphertexts);
    // Of one that has ended already nothing more is heard.
    if (worker.threadId < 0) ended(1);
  });
}
