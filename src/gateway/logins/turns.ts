/** Work that is done one after the other: per key, with a count of what is under way per key and per group. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();
  readonly #counts = new Map<string, number>();

  /** How much of that key, or of that group, waits or is being done. */
  waiting(keyOrGroup: string): number {
    return this.#counts.get(keyOrGroup) ?? 0;
  }

  async take<T>(key: string, group: string, work: () => Promise<T>): Promise<T> {
    this.#change(key, 1);
    this.#change(group, 1);
    const before = this.#last.get(key) ?? Promise.resolve();
    const done = before.then(work);
    const quiet = done.catch(() => undefined);
    this.#last.set(key, quiet);
    try {
      return await done;
    } finally {
      this.#change(key, -1);
      this.#change(group, -1);
      if (this.#last.get(key) === quiet) this.#last.delete(key);
    }
  }

  #change(name: string, by: number): void {
    const count = this.waiting(name) + by;
    if (count > 0) this.#counts.set(name, count);
    else this.#counts.delete(name);
  }
}
