import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { INITIAL_STATE, ROUND_CONSTANTS } from "../../../src/bitmessage/pow/sha512-constants.js";
import { signed, unsigned } from "../../../src/bitmessage/pow/wasm-assembler.js";
import { buildKernel } from "../../../src/bitmessage/pow/wasm-kernel.js";
import { scalarWords, vectorWords } from "../../../src/bitmessage/pow/wasm-words.js";

// Change detectors: a refactoring must leave these bytes alone; an optimisation changes them together with a measurement.
describe.each([
  {
    name: "vector",
    words: [vectorWords],
    size: 4451,
    sha256: "81b3df49b296357e6e01a6fe71daf681a968fcaca722ef5d1a14400a419e545c",
  },
  {
    name: "scalar",
    words: [scalarWords],
    size: 2394,
    sha256: "9bb5fa57379f057374e3a2708fb639c52ccad7a5b4e1a5fe54c517651134806c",
  },
  {
    name: "mixed",
    words: [vectorWords, scalarWords],
    size: 7005,
    sha256: "0e30beeb0238f6d81bc2496afe14c3e0db9dc38f3a54cc022d5b37f7b3cf6a78",
  },
])("the $name kernel", ({ words, size, sha256 }) => {
  const kernel = buildKernel(...words);

  test("is byte for byte the one that was measured", () => {
    expect(createHash("sha256").update(kernel.module).digest("hex")).toBe(sha256);
    expect(kernel.module.length).toBe(size);
  });

  test("is valid WebAssembly", () => {
    expect(WebAssembly.validate(kernel.module)).toBe(true);
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
