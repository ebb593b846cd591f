import { type RandomBytes, randomBelow } from "../protocol/random.js";

/** Puts a list into random order, in place. */
export function shuffle<T>(list: T[], random: RandomBytes): T[] {
  for (let last = list.length - 1; last > 0; last--) {
    const other = randomBelow(last + 1, random);
    [list[last], list[other]] = [list[other]!, list[last]!];
  }
  return list;
}
