import { asBytes, concatBytes } from "./bytes.js";
import { doubleSha512, sha512 } from "./hash.js";

/** How much work somebody asks for (PROTOCOL.md section 10.2). */
export interface Difficulty {
  trialsPerByte: bigint;
  extraBytes: bigint;
}

/** What the network asks of every object. */
export const NETWORK_MINIMUM: Difficulty = { trialsPerByte: 1000n, extraBytes: 1000n };

/** Seconds that an object's life counts at least. */
const SHORTEST_LIFE = 300n;
const TWO_TO_64 = 2n ** 64n;

/** Each demand, raised to the minimum where it is lower. */
export function atLeast(difficulty: Difficulty, minimum: Difficulty): Difficulty {
  return {
    trialsPerByte: larger(difficulty.trialsPerByte, minimum.trialsPerByte),
    extraBytes: larger(difficulty.extraBytes, minimum.extraBytes),
  };
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

/**
 * The highest value that a proof of work may have (PROTOCOL.md section 10.2), 0 … 2^64−1.
 * @param length bytes of the whole object, its 8-byte nonce included
 * @param ttl seconds from now to the expiry; less than 300 count as 300
 * @param difficulty as demanded: raise it with `atLeast` before
 */
export function powTarget(work: { length: number; ttl: number | bigint; difficulty: Difficulty }): bigint {
  const ttl = larger(BigInt(work.ttl), SHORTEST_LIFE);
  const weight = BigInt(work.length) + work.difficulty.extraBytes;
  const trials = work.difficulty.trialsPerByte * (weight + (ttl * weight) / 65536n);
  const target = trials > 0n ? TWO_TO_64 / trials : TWO_TO_64;
  return target < TWO_TO_64 ? target : TWO_TO_64 - 1n;
}

/** The inner hash of the work: SHA512(object[8:]), 64 bytes. */
export function initialHash(objectWithoutNonce: Uint8Array): Uint8Array {
  return sha512(objectWithoutNonce);
}

/**
 * The value of a nonce: the first 8 bytes of DSHA(nonce || initialHash) as an integer.
 * @param nonce 8 bytes
 */
export function powValue(nonce: Uint8Array, initial: Uint8Array): bigint {
  const hash = doubleSha512(concatBytes(nonce, initial));
  return new DataView(hash.buffer, hash.byteOffset, 8).getBigUint64(0);
}

/**
 * Whether an object carries the work demanded, at least that of the network minimum. Costs one hash over the object and
 * two short ones. Objects of less than 16 bytes have no expiry and never pass.
 * @param context.now Unix seconds
 */
export function isWorkSufficient(
  object: Uint8Array,
  context: { now: number; difficulty: Difficulty; minimum: Difficulty },
): boolean {
  if (object.length < 16) return false;
  const bytes = asBytes(object);
  const expires = new DataView(bytes.buffer, bytes.byteOffset, 16).getBigUint64(8);
  const target = powTarget({
    length: object.length,
    ttl: expires - BigInt(Math.floor(context.now)),
    difficulty: atLeast(context.difficulty, context.minimum),
  });
  return powValue(bytes.subarray(0, 8), initialHash(bytes.subarray(8))) <= target;
}

/** How many nonces must be tried on average until one meets the target. */
export function expectedTrials(target: bigint): bigint {
  return TWO_TO_64 / (target + 1n);
}
