/** A clock that stands still until it is told, and timers that go off by it. */
export class ManualTime {
  now: number;
  #timers: { readonly time: number; readonly task: () => void }[] = [];

  constructor(now = 1_700_000_000) {
    this.now = now;
  }

  readonly clock = (): number => this.now;

  readonly timer = (seconds: number, task: () => void): (() => void) => {
    const timer = { time: this.now + seconds, task };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  };

  /** The time of the next timer, or null. */
  next(): number | null {
    const times = this.#timers.map(({ time }) => time);
    return times.length === 0 ? null : Math.min(...times);
  }

  /** Somebody sets the clock back; timers go off when their time has passed, which it does, for they do not hang on the clock. */
  setBack(seconds: number): void {
    this.now -= seconds;
    for (const { task } of this.#timers.splice(0)) task();
  }

  /** Lets the time pass up to then; timers that are due go off, in order. */
  advanceTo(time: number): void {
    for (;;) {
      this.#timers.sort((a, b) => a.time - b.time);
      const first = this.#timers[0];
      if (!first || first.time > time) break;
      this.#timers.shift();
      this.now = Math.max(this.now, first.time);
      first.task();
    }
    this.now = Math.max(this.now, time);
  }
}
