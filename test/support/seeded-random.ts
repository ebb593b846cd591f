import { createHash } from "node:crypto";
import type { RandomBytes } from "../../src/bitmessage/protocol/random.js";

/** Reproducible bytes, the same for the same seed. */
export function seededRandom(seed: string): RandomBytes {
  let counter = 0;
  let pool = Buffer.alloc(0);
  return (length) => {
    while (pool.length < length) {
      pool = Buffer.concat([pool, createHash("sha512").update(`${seed}:${counter}`).digest()]);
      counter += 1;
    }
    const bytes = Uint8Array.from(pool.subarray(0, length));
    pool = pool.subarray(length);
    return bytes;
  };
}
