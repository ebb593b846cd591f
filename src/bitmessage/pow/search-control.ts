import { randomBytes } from "node:crypto";

/**
 * What the threads of one search share: whether to stop, the next nonce to try, and how many trials each has done.
 * A new one for each search, so that a thread that is late cannot disturb the next search.
 */
export class SearchControl {
  readonly #stop: Int32Array;
  readonly #next: BigInt64Array;
  readonly #trials: BigInt64Array;

  constructor(readonly memory: SharedArrayBuffer) {
    this.#stop = new Int32Array(memory, 0, 1);
    this.#next = new BigInt64Array(memory, 8, 1);
    this.#trials = new BigInt64Array(memory, 16);
  }

  /** The first nonce is random: nobody can tell from a nonce how long the search took. */
  static create(threads: number): SearchControl {
    const control = new SearchControl(new SharedArrayBuffer(16 + 8 * threads));
    control.#next[0] = randomBytes(8).readBigInt64BE(0);
    return control;
  }

  /** True for the first who stops the search. */
  stop(): boolean {
    return Atomics.exchange(this.#stop, 0, 1) === 0;
  }

  get stopped(): boolean {
    return Atomics.load(this.#stop, 0) !== 0;
  }

  /** Takes the next nonces for the caller alone and returns the first of them. */
  take(count: number): bigint {
    return BigInt.asUintN(64, Atomics.add(this.#next, 0, BigInt(count)));
  }

  setTrials(thread: number, trials: number): void {
    Atomics.store(this.#trials, thread, BigInt(trials));
  }

  get trials(): number {
    let sum = 0n;
    for (let thread = 0; thread < this.#trials.length; thread++) sum += Atomics.load(this.#trials, thread);
    return Number(sum);
  }
}
