import { concatBytes } from "../../../src/bitmessage/protocol/bytes.js";
import { encodeObjectHeader, withNonce } from "../../../src/bitmessage/protocol/object.js";
import {
  type Difficulty,
  initialHash,
  powTarget,
  powValue,
} from "../../../src/bitmessage/protocol/pow-target.js";

/** So little that a single processor finds it at once. */
export const TINY_DIFFICULTY: Difficulty = { trialsPerByte: 1n, extraBytes: 1n };

export interface ObjectParts {
  readonly expires: number;
  readonly type?: number;
  readonly version?: number;
  readonly stream?: number;
  readonly payload: Uint8Array;
}

function bodyOf({ expires, type = 42, version = 1, stream = 1, payload }: ObjectParts): Uint8Array {
  return concatBytes(encodeObjectHeader({ expires, type, version, stream }), payload);
}

/** An object for the sender's own inventory, which nobody checks. */
export function objectWithoutWork(parts: ObjectParts): Uint8Array {
  return withNonce(0n, bodyOf(parts));
}

/** A whole object with the work for `TINY_DIFFICULTY`, its life counted from `now`. */
export function makeObject(parts: ObjectParts, now = Math.floor(Date.now() / 1000)): Uint8Array {
  const body = bodyOf(parts);
  const target = powTarget({
    length: body.length + 8,
    ttl: parts.expires - now,
    difficulty: TINY_DIFFICULTY,
  });
  const initial = initialHash(body);
  const nonce = new Uint8Array(8);
  const view = new DataView(nonce.buffer);
  for (let trial = 0n; ; trial++) {
    view.setBigUint64(0, trial);
    if (powValue(nonce, initial) <= target) return withNonce(trial, body);
  }
}

/** Different objects of unknown type that live an hour. */
export function makeObjects(count: number, label: string): Uint8Array[] {
  const expires = Math.floor(Date.now() / 1000) + 3600;
  return Array.from({ length: count }, (_, index) =>
    makeObject({ expires, payload: new TextEncoder().encode(`${label} ${index}`) }),
  );
}
