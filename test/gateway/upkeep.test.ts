import { expect, test } from "@jest/globals";
import { type Chore, createUpkeep } from "../../src/gateway/upkeep.js";
import { silentLogger } from "../../src/logger.js";

function createClockwork(chores: readonly Chore[]) {
  const waits: { seconds: number; task: () => void }[] = [];
  const errors: string[] = [];
  const upkeep = createUpkeep({
    chores,
    clock: () => 1000,
    timer: (seconds, task) => {
      const wait = { seconds, task };
      waits.push(wait);
      return () => waits.splice(waits.indexOf(wait), 1);
    },
    log: { ...silentLogger, error: (text) => errors.push(text) },
  });
  return { upkeep, waits, errors };
}

test("each chore to its end, one after the other, again within the hour; one that fails stops no other", async () => {
  const done: string[] = [];
  const pieces = (name: string, count: number): Chore => ({
    name,
    doSome(now) {
      expect(now).toBe(1000);
      done.push(name);
      return done.filter((one) => one === name).length % count === 0 ? "done" : "more";
    },
  });
  const failing: Chore = {
    name: "b",
    doSome: () => {
      throw new Error("disk");
    },
  };
  const { upkeep, waits, errors } = createClockwork([pieces("a", 3), failing, pieces("c", 1)]);
  upkeep.start();
  expect(waits.map(({ seconds }) => seconds)).toEqual([60]);
  waits.splice(0)[0]!.task();
  await upkeep.run();
  await Promise.resolve();
  expect(done).toEqual(["a", "a", "a", "c"]);
  expect(errors).toEqual(["a chore failed"]);
  expect(waits.map(({ seconds }) => seconds)).toEqual([3600]);
  await upkeep.stop();
  expect(waits).toEqual([]);
});

test("stopped in the middle of a long chore, it is quiet after the piece in hand", async () => {
  let pieces = 0;
  const endless: Chore = {
    name: "endless",
    doSome: () => {
      pieces++;
      return "more";
    },
  };
  const { upkeep, waits } = createClockwork([endless]);
  upkeep.start();
  waits[0]!.task();
  await upkeep.stop();
  const after = pieces;
  await new Promise((resolve) => setImmediate(resolve));
  expect(pieces).toBe(after);
});

test("a clock that has just been set is not believed: nothing is removed for its age until the next round", async () => {
  const DAY = 86_400;
  let now = 1000 * DAY;
  const looked: number[] = [];
  const tasks: (() => void)[] = [];
  const upkeep = createUpkeep({
    chores: [
      {
        name: "expiry",
        doSome: (time) => {
          looked.push(time);
          return "done";
        },
      },
    ],
    clock: () => now,
    timer: (_seconds, task) => {
      tasks.push(task);
      return () => {};
    },
    log: silentLogger,
  });
  upkeep.start();
  now += 3650 * DAY;
  tasks.shift()!();
  await new Promise((resolve) => setImmediate(resolve));
  expect(looked).toEqual([]);
  now += 3600;
  tasks.shift()!();
  await new Promise((resolve) => setImmediate(resolve));
  expect(looked).toEqual([now]);
  now -= 3650 * DAY;
  tasks.shift()!();
  await new Promise((resolve) => setImmediate(resolve));
  expect(looked).toHaveLength(1);
  await upkeep.stop();
});
