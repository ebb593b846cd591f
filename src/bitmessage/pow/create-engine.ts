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
import type { Work } from "./solver.js";
import { createWasmEngine, hasVectorInstructions } from "./wasm-engine.js";

/**
 * The engines that a choice allows and this machine can run, in the order in which they are likely to be the fastest.
 * "wasm" stands for all kinds of WebAssembly.
 * @param natives those that have passed their trial
 */
export function availableEngines(choice: EngineChoice, natives: readonly NativeEngineName[]): EngineName[] {
  if (isNative(choice)) return natives.filter((name) => name === choice);
  const allowed: Record<Exclude<EngineChoice, NativeEngineName>, EngineName[]> = {
    auto: [...natives, "wasm-mixed", "wasm", "wasm-scalar", "javascript"],
    native: [...natives],
    wasm: ["wasm-mixed", "wasm", "wasm-scalar"],
    "wasm-mixed": ["wasm-mixed"],
    "wasm-scalar": ["wasm-scalar"],
    javascript: ["javascript"],
  };
  return allowed[choice].filter((name) => !NEED_VECTORS.has(name) || hasVectorInstructions());
}

const NEED_VECTORS: ReadonlySet<EngineName> = new Set<EngineName>(["wasm", "wasm-mixed"]);

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

/** Throws Error if an engine answers wrongly. */
export function assertCorrect(engine: Engine): void {
  for (const { work, start, count, expected } of testSearches()) {
    engine.load(work);
    if (engine.search(start, count) !== expected)
      throw new Error(`the proof-of-work engine ${engine.name} fails its self-test`);
  }
}

export interface TestSearch {
  readonly work: Work;
  readonly start: bigint;
  readonly count: number;
  /** The offset of the first hit, or -1. */
  readonly expected: number;
}

/** Searches whose answers node:crypto gives, where engines can go wrong: each lane, the carries of the nonce, the edge of the target. */
export function testSearches(): TestSearch[] {
  const searches: TestSearch[] = [];
  for (const carry of [0n, 1n << 32n, 1n << 63n, 1n << 64n]) {
    const first = carry - BigInt(TEST_TRIALS);
    const values = Array.from({ length: 3 * TEST_TRIALS }, (_, index) =>
      referenceValue(first + BigInt(index)),
    );
    const middle = values.slice(TEST_TRIALS, 2 * TEST_TRIALS);
    const best = middle.reduce((a, b) => (b < a ? b : a));
    const hit = values.indexOf(best);
    for (let from = hit - TEST_TRIALS + 1; from <= hit + 1; from++) {
      for (const target of [best, best - 1n]) {
        searches.push({
          work: { initialHash: TEST_HASH, target },
          start: BigInt.asUintN(64, first + BigInt(from)),
          count: TEST_TRIALS,
          expected: values.slice(from, from + TEST_TRIALS).findIndex((value) => value <= target),
        });
      }
    }
  }
  return searches;
}

function referenceValue(nonce: bigint): bigint {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, nonce));
  return powValue(bytes, TEST_HASH);
}
