import type { Work } from "./solver.js";

/**
 * "native-..." is compiled C, "native-avx512" for example; "wasm" computes two trials at a time in 128-bit vectors,
 * "wasm-scalar" one, "wasm-mixed" alternates between both, which keeps wide processors busier; "javascript" calls node:crypto.
 */
export type EngineName = NativeEngineName | WasmEngineName | "javascript";
export type WasmEngineName = "wasm" | "wasm-mixed" | "wasm-scalar";
export type NativeEngineName = `native-${string}`;

/** "auto" takes the fastest that works here, "native" and "wasm" the fastest of their kind; a name forces that engine. */
export type EngineChoice = "auto" | "native" | EngineName;

/** One way of computing trials, on the thread that calls it. */
export interface Engine {
  readonly name: EngineName;
  /** Prepares what depends on the work alone; the searches after it are for this work. */
  load(work: Work): void;
  /**
   * Tries the nonces from start on, modulo 2^64, and returns the offset of the first hit, or -1.
   * count: above 0, below 2^31, and a multiple of 2, the number of WebAssembly's vector lanes.
   */
  search(start: bigint, count: number): number;
}

export function isNative(name: string): name is NativeEngineName {
  return name.startsWith("native-");
}

/** Says what is wrong with a work order. Throws RangeError. */
export function assertWork(work: Work): void {
  if (work.initialHash.length !== 64) throw new RangeError("the initial hash has 64 bytes");
  if (work.target < 0n || work.target >= 1n << 64n)
    throw new RangeError("the target is an unsigned 64-bit number");
}
