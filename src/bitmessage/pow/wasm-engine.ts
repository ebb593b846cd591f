import type { Engine, WasmEngineName } from "./engine.js";
import type { Work } from "./solver.js";
import { buildKernel } from "./wasm-kernel.js";
import { scalarWords, vectorWords, type WordInstructions } from "./wasm-words.js";

type Search = (start: bigint, count: number) => number;

/** A function that splats a number into a vector and returns one lane: valid only where V8 has SIMD instructions. */
const SIMD_PROBE = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7f],
  ...[0x03, 0x02, 0x01, 0x00, 0x0a, 0x0b, 0x01, 0x09, 0x00, 0x41, 0x00, 0xfd, 0x11, 0xfd, 0x1b, 0x00, 0x0b],
);

/** Whether this processor and runtime take WebAssembly's vector instructions. */
export function hasVectorInstructions(): boolean {
  return WebAssembly.validate(SIMD_PROBE);
}

const STREAMS: Readonly<Record<WasmEngineName, readonly WordInstructions[]>> = {
  wasm: [vectorWords],
  "wasm-mixed": [vectorWords, scalarWords],
  "wasm-scalar": [scalarWords],
};

/** Compiling takes 10 to 30 ms; V8 reaches its full speed some milliseconds of short searches later. */
export function createWasmEngine(name: WasmEngineName): Engine {
  const kernel = buildKernel(...STREAMS[name]);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(kernel.module));
  const memory = new DataView((exports["memory"] as WebAssembly.Memory).buffer);
  const search = exports["search"] as Search;

  function load(work: Work): void {
    const words = new DataView(work.initialHash.buffer, work.initialHash.byteOffset, work.initialHash.length);
    const initialHash = Array.from({ length: 8 }, (_, index) => words.getBigUint64(8 * index));
    kernel.load(memory, { initialHash, target: work.target });
  }

  return {
    name,
    load,
    search(start, count) {
      const offset = search(BigInt.asIntN(64, start), count);
      return offset < count ? offset : -1;
    },
  };
}
