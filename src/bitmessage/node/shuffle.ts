import type { RandomBytes } from "../protocol/random.js";

/** Random numbers drawn at once: one by one would take a second for a large inventory. */
const DRAW = 16_384;

/** Puts a list into random order, in place. The bias of less than one in 2^32 / length does not matter here. */
export function shuffle<T>(list: T[], random: RandomBytes): T[] {
  let view: DataView = new DataView(new ArrayBuffer(0));
  let offset = 0;
  for (let last = list.length - 1; last > 0; last--, offset += 4) {
    if (offset === view.byteLength) {
      const bytes = random(4 * Math.min(last, DRAW));
      view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      offset = 0;
    }
    const other = Math.floor((view.getUint32(offset) / 2 ** 32) * (last + 1));
    [list[last], list[other]] = [list[other]!, list[last]!];
  }
  return list;
}
