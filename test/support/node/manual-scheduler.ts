import type { Scheduler } from "../../../src/bitmessage/node/scheduler.js";

/** Time that passes when the test says so. */
export class ManualScheduler implements Scheduler {
  stopped = false;
  #now = 1000;
  #tasks: { due: number; every: number | null; task: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(seconds: number, task: () => void): () => void {
    return this.#add(seconds, null, task);
  }

  every(seconds: number, task: () => void): () => void {
    return this.#add(seconds, seconds, task);
  }

  stop(): void {
    this.stopped = true;
    this.#tasks = [];
  }

  /** Lets time pass, with each task at its time. */
  advance(seconds: number): void {
    const end = this.#now + seconds;
    for (;;) {
      const next = this.#tasks.filter(({ due }) => due <= end).sort((a, b) => a.due - b.due)[0];
      if (next === undefined) break;
      this.#now = next.due;
      if (next.every === null) this.#tasks.splice(this.#tasks.indexOf(next), 1);
      else next.due += next.every;
      next.task();
    }
    this.#now = end;
  }

  #add(seconds: number, every: number | null, task: () => void): () => void {
    const entry = { due: this.#now + seconds, every, task };
    this.#tasks.push(entry);
    return () => {
      this.#tasks = this.#tasks.filter((other) => other !== entry);
    };
  }
}
