import { afterEach, describe, expect, test } from "@jest/globals";
import { createScheduler, type Scheduler } from "../../../src/bitmessage/node/scheduler.js";
import { SlicedWork } from "../../../src/bitmessage/node/sliced-work.js";
import { ManualScheduler } from "../../support/node/manual-scheduler.js";

const schedulers: Scheduler[] = [];

afterEach(() => {
  for (const scheduler of schedulers.splice(0)) scheduler.stop();
});

describe("work in slices", () => {
  test("begins in a later turn, and takes turns with other work", () => {
    const scheduler = new ManualScheduler();
    const work = new SlicedWork(scheduler);
    const order: string[] = [];
    for (const name of ["a", "b"]) {
      let slices = 0;
      work.add(() => {
        order.push(name);
        slices += 1;
        return slices === 3 ? "done" : "more";
      });
    }
    expect(order).toEqual([]);
    scheduler.advance(0);
    expect(order).toEqual(["a", "b", "a", "b", "a", "b"]);
  });

  test("leaves room for others between its turns", async () => {
    const scheduler = createScheduler(() => {});
    schedulers.push(scheduler);
    const work = new SlicedWork(scheduler);
    let slices = 0;
    let others = 0;
    const timer = setInterval(() => {
      others += 1;
    }, 1);
    await new Promise<void>((resolve) => {
      work.add(() => {
        const end = performance.now() + 3;
        while (performance.now() < end);
        slices += 1;
        if (slices < 20) return "more";
        resolve();
        return "done";
      });
    });
    clearInterval(timer);
    expect(others).toBeGreaterThan(3);
  });

  test("what throws is over, and the others go on", () => {
    const scheduler = new ManualScheduler();
    const work = new SlicedWork(scheduler);
    let turns = 0;
    work.add(() => {
      throw new Error("broken");
    });
    work.add(() => {
      turns += 1;
      return turns < 3 ? "more" : "done";
    });
    expect(() => scheduler.advance(0)).toThrow("broken");
    scheduler.advance(0);
    expect(turns).toBe(3);
  });

  test("nothing runs once the scheduler has stopped", () => {
    const scheduler = new ManualScheduler();
    const work = new SlicedWork(scheduler);
    work.add(() => {
      throw new Error("must not run");
    });
    scheduler.stop();
    scheduler.advance(10);
  });
});
