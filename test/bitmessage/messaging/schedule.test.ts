import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Schedule } from "../../../src/bitmessage/messaging/schedule.js";

describe("a schedule", () => {
  test("gives what is due, the earliest first, and each key once at its newest time", () => {
    const schedule = new Schedule<string>();
    schedule.set("late", 30);
    schedule.set("early", 10);
    schedule.set("changed", 5);
    schedule.set("changed", 20);
    schedule.set("gone", 1);
    schedule.delete("gone");
    expect(schedule.next()).toBe(10);
    expect(schedule.take(9)).toBeNull();
    expect([schedule.take(25), schedule.take(25), schedule.take(25)]).toEqual(["early", "changed", null]);
    expect(schedule.next()).toBe(30);
    expect(schedule.take(30)).toBe("late");
    expect(schedule.next()).toBe(Number.POSITIVE_INFINITY);
  });

  test("does as a plain list would, whatever is asked of it", () => {
    const key = fc.integer({ min: 0, max: 12 });
    const time = fc.integer({ min: 0, max: 40 });
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ act: fc.constant("set" as const), key, time }) },
      { weight: 1, arbitrary: fc.record({ act: fc.constant("delete" as const), key, time }) },
      { weight: 2, arbitrary: fc.record({ act: fc.constant("take" as const), key, time }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400, size: "max" }), (steps) => {
        const schedule = new Schedule<number>();
        const model = new Map<number, number>();
        const earliest = () => Math.min(Number.POSITIVE_INFINITY, ...model.values());
        for (const { act, key, time } of steps) {
          if (act === "set") {
            schedule.set(key, time);
            model.set(key, time);
          } else if (act === "delete") {
            schedule.delete(key);
            model.delete(key);
          } else {
            const taken = schedule.take(time);
            if (taken === null) expect(earliest()).toBeGreaterThan(time);
            else {
              expect(model.get(taken)).toBe(earliest());
              expect(earliest()).toBeLessThanOrEqual(time);
              model.delete(taken);
            }
          }
          expect(schedule.next()).toBe(earliest());
        }
      }),
    );
  });
});
