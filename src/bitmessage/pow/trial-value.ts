import { hash } from "node:crypto";

/** The value of one trial: the first 8 bytes of DSHA(nonce || initialHash) as u64. PROTOCOL.md 10.2. */
export function trialValue(nonce: bigint, initialHash: Uint8Array): bigint {
  const trial = Buffer.alloc(72);
  trial.writeBigUInt64BE(nonce, 0);
  trial.set(initialHash, 8);
  return hash("sha512", hash("sha512", trial, "buffer"), "buffer").readBigUInt64BE(0);
}
