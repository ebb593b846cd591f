import { setImmediate } from "node:timers/promises";
import { beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Agenda } from "../../../src/bitmessage/messaging/agenda.js";
import { Backoff } from "../../../src/bitmessage/messaging/backoff.js";
import { ManualTime } from "../../support/messaging/manual-time.js";

let time: ManualTime;
let looked: string[];
let agenda: Agenda<string>;

beforeEach(() => {
  time = new ManualTime(1000);
  looked = [];
  agenda = new Agenda({ clock: time.clock, timer: time.timer, look: (key) => void looked.push(key) });
});

test("a clock that is set back: everything is looked at again, instead of after years", async () => {
  agenda.start();
  agenda.at("a", time.now + 4 * 86_400);
  agenda.at("b", time.now + 60);
  time.setBack(30 * 86_400);
  await setImmediate();
  expect(new Set(looked)).toEqual(new Set(["a", "b"]));
});

test("also when something else is looked at, or put off, before a timer tells of it", async () => {
  agenda.start();
  agenda.at("a", time.now + 4 * 86_400);
  agenda.at("b", time.now + 60);
  time.now -= 30 * 86_400;
  agenda.now("c");
  await setImmediate();
  await setImmediate();
  expect(new Set(looked)).toEqual(new Set(["a", "b", "c"]));
  agenda.at("d", time.now + 4 * 86_400);
  time.now -= 30 * 86_400;
  agenda.at("e", time.now + 60);
  await setImmediate();
  expect(new Set(looked)).toEqual(new Set(["a", "b", "c", "d", "e"]));
});

describe("how long the clock has gone on evenly", () => {
  test("is counted from the start, whatever is due meanwhile", async () => {
    agenda.start();
    agenda.at("a", time.now + 10 * 86_400);
    time.advanceTo(time.now + 9 * 86_400);
    agenda.now("b");
    await setImmediate();
    expect(agenda.awakeSince).toBe(1000);
  });

  test("begins anew when it is set, or the machine has slept; who is looked at before the next timer knows", async () => {
    agenda.start();
    agenda.at("a", time.now + 10 * 86_400);
    time.now += 5 * 86_400;
    agenda.now("b");
    await setImmediate();
    expect(agenda.awakeSince).toBe(time.now);
    time.setBack(2 * 86_400);
    await setImmediate();
    expect(agenda.awakeSince).toBe(time.now);
  });
});

describe("what is due now", () => {
  test("is looked at once, after the call, and only between start and stop", async () => {
    agenda.now("a");
    await setImmediate();
    expect(looked).toEqual([]);
    agenda.start();
    agenda.now("a");
    agenda.now("b");
    expect(looked).toEqual([]);
    await setImmediate();
    expect(looked).toEqual(["a", "b"]);
    agenda.now("c");
    agenda.stop();
    await setImmediate();
    expect(looked).toEqual(["a", "b"]);
  });

  test("may be forgotten", async () => {
    agenda.start();
    agenda.now("a");
    agenda.forget("a");
    await setImmediate();
    expect(looked).toEqual([]);
  });

  test("does not keep the event loop waiting", async () => {
    const slow = new Agenda<number>({
      clock: time.clock,
      timer: time.timer,
      look: (key) => {
        looked.push(String(key));
        for (const end = performance.now() + 3; performance.now() < end; );
      },
    });
    slow.start();
    for (let key = 0; key < 12; key++) slow.now(key);
    await setImmediate();
    expect(looked.length).toBeGreaterThan(0);
    expect(looked.length).toBeLessThan(6);
    while (looked.length < 12) await setImmediate();
  });
});

describe("what is due later", () => {
  test("is looked at in time, whatever was asked for in between", async () => {
    agenda.start();
    agenda.at("late", 200_000);
    agenda.at("soon", 1100);
    agenda.at("soon", 1050);
    agenda.at("never", 1060);
    agenda.forget("never");
    time.advanceTo(1049);
    await setImmediate();
    expect(looked).toEqual([]);
    time.advanceTo(1050);
    await setImmediate();
    expect(looked).toEqual(["soon"]);
    time.advanceTo(199_999);
    await setImmediate();
    expect(looked).toEqual(["soon"]);
    time.advanceTo(200_000);
    await setImmediate();
    expect(looked).toEqual(["soon", "late"]);
    expect(time.next()).toBeNull();
  });

  test("stopping leaves no timer", () => {
    agenda.start();
    agenda.at("a", 2000);
    agenda.stop();
    expect(time.next()).toBeNull();
  });

  test("everything is looked at, and never too early", async () => {
    const wishes = fc.array(
      fc.tuple(fc.constantFrom("a", "b", "c", "d"), fc.integer({ min: 0, max: 20_000 })),
    );
    await fc.assert(
      fc.asyncProperty(wishes, async (wanted) => {
        const clock = new ManualTime(0);
        const seen = new Map<string, number>();
        const tested = new Agenda<string>({
          clock: clock.clock,
          timer: clock.timer,
          look: (key) => void seen.set(key, clock.now),
        });
        tested.start();
        for (const [key, at] of wanted) tested.at(key, at);
        const last = new Map(wanted);
        for (let now = 0; now <= 20_000; now += 1000) {
          clock.advanceTo(now);
          await setImmediate();
        }
        expect([...seen.keys()].sort()).toEqual([...last.keys()].sort());
        for (const [key, at] of last) expect(seen.get(key) ?? -1).toBeGreaterThanOrEqual(at);
      }),
      { numRuns: 50 },
    );
  });
});

test("after errors the waiting grows up to an hour, and starts anew after success", () => {
  const backoff = new Backoff<string>();
  const waits = Array.from({ length: 8 }, () => backoff.failed("a"));
  expect(waits).toEqual([60, 120, 240, 480, 960, 1920, 3600, 3600]);
  expect(backoff.failed("b")).toBe(60);
  backoff.succeeded("a");
  expect(backoff.failed("a")).toBe(60);
});
