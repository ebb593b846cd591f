import type { Pacer } from "./pacer.js";

const RUN = 512;

/** A new array, stably sorted. A hundred thousand texts take longer than others should have to wait: pauses between its steps. */
export async function sortPaced<T>(
  items: readonly T[],
  compare: (a: T, b: T) => number,
  pacer: Pacer,
): Promise<T[]> {
  let runs: T[][] = [];
  for (let i = 0; i < items.length; i += RUN) {
    runs.push(items.slice(i, i + RUN).sort(compare));
    await pacer.pause();
  }
  while (runs.length > 1) {
    const merged: T[][] = [];
    for (let i = 0; i < runs.length; i += 2) {
      const next = runs[i + 1];
      merged.push(next ? await merge(runs[i]!, next, compare, pacer) : runs[i]!);
    }
    runs = merged;
  }
  return runs[0] ?? [];
}

async function merge<T>(
  left: readonly T[],
  right: readonly T[],
  compare: (a: T, b: T) => number,
  pacer: Pacer,
): Promise<T[]> {
  const result: T[] = [];
  let a = 0;
  let b = 0;
  while (a < left.length && b < right.length) {
    result.push(compare(left[a]!, right[b]!) <= 0 ? left[a++]! : right[b++]!);
    if (result.length % RUN === 0) await pacer.pause();
  }
  for (; a < left.length; a++) result.push(left[a]!);
  for (; b < right.length; b++) result.push(right[b]!);
  return result;
}
