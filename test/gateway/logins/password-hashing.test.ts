import { expect, test } from "@jest/globals";
import { HashQueue } from "../../../src/gateway/logins/hash-queue.js";
import { PasswordHashing } from "../../../src/gateway/logins/password-hashing.js";
import { readPasswordRecord } from "../../../src/gateway/logins/password-text.js";

const COSTS = [1024, 2048, 4096, 8192].map((N) => ({ N, r: 8, p: 1 }));

/** A machine that takes so many milliseconds for each hash. */
function machine(milliseconds: number, options: { memory?: number } = {}): PasswordHashing {
  let now = 0;
  let isBegun = false;
  return new PasswordHashing({
    target: 100,
    memory: 2 ** 40,
    ...options,
    costs: COSTS,
    scramIterations: 4096,
    // Asked before and after.
    now() {
      if (isBegun) now += milliseconds;
      isBegun = !isBegun;
      return now;
    },
  });
}

async function costOf(hashing: PasswordHashing): Promise<number> {
  return readPasswordRecord(await hashing.hash("x")).cost.N;
}

test("a quick machine takes a dearer hash, a slow one never less than the least", async () => {
  expect(await costOf(machine(10))).toBe(8192);
  expect(await costOf(machine(60))).toBe(1024);
  expect(await costOf(machine(10_000))).toBe(1024);
});

test("a machine with little memory keeps to what fits", async () => {
  expect(await costOf(machine(1, { memory: 32 * 128 * 8 * 2048 }))).toBe(2048);
  expect(await costOf(machine(1, { memory: 1 }))).toBe(1024);
});

test("what is kept verifies, and does not hold the password; each time another salt", async () => {
  const hashing = machine(60);
  const [one, two] = [await hashing.hash("pässword"), await hashing.hash("pässword")];
  expect(one).not.toBe(two);
  expect(await hashing.verify(one, "pa\u0308ssword")).toBe("right");
  expect(await hashing.verify(one, "password")).toBe("wrong");
  expect(one).not.toContain("ssword");
  await expect(hashing.verify("md5$x", "x")).rejects.toThrow("not a password hash");
});

test("a hash is outdated where it is weaker than today's, where the machine has become quicker, and without SCRAM", async () => {
  const kept = await machine(60).hash("x");
  expect(await machine(60).verify(kept, "x")).toBe("right");
  expect(await machine(10_000).verify(kept, "x")).toBe("right");
  expect(await machine(10).verify(kept, "x")).toBe("outdated");
  expect(await machine(10).verify(kept, "y")).toBe("wrong");
  expect(await machine(60).verify(kept.split(" ")[0]!, "x")).toBe("outdated");
  const quick = machine(10);
  await quick.hash("x");
  expect(await quick.verify(await machine(60).hash("x"), "x")).toBe("outdated");
});

test("decoys cost what one of the real ones costs, the same one each time", async () => {
  const hashing = machine(60);
  const secret = new Uint8Array(32);
  const others = COSTS.map((cost) => ({ ...readPasswordRecord("scrypt$1$1$1$AA==$AA=="), cost }));
  const costs = new Set<number>();
  for (let number = 0; number < 100; number++) {
    const decoy = hashing.decoyOf(`name ${number}`, secret, others);
    expect(hashing.decoyOf(`name ${number}`, secret, others)).toEqual(decoy);
    costs.add(decoy.cost.N);
  }
  expect([...costs].sort()).toEqual([1024, 2048, 4096, 8192].sort());
  expect(hashing.decoyOf("x", secret, []).cost).toEqual(COSTS[0]);
});

test("a flood of logins is hashed two at a time, and refused where too many wait", async () => {
  const queue = new HashQueue(2);
  let under = 0;
  let most = 0;
  const ends: (() => void)[] = [];
  const work = () => {
    most = Math.max(most, ++under);
    return new Promise<void>((resolve) => {
      ends.push(() => {
        under--;
        resolve();
      });
    });
  };
  const all = Promise.allSettled(Array.from({ length: 100 }, () => queue.run(work)));
  while (ends.length > 0) {
    ends.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const results = await all;
  expect(most).toBe(2);
  expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(66);
  expect(results.find(({ status }) => status === "rejected")).toMatchObject({
    reason: { name: "LoginRefused" },
  });
  const failing = queue.run(async () => Promise.reject(new Error("x")));
  await expect(failing).rejects.toThrow("x");
  expect(await queue.run(async () => "after")).toBe("after");
});
