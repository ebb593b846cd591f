import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { createEngine } from "../../../src/bitmessage/pow/create-engine.js";
import { hasNativeLibrary, nativeEngines } from "../../../src/bitmessage/pow/native-engine.js";
import { runTrial, type TrialLine, tryNativeEngines } from "../../../src/bitmessage/pow/native-trial.js";

const directory = mkdtempSync(join(tmpdir(), "bmbridge-trial-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A program that says these lines and then does that. */
function program(lines: readonly TrialLine[], last = ""): string {
  const path = join(directory, `${Math.random()}.cjs`);
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  writeFileSync(path, `require("node:fs").writeSync(1, ${JSON.stringify(text)});\n${last}`);
  return path;
}

const PRESENT: TrialLine = { kind: "present", engines: ["native-avx2", "native-scalar"] };

describe("a trial of the native engines", () => {
  test("names those that work", async () => {
    const lines: TrialLine[] = [
      PRESENT,
      { kind: "tested", engine: "native-avx2", failure: "fails its self-test" },
      { kind: "tested", engine: "native-scalar" },
    ];
    expect(await runTrial(program(lines))).toEqual({
      working: ["native-scalar"],
      failures: [{ engine: "native-avx2", failure: "fails its self-test" }],
    });
  });

  test("that crashes leaves out the engine that it was at, and those that it had not come to", async () => {
    const crashing = program(
      [
        { kind: "present", engines: ["native-a", "native-b"] },
        { kind: "tested", engine: "native-a" },
      ],
      'process.kill(process.pid, "SIGSEGV"); setInterval(() => {}, 1000);',
    );
    const { working, failures } = await runTrial(crashing);
    expect(working).toEqual(["native-a"]);
    expect(failures).toEqual([{ engine: "native-b", failure: expect.stringContaining("SIGSEGV") }]);
  });

  test("that ends in the middle of a line counts what was whole", async () => {
    const half = 'require("node:fs").writeSync(1, \'{"kind":"tested","engi\'); process.abort();';
    const { working, failures } = await runTrial(
      program([PRESENT, { kind: "tested", engine: "native-avx2" }], half),
    );
    expect(working).toEqual(["native-avx2"]);
    expect(failures.map(({ engine }) => engine)).toEqual(["native-scalar"]);
  });

  test.each([
    ["crashes while loading", 'process.kill(process.pid, "SIGILL"); setInterval(() => {}, 1000);', "SIGILL"],
    ["throws while loading", 'throw new Error("wrong machine");', "exit status 1"],
    ["says nothing", "", "no answer"],
  ])("of a library that %s yields none", async (_, script, reason) => {
    const { working, failures } = await runTrial(program([], script));
    expect(working).toEqual([]);
    expect(failures).toEqual([{ engine: "native", failure: expect.stringContaining(reason) }]);
  });
});

describe("the native library of this build", () => {
  test("works with all its engines, or is not there", async () => {
    const { working, failures } = await tryNativeEngines();
    expect(failures).toEqual([]);
    expect(working).toEqual(hasNativeLibrary() ? nativeEngines() : []);
    if (hasNativeLibrary()) expect(working.at(-1)).toBe("native-scalar");
  });

  (hasNativeLibrary() ? test : test.skip)("finds a hit only among the nonces it was asked to try", () => {
    for (const name of nativeEngines()) {
      const engine = createEngine(name);
      engine.load({ initialHash: new Uint8Array(64), target: 1n << 60n });
      const hit = engine.search(0n, 2 ** 16);
      expect(hit).toBeGreaterThan(0);
      if (hit % 2 === 0) expect(engine.search(0n, hit)).toBe(-1);
      expect(engine.search(0n, 2 * (hit + 1))).toBe(hit);
    }
  });

  test("an engine that this machine lacks is refused", () => {
    expect(() => createEngine("native-abacus")).toThrow();
  });
});
