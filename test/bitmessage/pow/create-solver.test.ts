import { spawnSync } from "node:child_process";
import { afterEach, describe, expect, test } from "@jest/globals";
import { testSearches } from "../../../src/bitmessage/pow/create-engine.js";
import { createSolver, missingForEngine } from "../../../src/bitmessage/pow/create-solver.js";
import { createGpuKernel, hasGpuPackage } from "../../../src/bitmessage/pow/gpu-kernel.js";
import { PARAMETER_WORDS, searchShader, shaderConstants } from "../../../src/bitmessage/pow/gpu-shader.js";
import { hasNativeLibrary } from "../../../src/bitmessage/pow/native-engine.js";
import { isSolution } from "../../../src/bitmessage/pow/solution-check.js";
import type { Solver, Work } from "../../../src/bitmessage/pow/solver.js";
import { silentLogger } from "../../../src/logger.js";

const solvers: Solver[] = [];
afterEach(() => Promise.all(solvers.splice(0).map((solver) => solver.close())));

const WORK: Work = {
  initialHash: Uint8Array.from({ length: 64 }, (_, index) => index),
  target: 2n ** 64n / 9000n,
};

test.each(["auto", "wasm", "gpu"] as const)(
  "a solver for %s solves, with a graphics processor or without",
  async (engine) => {
    const solver = createSolver({ engine, threads: 1, logger: silentLogger });
    solvers.push(solver);
    const { nonce } = await solver.solve({ prepare: () => WORK, signal: new AbortController().signal });
    expect(isSolution(nonce, WORK)).toBe(true);
    expect(isSolution(nonce, { ...WORK, target: 0n })).toBe(false);
  },
);

test("says what is missing for an engine that is asked for", () => {
  expect(missingForEngine("auto")).toBeNull();
  expect(missingForEngine("wasm")).toBeNull();
  if (!hasNativeLibrary()) expect(missingForEngine("native")).toContain("build-native.mjs");
  if (!hasGpuPackage()) expect(missingForEngine("gpu")).toContain("webgpu");
});

describe("the shader", () => {
  test("has the constants of SHA-512, low half first, and the bytes of its parameters", () => {
    expect([...shaderConstants().slice(0, 2)]).toEqual([0xd728ae22, 0x428a2f98]);
    expect(shaderConstants()).toHaveLength(160);
    expect(PARAMETER_WORDS * 8).toBe(8 + 8 + 64 + 8);
    expect(searchShader()).toContain("@compute @workgroup_size(256)");
  });

  // In a process of its own: drivers crash, and jest's realm is none for native modules.
  (hasGpuPackage() ? test : test.skip)("finds the hits that node:crypto finds, if there is a driver", () => {
    const url = (name: string) => new URL(`../../../src/bitmessage/pow/${name}`, import.meta.url).href;
    const script = `
      const { createGpuKernel } = await import(${JSON.stringify(url("gpu-kernel.js"))});
      const { testSearches } = await import(${JSON.stringify(url("create-engine.js"))});
      const kernel = await createGpuKernel().catch(() => process.exit(77));
      let wrong = 0;
      for (const { work, start, count, expected } of testSearches())
        if ((await kernel.search(work, start, count)) !== expected) wrong++;
      process.exit(wrong === 0 ? 0 : 1);`;
    const { status } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      timeout: 60_000,
    });
    expect([0, 77]).toContain(status);
  });
});

test("without the package there is no kernel", async () => {
  if (!hasGpuPackage()) await expect(createGpuKernel()).rejects.toThrow("webgpu");
});

test("the searches of the self-test have hits in every place, and searches without one", () => {
  const expected = testSearches().map((search) => search.expected);
  expect(new Set(expected)).toEqual(new Set(Array.from({ length: 25 }, (_, index) => index - 1)));
});
