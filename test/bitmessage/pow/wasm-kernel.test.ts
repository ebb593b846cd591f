import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { INITIAL_STATE, ROUND_CONSTANTS } from "../../../src/bitmessage/pow/sha512-constants.js";
import { signed, unsigned } from "../../../src/bitmessage/pow/wasm-assembler.js";
import { buildKernel, CONSTANTS_AT } from "../../../src/bitmessage/pow/wasm-kernel.js";
import { scalarWords, vectorWords } from "../../../src/bitmessage/pow/wasm-words.js";

// Change detectors: a refactoring must leave these bytes alone; an optimisation changes them together with a measurement.
describe.each([
  {
    name: "vector",
    words: [vectorWords],
    size: 18221,
    sha256: "c31ca9d1f3e79007200368de14b95a9b46fbda1525c59146d88e277b1b301024",
  },
  {
    name: "scalar",
    words: [scalarWords],
    size: 9090,
    sha256: "de0e823cd6b9374346855cd8a0eb8455384b2e86d4a327ae1699402ea8e12312",
  },
  {
    name: "mixed",
    words: [vectorWords, scalarWords],
    size: 28327,
    sha256: "c1b5c6c0a700ac639af567adf2302e0dc185484ce8a78e00c444381bb0401a6d",
  },
])("the $name kernel", ({ words, size, sha256 }) => {
  const kernel = buildKernel(...words);

  test("is byte for byte the one that was measured", () => {
    expect(createHash("sha256").update(kernel.module).digest("hex")).toBe(sha256);
    expect(kernel.module.length).toBe(size);
  });

  test("is valid WebAssembly whose constants fit its memory", () => {
    expect(WebAssembly.validate(kernel.module)).toBe(true);
    expect(CONSTANTS_AT + 8 * kernel.constants.length).toBeLessThan(32768);
  });
});

test("the constants of SHA-512 come out as FIPS 180-4 prints them", () => {
  expect(ROUND_CONSTANTS).toHaveLength(80);
  expect(ROUND_CONSTANTS[0]).toBe(0x428a2f98d728ae22n);
  expect(ROUND_CONSTANTS[79]).toBe(0x6c44198c4a475817n);
  expect(INITIAL_STATE[0]).toBe(0x6a09e667f3bcc908n);
  expect(INITIAL_STATE[7]).toBe(0x5be0cd19137e2179n);
});

test("encodes LEB128 numbers", () => {
  expect([0, 127, 128, 624485].map(unsigned)).toEqual([[0], [0x7f], [0x80, 1], [0xe5, 0x8e, 0x26]]);
  expect([0, -1, 63, 64, -64, -65, -123456].map(signed)).toEqual([
    [0],
    [0x7f],
    [0x3f],
    [0xc0, 0],
    [0x40],
    [0xbf, 0x7f],
    [0xc0, 0xbb, 0x78],
  ]);
});
