/** Seconds without a word from anybody after which it may be our own network that is down. */
const SILENCE = 60;
/** Seconds by which the clock is ahead of the monotonic one at once. */
const SLEEP = 30;
/** Seconds by which peers' clocks may differ from ours (PROTOCOL.md section 5.3 number 2). */
const TIME_LIMIT = 3600;

/**
 * What our connections prove: that the network is there, and that our clock is right. Without that nobody is to blame for not answering, and
 * nothing is removed for its age: clocks jump, and machines sleep.
 */
export class Evidence {
  /** Seconds on the monotonic clock. */
  readonly #now: () => number;
  /** Unix seconds */
  readonly #clock: () => number;
  #heardAt = Number.NEGATIVE_INFINITY;
  /** What the clock was ahead of the monotonic one at the last handshake. */
  #offset: number | null = null;
  /** What the clock was ahead of the monotonic one when it was last looked at. */
  #lead: number;

  constructor(options: { readonly now: () => number; readonly clock: () => number }) {
    this.#now = options.now;
    this.#clock = options.clock;
    this.#lead = this.#clock() - this.#now();
  }

  /** To be called every so often. Returns whether the machine has slept since, during which the monotonic clock stands still, or it seems so. */
  hasSlept(): boolean {
    const before = this.#lead;
    this.#lead = this.#clock() - this.#now();
    return this.#lead - before > SLEEP;
  }

  /** A handshake is through: each side has found the other's clock right. */
  shookHands(): void {
    this.#offset = this.#clock() - this.#now();
  }

  /** Somebody has said something whom we have called ourselves, beyond the local network. */
  heard(): void {
    this.#heardAt = this.#now();
  }

  get networkWorks(): boolean {
    return this.#now() - this.#heardAt <= SILENCE;
  }

  /** Whether the clock has not jumped since it was last found right. */
  get clockIsRight(): boolean {
    return this.#offset !== null && Math.abs(this.#clock() - this.#now() - this.#offset) < TIME_LIMIT;
  }
}
