/** Delays and lock-outs, with a clock and waits of the test's own. */
import { beforeEach, describe, expect, test } from "@jest/globals";
import {
  type Attempt,
  guardedName,
  LoginGuard,
  type LoginGuardOptions,
} from "../../../src/gateway/logins/login-guard.js";

let waits: number[];
let now: number;
let lockouts: string[];
beforeEach(() => {
  waits = [];
  now = 0;
  lockouts = [];
});

function createGuard(options: Partial<LoginGuardOptions> = {}): LoginGuard {
  return new LoginGuard({
    maximumFailures: 5,
    lockout: 60_000,
    first: 100,
    longest: 1000,
    now: () => now,
    wait: async (milliseconds) => void waits.push(milliseconds),
    onLockout: ({ source, username }, failures) => void lockouts.push(`${source} ${username} ${failures}`),
    ...options,
  });
}

const by = (source: string, username: string, trust: Attempt["trust"] = "none"): Attempt => ({
  source,
  username,
  trust,
});
const right = async () => "in";
const wrong = async () => null;

async function fail(guard: LoginGuard, attempt: Attempt, times = 1): Promise<void> {
  for (let count = 0; count < times; count++) expect(await guard.attempt(attempt, wrong)).toBeNull();
}

describe("delays", () => {
  test("each failure doubles the wait, up to the longest; the wait is before the look", async () => {
    const guard = createGuard({ maximumFailures: 0 });
    await fail(guard, by("1.1.1.1", "alice"), 7);
    expect(waits).toEqual([100, 200, 400, 800, 1000, 1000]);
    let looked = 0;
    const waiting = createGuard({ wait: () => new Promise(() => {}), maximumFailures: 0 });
    await fail(waiting, by("1.1.1.1", "alice"));
    void waiting.attempt(by("1.1.1.1", "alice"), async () => looked++);
    await new Promise((resolve) => setImmediate(resolve));
    expect(looked).toBe(0);
  });

  test("other sources and other names do not wait; success and time forgive", async () => {
    const guard = createGuard();
    await fail(guard, by("1.1.1.1", "alice"));
    await guard.attempt(by("2.2.2.2", "alice"), right);
    await guard.attempt(by("1.1.1.1", "bob"), right);
    expect(waits).toEqual([]);
    now = 60_000;
    await guard.attempt(by("1.1.1.1", "alice"), right);
    expect(waits).toEqual([]);
    await fail(guard, by("1.1.1.1", "alice"));
    await guard.attempt(by("1.1.1.1", "alice"), right);
    await guard.attempt(by("1.1.1.1", "alice"), right);
    expect(waits).toEqual([100]);
  });

  test("a name has the same count however it is written, so that no way of writing tells whether it is there", async () => {
    const guard = createGuard({ maximumFailures: 0 });
    for (const name of ["alice", " Alice", "ALICE@bm.localhost", "alice+phone", "alice+x@y"])
      await fail(guard, by("1.1.1.1", name));
    expect(waits).toEqual([100, 200, 400, 800]);
    expect(guardedName("a".repeat(10_000))).toHaveLength(128);
  });

  test("many names from one source wait as well, but not who was right from there before", async () => {
    const guard = createGuard({ maximumFailures: 0 });
    await guard.attempt(by("1.1.1.1", "owner"), right);
    for (let number = 0; number < 12; number++) await fail(guard, by("1.1.1.1", `user${number}`));
    waits = [];
    await guard.attempt(by("1.1.1.1", "fresh"), right);
    await guard.attempt(by("1.1.1.1", "owner"), right);
    await guard.attempt(by("2.2.2.2", "fresh"), right);
    expect(waits).toEqual([400]);
  });

  test("many connections at once get no more tries than one: they take turns, and too many are refused", async () => {
    let under = 0;
    let most = 0;
    const guard = createGuard({ maximumFailures: 0 });
    const check = async () => {
      most = Math.max(most, ++under);
      await new Promise((resolve) => setImmediate(resolve));
      under--;
      return null;
    };
    const tries = Array.from({ length: 50 }, () => guard.attempt(by("1.1.1.1", "alice"), check));
    const results = await Promise.allSettled(tries);
    expect(most).toBe(1);
    expect(results.filter(({ status }) => status === "rejected")).toHaveLength(33);
    expect(waits).toHaveLength(16);
    expect(await guard.attempt(by("1.1.1.1", "alice"), right)).toBe("in");
  });

  test("all connections of all mail clients at once come in, as after a restart", async () => {
    const guard = createGuard();
    const tries = Array.from({ length: 200 }, () => guard.attempt(by("1.1.1.1", "alice"), right));
    expect(new Set(await Promise.all(tries))).toEqual(new Set(["in"]));
    expect(waits).toEqual([]);
  });

  test("what a check throws is no failure and blocks nobody", async () => {
    const guard = createGuard();
    const broken = async () => Promise.reject(new Error("no disk"));
    await expect(guard.attempt(by("1.1.1.1", "alice"), broken)).rejects.toThrow("no disk");
    await guard.attempt(by("1.1.1.1", "alice"), right);
    expect(waits).toEqual([]);
  });
});

