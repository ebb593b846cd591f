interface Appointment<Key> {
  readonly key: Key;
  readonly time: number;
}

/** Keys by the time that each is due at: a binary heap, in which what has been changed or taken away is passed over when it comes up. */
export class Schedule<Key> {
  readonly #times = new Map<Key, number>();
  #heap: Appointment<Key>[] = [];

  /** Replaces an earlier time of the key. */
  set(key: Key, time: number): void {
    if (this.#times.get(key) === time) return;
    this.#times.set(key, time);
    if (this.#heap.length > 2 * this.#times.size + 64) this.#rebuild();
    else this.#push({ key, time });
  }

  delete(key: Key): void {
    this.#times.delete(key);
  }

  /** The earliest time; Infinity when nothing is due ever. */
  next(): number {
    this.#passOver();
    return this.#heap[0]?.time ?? Number.POSITIVE_INFINITY;
  }

  /** Takes out the key that is due first, unless that is after `now`: then null. */
  take(now: number): Key | null {
    this.#passOver();
    const first = this.#heap[0];
    if (first === undefined || first.time > now) return null;
    this.#pop();
    this.#times.delete(first.key);
    return first.key;
  }

  #passOver(): void {
    for (let first = this.#heap[0]; first && this.#times.get(first.key) !== first.time; first = this.#heap[0])
      this.#pop();
  }

  #rebuild(): void {
    // Sorted is a heap as well.
    this.#heap = [...this.#times].map(([key, time]) => ({ key, time })).sort((a, b) => a.time - b.time);
  }

  #push(appointment: Appointment<Key>): void {
    const heap = this.#heap;
    let at = heap.push(appointment) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]!.time <= appointment.time) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = appointment;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child + 1 < heap.length && heap[child + 1]!.time < heap[child]!.time) child++;
      if (child >= heap.length || heap[child]!.time >= last.time) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}
