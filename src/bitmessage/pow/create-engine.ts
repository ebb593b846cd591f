import { powValue } from "../protocol/pow-target.js";
import {
  type Engine,
  type EngineChoice,
  type EngineName,
  isNative,
  type NativeEngineName,
} from "./engine.js";
import { createJavascriptEngine } from "./javascript-engine.js";
import { createNativeEngine } from "./native-engine.js";
import { createWasmEngine, hasVectorInstructions } from "./wasm-engine.js";

/**
 * The engines that a choice allows and this machine can run. "wasm" stands for both kinds of WebAssembly.
 * @param natives those that have passed their trial
 */
export function availableEngines(choice: EngineChoice, natives: readonly NativeEngineName[]): EngineName[] {
  if (isNative(choice)) return natives.filter((name) => name === choice);
  const allowed: Record<Exclude<EngineChoice, NativeEngineName>, EngineName[]> = {
    auto: [...natives, "wasm", "wasm-scalar", "javascript"],
    native: [...natives],
    wasm: ["wasm", "wasm-scalar"],
    "wasm-scalar": ["wasm-scalar"],
    javascript: ["javascript"],
  };
  return allowed[choice].filter((name) => name !== "wasm" || hasVectorInstructions());
}

/** Builds an engine and lets it solve what is known. Throws Error if it cannot be built or answers wrongly. */
export function createEngine(name: EngineName): Engine {
  const engine = buildEngine(name);
  assertCorrect(engine);
  return engine;
}

function buildEngine(name: EngineName): Engine {
  if (isNative(name)) return createNativeEngine(name);
  return name === "javascript" ? createJavascriptEngine() : createWasmEngine(name);
}

const TEST_HASH = Uint8Array.from({ length: 64 }, (_, index) => (index * 167 + 41) & 0xff);
/** More than the lanes of the widest engine, 16. */
const TEST_TRIALS = 24;

/** Compares with node:crypto where engines can go wrong: each lane, the carries of the nonce, and the edge of the target. */
export function assertCorrect(engine: Engine): void {
  for (const carry of [0n, 1n << 32n, 1n << 63n, 1n << 64n]) {
    const start = carry - BigInt(TEST_TRIALS);
    const values = Array.from({ length: 3 * TEST_TRIALS }, (_, index) =>
      referenceValue(start + BigInt(index)),
    );
    const middle = values.slice(TEST_TRIALS, 2 * TEST_TRIALS);
    const best = middle.reduce((a, b) => (b < a ? b : a));
    const hit = values.indexOf(best);
    for (let from = hit - TEST_TRIALS + 1; from <= hit + 1; from++) {
      for (const target of [best, best - 1n]) {
        const expected = values.slice(from, from + TEST_TRIALS).findIndex((value) => value <= target);
        assertAnswer(engine, start + BigInt(from), target, expected);
      }
    }
  }
}

function assertAnswer(engine: Engine, start: bigint, target: bigint, expected: number): void {
  engine.load({ initialHash: TEST_HASH, target });
  if (engine.search(BigInt.asUintN(64, start), TEST_TRIALS) !== expected) {
    throw new Error(`the proof-of-work engine ${engine.name} fails its self-test`);
  }
}

function referenceValue(nonce: bigint): bigint {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, nonce));
  return powValue(bytes, TEST_HASH);
}
