/** A source of cryptographically strong random bytes; tests pass a reproducible one. */
export type RandomBytes = (length: number) => Uint8Array;

/** A random whole number from 0 up to, not including, `bound` (at most 2^32), without bias. */
export function randomBelow(bound: number, random: RandomBytes): number {
  const limit = 2 ** 32 - (2 ** 32 % bound);
  for (;;) {
    const bytes = random(4);
    const value = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
    if (value < limit) return value % bound;
  }
}
