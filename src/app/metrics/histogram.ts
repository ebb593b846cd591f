import type { Family, Sample } from "./text-format.js";

/** Counts values by the least bound that they do not exceed. */
export class Histogram {
  readonly #counts: number[];
  #sum = 0;

  /** @param bounds rising */
  constructor(private readonly bounds: readonly number[]) {
    this.#counts = new Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    const index = this.bounds.findIndex((bound) => value <= bound);
    const at = index < 0 ? this.bounds.length : index;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#sum += value;
  }

  family(name: string, help: string): Family {
    let count = 0;
    const buckets = [...this.bounds.map(String), "+Inf"].map((le, index): Sample => {
      count += this.#counts[index] ?? 0;
      return { suffix: "_bucket", labels: { le }, value: count };
    });
    const samples: Sample[] = [
      ...buckets,
      { suffix: "_sum", value: this.#sum },
      { suffix: "_count", value: count },
    ];
    return { name, type: "histogram", help, samples };
  }
}
