/** Every line of the checklist of client demands has a test that names its number in brackets. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";

const LINES = 70;

test("all lines are tested", () => {
  const tested = new Set<number>();
  for (const name of readdirSync("test", { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".test.ts")) continue;
    const titles = readFileSync(join("test", name), "utf8").matchAll(/\btest\(\s*"((?:\[\d+\])+) /g);
    for (const [, numbers] of titles)
      for (const [number] of numbers!.matchAll(/\d+/g)) tested.add(Number(number));
  }
  const missing = Array.from({ length: LINES }, (_, index) => index + 1).filter((line) => !tested.has(line));
  expect(missing).toEqual([]);
});
