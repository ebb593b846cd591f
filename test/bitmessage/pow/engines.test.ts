import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { assertCorrect, availableEngines, createEngine } from "../../../src/bitmessage/pow/create-engine.js";
import { assertWork, type Engine } from "../../../src/bitmessage/pow/engine.js";
import { measureEngines } from "../../../src/bitmessage/pow/measure-engines.js";
import { tryNativeEngines } from "../../../src/bitmessage/pow/native-trial.js";
import { hasVectorInstructions } from "../../../src/bitmessage/pow/wasm-engine.js";

/** Written anew here, with createHash, so that neither the engines nor the room's own check is its own judge. */
function trialValue(nonce: bigint, initialHash: Uint8Array): bigint {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt.asUintN(64, nonce));
  const inner = createHash("sha512").update(bytes).update(initialHash).digest();
  return createHash("sha512").update(inner).digest().readBigUInt64BE(0);
}

function firstHit(work: { initialHash: Uint8Array; target: bigint }, start: bigint, count: number): number {
  for (let offset = 0; offset < count; offset++) {
    if (trialValue(start + BigInt(offset), work.initialHash) <= work.target) return offset;
  }
  return -1;
}

function allHits(engine: Engine, start: bigint, count: number): number[] {
  const hits: number[] = [];
  for (let from = 0; from < count; ) {
    const offset = engine.search(BigInt.asUintN(64, start + BigInt(from)), 2 * Math.ceil((count - from) / 2));
    if (offset === -1 || from + offset >= count) break;
    hits.push(from + offset);
    from += offset + 1;
  }
  return hits;
}

const HASH = Uint8Array.from({ length: 64 }, (_, index) => (index * 73 + 5) & 0xff);
const SIGN = 1n << 63n;
const natives = (await tryNativeEngines()).working;
const names = availableEngines("auto", natives);

describe.each(names)("engine %s", (name) => {
  const engine = createEngine(name);

  test.each([0n, (1n << 32n) - 1024n, SIGN - 1024n, (1n << 64n) - 1024n])(
    "finds every hit among the 2048 nonces from %s, and no other",
    (start) => {
      engine.load({ initialHash: HASH, target: 1n << 60n });
      const expected = Array.from({ length: 2048 }, (_, index) => index).filter(
        (index) => trialValue(start + BigInt(index), HASH) <= 1n << 60n,
      );
      expect(expected.length).toBeGreaterThan(80);
      expect(allHits(engine, start, 2048)).toEqual(expected);
    },
  );

  test("takes the value itself as a hit, and one above the target not", () => {
    for (let nonce = 0n; nonce < 64n; nonce++) {
      const value = trialValue(nonce, HASH);
      engine.load({ initialHash: HASH, target: value });
      expect(engine.search(nonce, 2)).toBe(0);
      engine.load({ initialHash: HASH, target: value - 1n });
      expect(engine.search(nonce, 2)).not.toBe(0);
    }
  });

  test("everything is a hit at the highest target, nothing at zero", () => {
    engine.load({ initialHash: HASH, target: (1n << 64n) - 1n });
    expect(engine.search(77n, 4)).toBe(0);
    engine.load({ initialHash: HASH, target: 0n });
    expect(engine.search(77n, 512)).toBe(-1);
  });

  // The vector that circulates on the web (bitchan, issue 3): the first nonce below the target is 21997550.
  test("solves the public vector", () => {
    const initialHash = Buffer.from(
      "8ff2d685db89a0af2e3dbfd3f700ae96ef4d9a1eac72fd778bbb368c7510cddd" +
        "a349e03207e1c4965bd95c6f7265e8f1a481a08afab3874eaafb9ade09a10880",
      "hex",
    );
    engine.load({ initialHash, target: 297422593171n });
    expect(engine.search(21997550n - 2000n, 4000)).toBe(2000);
    expect(engine.search(21997550n - 2001n, 4000)).toBe(2001);
    expect(trialValue(21997550n, initialHash)).toBe(120283692955n);
  });

  test("agrees with node:crypto on any work", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 64, maxLength: 64 }),
        fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
        fc.integer({ min: 1, max: 24 }),
        (initialHash, start, difficulty) => {
          const work = { initialHash, target: ((1n << 64n) - 1n) / BigInt(difficulty) };
          engine.load(work);
          expect(engine.search(start, 128)).toBe(firstHit(work, start, 128));
        },
      ),
      { numRuns: 200 },
    );
  });

  test("takes a hash that lies inside a larger buffer", () => {
    const initialHash = new Uint8Array([9, ...HASH, 9]).subarray(1, 65);
    engine.load({ initialHash, target: 1n << 60n });
    expect(engine.search(0n, 512)).toBe(firstHit({ initialHash: HASH, target: 1n << 60n }, 0n, 512));
  });
});

/** An engine of 16 lanes, one of which is dead. */
function withoutLane(offset: number, lane: number): number {
  return offset % 16 === lane ? -1 : offset;
}

describe("the self-test", () => {
  const good = createEngine("javascript");
  const wrong: Record<string, Engine> = {
    "misses hits": { ...good, search: () => -1 },
    "invents hits": { ...good, search: () => 0 },
    "is off by one": { ...good, search: (start, count) => good.search(start + 1n, count) },
    "misses hits in a lane": {
      ...good,
      search: (start, count) => withoutLane(good.search(start, count), 13),
    },
    "loses the carry": { ...good, search: (start, count) => good.search(BigInt.asUintN(32, start), count) },
    "takes < for <=": {
      ...good,
      load: (work) => good.load({ ...work, target: work.target - 1n }),
    },
  };
  test.each(Object.keys(wrong))("refuses an engine that %s", (flaw) => {
    expect(() => assertCorrect(wrong[flaw]!)).toThrow("self-test");
  });
});

test("a forced engine stands alone, wasm and native mean all of their kind, and auto means all", () => {
  const vector = hasVectorInstructions() ? ["wasm-mixed", "wasm"] : [];
  const working = ["native-avx2", "native-scalar"] as const;
  expect(availableEngines("javascript", working)).toEqual(["javascript"]);
  expect(availableEngines("wasm-mixed", working)).toEqual(vector.slice(0, 1));
  expect(availableEngines("wasm-scalar", working)).toEqual(["wasm-scalar"]);
  expect(availableEngines("wasm", working)).toEqual([...vector, "wasm-scalar"]);
  expect(availableEngines("native", working)).toEqual(working);
  expect(availableEngines("native", [])).toEqual([]);
  expect(availableEngines("native-scalar", working)).toEqual(["native-scalar"]);
  expect(availableEngines("native-neon", working)).toEqual([]);
  expect(availableEngines("auto", working)).toEqual([...working, ...vector, "wasm-scalar", "javascript"]);
});

test("measures every engine, the fastest first, and WebAssembly is several times faster than JavaScript", () => {
  const measured = measureEngines(names);
  expect(measured.map(({ engine }) => engine).sort()).toEqual([...names].sort());
  const rates = measured.map(({ trialsPerSecond }) => trialsPerSecond);
  expect(rates).toEqual([...rates].sort((a, b) => b - a));
  expect(rates[0]! / rates.at(-1)!).toBeGreaterThan(2);
});

test("refuses work that no engine could do", () => {
  expect(() => assertWork({ initialHash: new Uint8Array(63), target: 1n })).toThrow(RangeError);
  expect(() => assertWork({ initialHash: HASH, target: -1n })).toThrow(RangeError);
  expect(() => assertWork({ initialHash: HASH, target: 1n << 64n })).toThrow(RangeError);
});
