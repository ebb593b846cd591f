import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { formatVectorReport, runVectors } from "../../../src/app/vectors/run.js";

// The vectors are data, so they stay in the source tree when the tests are compiled.
const VECTORS = join(process.cwd(), "test/vectors");

describe("the published vectors", () => {
  const result = runVectors(VECTORS);

  test("are all there", () => {
    expect(result.passed + result.failed).toBe(689);
    expect(result.files).toHaveLength(23);
  });

  test.each(result.files.map((file) => [file.name, file] as const))("%s passes", (_name, file) => {
    expect(file.failures).toEqual([]);
    expect(file.passed).toBeGreaterThan(0);
  });
});

describe("the runner", () => {
  function directoryWith(files: Record<string, string>): string {
    const directory = mkdtempSync(join(tmpdir(), "vectors-"));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
    return directory;
  }

  test("tells which case fails, and why", () => {
    const cases = [
      { id: "good", op: "roundtrip", hex: "00", valid: true, value: "0" },
      { id: "wrong value", op: "roundtrip", hex: "01", valid: true, value: "2" },
      { id: "wrong reason", op: "decode", hex: "fd", valid: false, reason: "non_canonical" },
      { id: "not refused", op: "decode", hex: "00", valid: false, reason: "truncated" },
      { id: "malformed case", op: "decode", valid: true },
    ];
    const result = runVectors(directoryWith({ "varint.json": JSON.stringify(cases), "README.md": "" }));
    expect(result).toMatchObject({ passed: 1, failed: 4 });
    const ids = result.files[0]!.failures.map(({ id }) => id);
    expect(ids).toEqual(["wrong value", "wrong reason", "not refused", "malformed case"]);
    const report = formatVectorReport(result);
    expect(report[0]).toBe("varint.json  1 passed, 4 failed");
    expect(report[2]).toBe("  wrong reason: refused as truncated instead of non_canonical");
    expect(report.at(-1)).toBe("1 passed, 4 failed");
  });

  test("counts unknown and unreadable files as failures", () => {
    const result = runVectors(directoryWith({ "new.json": "[]", "wif.json": "{", "keys.json": "{}" }));
    expect(result).toMatchObject({ passed: 0, failed: 3 });
  });

  test("finds nothing in an empty directory, and refuses a missing one", () => {
    expect(formatVectorReport(runVectors(directoryWith({})))).toEqual(["0 passed, 0 failed"]);
    expect(() => runVectors("/nowhere/at/all")).toThrow();
  });
});
