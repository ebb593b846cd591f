import fc from "fast-check";
import { concatBytes } from "../../../src/bitmessage/protocol/bytes.js";
import { ProtocolError } from "../../../src/bitmessage/protocol/errors.js";
import { sha512 } from "../../../src/bitmessage/protocol/hash.js";
import { type IdentityKeys, identityKeys, randomPrivateKey } from "../../../src/bitmessage/protocol/keys.js";
import { NETWORK_MINIMUM } from "../../../src/bitmessage/protocol/pow-target.js";
import type { SendingIdentity } from "../../../src/bitmessage/protocol/pubkey.js";
import type { RandomBytes } from "../../../src/bitmessage/protocol/random.js";

/** Reproducible bytes that look random. */
export function seededRandom(seed: string): RandomBytes {
  let counter = 0;
  return (length) => {
    const blocks: Uint8Array[] = [];
    for (let filled = 0; filled < length; filled += 64) {
      blocks.push(sha512(new TextEncoder().encode(`${seed} ${counter++}`)));
    }
    return concatBytes(...blocks).slice(0, length);
  };
}

export function randomIdentity(seed: string): IdentityKeys {
  const random = seededRandom(seed);
  return identityKeys(randomPrivateKey(random), randomPrivateKey(random));
}

export function sendingIdentity(seed: string, version: number): SendingIdentity {
  return { version, stream: 1, keys: randomIdentity(seed), behavior: 1, difficulty: NETWORK_MINIMUM };
}

export const bytes = (maxLength = 300, minLength = 0) => fc.uint8Array({ minLength, maxLength });

/** Runs a parser on hostile input: it may give a value or a ProtocolError, and nothing else. */
export function survives(parse: () => unknown): void {
  try {
    parse();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
  }
}

/** The code of the ProtocolError that an action ends with. */
export function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
  return "no error";
}

/** A copy with some bits of one byte flipped. */
export function flipped(original: Uint8Array, position: number, mask = 1): Uint8Array {
  const copy = Uint8Array.from(original);
  copy[position]! ^= mask;
  return copy;
}

/** Valid bytes with a few changes: cut, changed, or continued. These get further into a parser than random bytes do. */
export function damaged(valid: Uint8Array): fc.Arbitrary<Uint8Array> {
  const position = fc.nat(Math.max(0, valid.length - 1));
  return fc.oneof(
    position.map((end) => valid.slice(0, end)),
    fc.tuple(position, fc.integer({ min: 1, max: 255 })).map(([at, mask]) => flipped(valid, at, mask)),
    bytes(20).map((tail) => concatBytes(valid, tail)),
    fc.tuple(position, bytes(9, 1)).map(([at, patch]) => {
      const copy = Uint8Array.from(valid);
      copy.set(patch.subarray(0, copy.length - at), at);
      return copy;
    }),
  );
}
