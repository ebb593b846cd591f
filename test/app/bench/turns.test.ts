import { describe, expect, test } from "@jest/globals";
import { perSecond, takeTurns } from "../../../src/app/bench/turns.js";

describe("takeTurns", () => {
  test("counts what each task did after the warm-up, in whole steps", async () => {
    const calls: [string, number][] = [];
    const task = (name: string) => ({
      step: 3,
      run(operations: number) {
        calls.push([name, operations]);
      },
    });
    const [first, second] = await takeTurns([task("first"), task("second")], 0.02);
    for (const [name, total] of [
      ["first", first],
      ["second", second],
    ] as const) {
      const all = calls.filter(([of]) => of === name).reduce((sum, [, operations]) => sum + operations, 0);
      expect(total?.operations).toBeGreaterThan(0);
      expect(total?.operations).toBeLessThan(all);
      expect((total?.operations ?? 1) % 3).toBe(0);
      expect(total?.seconds).toBeGreaterThan(0);
    }
    expect(calls.findIndex(([name]) => name === "second")).toBeLessThan(
      calls.findLastIndex(([name]) => name === "first"),
    );
  });

  test("gives each task its turns when there is no time for them", async () => {
    let done = 0;
    const count = (operations: number) => {
      done += operations;
    };
    const totals = await takeTurns([{ step: 1, run: count }], 1e-9);
    expect(totals[0]?.operations).toBeGreaterThanOrEqual(1);
    expect(done).toBeGreaterThan(totals[0]?.operations ?? 0);
  });

  test("an error of a task ends the measurement", async () => {
    const broken = {
      step: 1,
      run() {
        throw new Error("broken");
      },
    };
    await expect(takeTurns([broken], 1)).rejects.toThrow("broken");
  });
});

test("rates are whole where they are large", () => {
  expect(perSecond(1234.5, 1)).toBe(1235);
  expect(perSecond(5, 4)).toBe(1.3);
});