describe("lock-outs", () => {
  const attacker = by("1.1.1.1", "alice");

  test("after so many failures nothing is looked at, right or wrong, until the time is over", async () => {
    const guard = createGuard();
    await fail(guard, attacker, 5);
    expect(lockouts).toEqual(["1.1.1.1 alice 5"]);
    for (const check of [right, wrong])
      await expect(guard.attempt(attacker, check)).rejects.toMatchObject({
        name: "LoginRefused",
        seconds: 60,
      });
    now += 59_999;
    await expect(guard.attempt(attacker, right)).rejects.toMatchObject({ seconds: 1 });
    // What was tried meanwhile has not made it longer.
    now += 1;
    expect(await guard.attempt(attacker, right)).toBe("in");
  });

  test("those elsewhere are not locked out, until a crowd is at it, and who was right before never is", async () => {
    const guard = createGuard();
    const owner = by("9.9.9.9", "alice");
    await guard.attempt(owner, right);
    for (let number = 0; number < 5; number++) {
      expect(await guard.attempt(by(`3.3.3.${number}`, "alice"), right)).toBe("in");
      await fail(guard, by(`2.2.2.${number}`, "alice"), 5);
    }
    await expect(guard.attempt(by("4.4.4.4", "alice"), right)).rejects.toMatchObject({
      name: "LoginRefused",
    });
    expect(await guard.attempt(owner, right)).toBe("in");
    expect(await guard.attempt(by("5.5.5.5", "alice", "own"), right)).toBe("in");
    expect(await guard.attempt(by("4.4.4.4", "bob"), right)).toBe("in");
  });

  test("a source that tries names is locked out for all of them but its own", async () => {
    const guard = createGuard();
    await guard.attempt(by("1.1.1.1", "owner"), right);
    for (let number = 0; number < 25; number++) await fail(guard, by("1.1.1.1", `user${number}`));
    await expect(guard.attempt(by("1.1.1.1", "fresh"), right)).rejects.toMatchObject({
      name: "LoginRefused",
    });
    expect(await guard.attempt(by("1.1.1.1", "owner"), right)).toBe("in");
  });

  test("can be looked at and lifted", async () => {
    const guard = createGuard();
    await fail(guard, attacker, 5);
    await fail(guard, by("2.2.2.2", "alice"), 2);
    await fail(guard, by("2.2.2.2", "bob"));
    const isAlice = (name: string) => name === "alice";
    expect(guard.list(isAlice)).toEqual([
      { source: "1.1.1.1", name: "alice", failures: 5, lockedFor: 60 },
      { source: "2.2.2.2", name: "alice", failures: 2, lockedFor: 0 },
    ]);
    guard.lift(isAlice);
    expect(guard.list(isAlice)).toEqual([]);
    expect(await guard.attempt(attacker, right)).toBe("in");
    expect(guard.list(() => true)).toHaveLength(1);
  });

  test("never, where the settings say so", async () => {
    const guard = createGuard({ maximumFailures: 0 });
    await fail(guard, attacker, 200);
    expect(await guard.attempt(attacker, right)).toBe("in");
    expect(lockouts).toEqual([]);
  });
});

test("memory is bounded, and spraying names does not make the source forgotten", async () => {
  const guard = createGuard({ maximumFailures: 0 });
  await fail(guard, by("1.1.1.1", "alice"));
  for (let number = 0; number < 10_000; number++) await guard.attempt(by("1.1.1.1", `n${number}`), wrong);
  expect(guard.list(() => true)).toHaveLength(10_000);
  expect(guard.list((name) => name === "alice")).toEqual([]);
  waits = [];
  await guard.attempt(by("1.1.1.1", "alice"), right);
  expect(waits).toEqual([1000]);
});
