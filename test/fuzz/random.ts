/** A generator of pseudo-random numbers with a seed (mulberry32): the same seed gives the same inputs on every machine. */
export interface Random {
  /** An integer from 0 to below `limit`. */
  below(limit: number): number;
  /** True once in so many times. */
  once(inSoMany: number): boolean;
  pick<T>(list: readonly T[]): T;
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return { below, once: (inSoMany) => below(inSoMany) === 0, pick: (list) => list[below(list.length)]! };
}
