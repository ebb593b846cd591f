import { expect, test } from "@jest/globals";
import { Housekeeping } from "../../../src/bitmessage/node/housekeeping.js";
import { KnownNodes } from "../../../src/bitmessage/node/known-nodes.js";
import type { Inventory } from "../../../src/bitmessage/node/ports.js";
import type { Scheduler } from "../../../src/bitmessage/node/scheduler.js";
import { DEFAULT_TIMINGS } from "../../../src/bitmessage/node/timings.js";
import { silentLogger } from "../../../src/logger.js";
import { MemoryKnownNodes } from "../../support/node/memory.js";

const noEvidence = { networkWorks: false, clockIsRight: false };

function start(
  resolver: (host: string) => Promise<readonly string[]>,
  { evidence = noEvidence, deleteExpired = (_before: number): number => 0 } = {},
) {
  const tasks: { readonly seconds: number; readonly task: () => void }[] = [];
  const time = { now: 0 };
  const store = new MemoryKnownNodes();
  const scheduler: Scheduler = {
    now: () => time.now,
    after: () => () => {},
    every(seconds, task) {
      tasks.push({ seconds, task });
      return () => {};
    },
    stop: () => {},
    stopped: false,
  };
  const knownNodes = new KnownNodes({
    store,
    random: (length) => new Uint8Array(length),
    clock: () => 1_700_000_000,
  });
  const housekeeping = new Housekeeping({
    mayBootstrap: true,
    maxOutbound: 8,
    inventory: { deleteExpired } as unknown as Inventory,
    knownNodes,
    resolver,
    timings: DEFAULT_TIMINGS,
    scheduler,
    clock: () => 1_700_000_000,
    logger: silentLogger,
    hasChosen: () => false,
    evidence,
    mayConnect: () => true,
    dialName: null,
  });
  housekeeping.start();
  housekeeping.bootstrapAtFirst();
  const again = () => tasks.find(({ seconds }) => seconds === DEFAULT_TIMINGS.bootstrap)!.task();
  const tidy = () => tasks.find(({ seconds }) => seconds === DEFAULT_TIMINGS.tidy)!.task();
  return { knownNodes, again, tidy, time, store };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("names that nobody answers for hold nothing up, and are asked for once at a time", async () => {
  const asked: ((addresses: readonly string[]) => void)[] = [];
  const { knownNodes, again } = start(() => new Promise((resolve) => asked.push(resolve)));
  expect(knownNodes.size).toBe(9);
  again();
  again();
  await settled();
  expect(asked).toHaveLength(2);
  for (const answer of asked) answer(["9.9.9.9"]);
  await settled();
  await settled();
  expect(knownNodes.size).toBe(11);
  again();
  expect(asked).toHaveLength(4);
});

test("names that cannot be resolved are tried again", async () => {
  let asked = 0;
  const { knownNodes, again } = start(() => {
    asked++;
    return Promise.reject(new Error("EAI_AGAIN"));
  });
  await settled();
  again();
  await settled();
  expect(asked).toBe(4);
  expect(knownNodes.size).toBe(9);
});

test("nothing is removed for its age before the clock is known to be right, and no node while nobody is heard", async () => {
  const evidence = { networkWorks: false, clockIsRight: false };
  const cleaned: number[] = [];
  const deleteExpired = (before: number) => cleaned.push(before);
  const { knownNodes, tidy } = start(() => Promise.reject(new Error("EAI_AGAIN")), {
    evidence,
    deleteExpired,
  });
  const old = { host: "20.1.1.1", port: 8444 };
  knownNodes.learn(old, 1n, 1_600_000_000);
  tidy();
  evidence.networkWorks = true;
  tidy();
  expect(cleaned).toEqual([]);
  evidence.networkWorks = false;
  evidence.clockIsRight = true;
  tidy();
  tidy();
  expect(cleaned).toEqual([1_700_000_000 - 10_800]);
  expect(knownNodes.get(old)).not.toBeNull();
  evidence.networkWorks = true;
  tidy();
  expect(knownNodes.get(old)).toBeNull();
});

test("known nodes are written down after a minute, and then every ten, if something has changed", () => {
  const { knownNodes, tidy, time, store } = start(() => Promise.reject(new Error("EAI_AGAIN")));
  const saves: number[] = [];
  for (; time.now < 3600; time.now += 60) {
    if (time.now < 1800) knownNodes.learn({ host: "20.1.1.1", port: 8444 }, 1n, 1_600_000_000 + time.now);
    const before = store.saves;
    tidy();
    if (store.saves > before) saves.push(time.now);
  }
  expect(saves).toEqual([0, 600, 1200, 1800]);
});
