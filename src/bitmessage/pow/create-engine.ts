import { powValue } from "../protocol/pow-target.js";
import type { Engine, EngineChoice, EngineName } from "./engine.js";
import { createJavascriptEngine } from "./javascript-engine.js";
import { createWasmEngine, hasVectorInstructions } from "./wasm-engine.js";

/** The engines that a choice allows and this machine can run. "wasm" stands for both kinds of WebAssembly. */
export function availableEngines(choice: EngineChoice): EngineName[] {
  const allowed: Record<EngineChoice, EngineName[]> = {
    auto: ["wasm", "wasm-scalar", "javascript"],
    wasm: ["wasm", "wasm-scalar"],
    "wasm-scalar": ["wasm-scalar"],
    javascript: ["javascript"],
  };
  return allowed[choice].filter((name) => name !== "wasm" || hasVectorInstructions());
}

/** Builds an engine and lets it solve what is known. Throws Error if it cannot be built or answers wrongly. */
export function createEngine(name: EngineName): Engine {
  const engine = name === "javascript" ? createJavascriptEngine() : createWasmEngine(name);
  assertCorrect(engine);
  return engine;
}

const TEST_HASH = Uint8Array.from({ length: 64 }, (_, index) => (index * 167 + 41) & 0xff);
const TEST_TRIALS = 8;

/** Compares with node:crypto where engines can go wrong: each lane, the carries of the nonce, and the edge of the target. */
export function assertCorrect(engine: Engine): void {
  for (const carry of [0n, 1n << 32n, 1n << 63n, 1n << 64n]) {
    const start = BigInt.asUintN(64, carry - 5n);
    const values = Array.from({ length: TEST_TRIALS }, (_, index) => referenceValue(start + BigInt(index)));
    values.forEach((value, index) => {
      const first = values.findIndex((other) => other <= value);
      assertAnswer(engine, start, value, first);
      if (first === index)
        assertAnswer(
          engine,
          start,
          value - 1n,
          values.findIndex((other) => other < value),
        );
    });
  }
}

function assertAnswer(engine: Engine, start: bigint, target: bigint, expected: number): void {
  engine.load({ initialHash: TEST_HASH, target });
  if (engine.search(start, TEST_TRIALS) !== expected) {
    throw new Error(`the proof-of-work engine ${engine.name} fails its self-test`);
  }
}

function referenceValue(nonce: bigint): bigint {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, nonce));
  return powValue(bytes, TEST_HASH);
}
