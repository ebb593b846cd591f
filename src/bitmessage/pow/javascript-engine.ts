import { hash } from "node:crypto";
import type { Engine } from "./engine.js";
import type { Work } from "./solver.js";

/** The engine of last resort: several times slower than WebAssembly, but it needs nothing and shares no code with it. */
export function createJavascriptEngine(): Engine {
  const trial = Buffer.alloc(72);
  let target = 0n;
  let targetHigh = 0;

  function load(work: Work): void {
    trial.set(work.initialHash, 8);
    target = work.target;
    targetHigh = Number(target >> 32n);
  }

  function search(start: bigint, count: number): number {
    for (let offset = 0; offset < count; offset++) {
      trial.writeBigUInt64BE(BigInt.asUintN(64, start + BigInt(offset)), 0);
      const value = hash("sha512", hash("sha512", trial, "buffer"), "buffer");
      if (value.readUInt32BE(0) <= targetHigh && value.readBigUInt64BE(0) <= target) return offset;
    }
    return -1;
  }

  return { name: "javascript", load, search };
}
