import { powValue } from "../protocol/pow-target.js";
import type { Work } from "./solver.js";

/** Whether node:crypto finds the nonce good: the check of every solution before it is used. */
export function isSolution(nonce: bigint, work: Work): boolean {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, nonce);
  return powValue(bytes, work.initialHash) <= work.target;
}
