import type { Sample, SampleStore } from "../stores.js";
import { type MemoryTransactions, Table } from "./transactions.js";

export class MemorySampleStore implements SampleStore {
  readonly #samples: Table<number, Sample>;

  constructor(transactions: MemoryTransactions) {
    this.#samples = new Table(transactions);
  }

  add(sample: Sample): void {
    this.#samples.set(sample.time, { ...sample });
  }

  since(time: number): readonly Sample[] {
    return this.#samples
      .values()
      .filter((sample) => sample.time >= time)
      .sort((left, right) => left.time - right.time);
  }

  removeBefore(time: number): void {
    for (const sample of this.#samples.values()) if (sample.time < time) this.#samples.delete(sample.time);
  }
}
