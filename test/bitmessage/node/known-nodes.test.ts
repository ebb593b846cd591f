import { describe, expect, test } from "@jest/globals";
import { FORGET_AFTER, KnownNodes } from "../../../src/bitmessage/node/known-nodes.js";
import type { KnownNode } from "../../../src/bitmessage/node/ports.js";
import { MemoryKnownNodes } from "../../support/node/memory.js";

const NOW = 1_800_000_000;

/** A reproducible source, the same in each test. */
function randomSource(): (length: number) => Uint8Array {
  let state = 12345;
  return (length) =>
    Uint8Array.from({ length }, () => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return state >>> 24;
    });
}

function setUp(options: { limit?: number; nodes?: readonly KnownNode[] } = {}) {
  const store = new MemoryKnownNodes();
  store.nodes = options.nodes ?? [];
  const time = { now: NOW };
  const limit = options.limit === undefined ? {} : { limit: options.limit };
  const nodes = new KnownNodes({ store, random: randomSource(), clock: () => time.now, ...limit });
  nodes.load();
  return { store, time, nodes };
}

function node(index: number, changes: Partial<KnownNode> = {}): KnownNode {
  const host = `${20 + (index % 200)}.${Math.floor(index / 200)}.1.1`;
  return {
    host,
    port: 8444,
    stream: 1,
    services: 1n,
    lastSeen: NOW - 60,
    rating: 0,
    self: false,
    ...changes,
  };
}

describe("learning", () => {
  test("time only moves forward", () => {
    const { nodes } = setUp();
    nodes.learn(node(1), 1n, NOW - 100);
    nodes.learn(node(1), 3n, NOW - 200);
    expect(nodes.get(node(1))).toMatchObject({ lastSeen: NOW - 100, services: 1n });
    nodes.learn(node(1), 3n, NOW - 50);
    expect(nodes.get(node(1))).toMatchObject({ lastSeen: NOW - 50, services: 3n });
  });

  test("one network cannot fill the list", () => {
    const { nodes } = setUp();
    for (let index = 0; index < 1000; index++) {
      nodes.learn({ host: `20.30.${Math.floor(index / 200)}.${index % 200}`, port: 8444 }, 1n, NOW - 60);
    }
    expect(nodes.size).toBe(64);
  });

  test("names and addresses that cost nothing cannot fill the list", () => {
    const { nodes } = setUp({ limit: 1000 });
    for (let index = 0; index < 2000; index++) {
      const name = [...index.toString().padStart(16, "0")]
        .map((digit) => "abcdefghij"[Number(digit)])
        .join("");
      nodes.learn({ host: `${name}.onion`, port: 8444 }, 1n, NOW - 60);
      nodes.learn({ host: `2a${(index >> 8).toString(16)}:${index & 255}::1`, port: 8444 }, 1n, NOW - 60);
    }
    expect(nodes.size).toBe(750);
    for (let index = 0; index < 2000; index++) nodes.learn(node(index), 1n, NOW - 50);
    expect(nodes.size).toBe(1000);
    expect(nodes.recent(1000).filter(({ host }) => !host.includes(":")).length).toBeGreaterThanOrEqual(250);
  });

  test("a full list of 20,000 takes a packet of a thousand in a moment, and what it holds can be chosen", () => {
    const { nodes } = setUp();
    for (let index = 0; index < 25_000; index++) nodes.learn(node(index), 1n, NOW - 1000);
    expect(nodes.size).toBe(20_000);
    const began = process.cpuUsage();
    for (let index = 25_000; index < 26_000; index++) nodes.learn(node(index), 1n, NOW - 50);
    const { user, system } = process.cpuUsage(began);
    expect((user + system) / 1000).toBeLessThan(1000);
    expect(nodes.size).toBe(20_000);
    nodes.forget();
    const chosen = new Set<string>();
    for (let time = 0; time < 2000; time++) {
      const one = nodes.choose(() => true);
      if (one !== null) chosen.add(one.host);
    }
    expect(chosen.size).toBeGreaterThan(500);
    for (const host of chosen) expect(nodes.get({ host, port: 8444 })).not.toBeNull();
  });

  test("a full list makes room for what is better, and for nothing else", () => {
    const { nodes } = setUp({ limit: 10 });
    for (let index = 0; index < 10; index++) nodes.learn(node(index), 1n, NOW - 1000 - index);
    nodes.learn(node(50), 1n, NOW - 5000);
    expect(nodes.get(node(50))).toBeNull();
    nodes.learn(node(51), 1n, NOW - 10);
    expect(nodes.get(node(51))).not.toBeNull();
    expect(nodes.size).toBe(10);
    const { nodes: good } = setUp({
      limit: 3,
      nodes: [1, 2, 3].map((index) => node(index, { rating: 0.5 })),
    });
    good.learn(node(60), 1n, NOW - 1);
    expect(good.get(node(60))).toBeNull();
  });
});

describe("rating", () => {
  test("rises and falls by a tenth, between -1 and 1", () => {
    const { nodes } = setUp({ nodes: [node(1)] });
    for (let time = 0; time < 3; time++) nodes.failed(node(1));
    expect(nodes.get(node(1))?.rating).toBe(-0.3);
    for (let time = 0; time < 30; time++) nodes.succeeded(node(1), 1n);
    expect(nodes.get(node(1))?.rating).toBe(1);
    for (let time = 0; time < 30; time++) nodes.failed(node(1));
    expect(nodes.get(node(1))?.rating).toBe(-1);
  });

  test("one of our own addresses is never chosen and never told", () => {
    const { nodes } = setUp();
    nodes.markSelf(node(1));
    expect(nodes.choose(() => true)).toBeNull();
    expect(nodes.recent(10)).toEqual([]);
    expect(nodes.hasUsable()).toBe(false);
  });
});

describe("choosing", () => {
  test("a well rated node comes far more often", () => {
    const { nodes } = setUp({ nodes: [node(1, { rating: 1 }), node(2), node(3, { rating: -1 })] });
    const counts = new Map<string, number>();
    for (let time = 0; time < 500; time++) {
      const host = nodes.choose(() => true)?.host ?? "none";
      counts.set(host, (counts.get(host) ?? 0) + 1);
    }
    expect(counts.get(node(1).host)).toBeGreaterThan(400);
    expect(counts.get(node(2).host)).toBeGreaterThan(0);
    expect(counts.get("none")).toBeUndefined();
  });

  test("only what is eligible", () => {
    const { nodes } = setUp({ nodes: [node(1, { rating: 1 }), node(2, { rating: 1 })] });
    expect(nodes.choose(({ host }) => host === node(2).host)?.host).toBe(node(2).host);
    expect(nodes.choose(() => false)).toBeNull();
    expect(setUp().nodes.choose(() => true)).toBeNull();
  });
});

describe("telling and forgetting", () => {
  test("others are told of what is alive and did not fail, and of no onion names", () => {
    const { nodes } = setUp({
      nodes: [
        node(1),
        node(2, { lastSeen: NOW - 10_801 }),
        node(3, { rating: -0.1 }),
        node(4, { host: "quzwelsuziwqgpt2.onion" }),
      ],
    });
    expect(nodes.recent(500).map(({ host }) => host)).toEqual([node(1).host]);
    const many = setUp({ nodes: Array.from({ length: 900 }, (_, index) => node(index)) });
    expect(many.nodes.recent(500)).toHaveLength(500);
  });

  test("28 days unseen, or three hours and many failures; one is always kept", () => {
    const { nodes } = setUp({
      nodes: [
        node(1),
        node(2, { lastSeen: NOW - FORGET_AFTER - 1 }),
        node(3, { lastSeen: NOW - 10_801, rating: -0.5 }),
        node(4, { lastSeen: NOW - 10_801, rating: -0.4 }),
        node(5, { rating: -1 }),
      ],
    });
    nodes.forget();
    expect([1, 2, 3, 4, 5].filter((index) => nodes.get(node(index)) !== null)).toEqual([1, 4, 5]);
    const { nodes: last } = setUp({ nodes: [node(1, { lastSeen: 0 })] });
    last.forget();
    expect(last.size).toBe(1);
  });

  test("they are written down when something has changed", () => {
    const { nodes, store } = setUp({ nodes: [node(1)] });
    nodes.save();
    expect(store.saves).toBe(0);
    nodes.succeeded(node(2), 3n);
    nodes.save();
    nodes.save();
    expect(store.saves).toBe(1);
    expect(store.nodes).toContainEqual({ ...node(2), services: 3n, lastSeen: NOW, rating: 0.1 });
  });

  test("a start with a clock that is years behind costs none, and times to come are not told", () => {
    const { nodes, time, store } = setUp();
    for (let index = 0; index < 20; index++) nodes.learn(node(index), 1n, NOW - 60);
    nodes.save();
    const late = setUp({ nodes: store.nodes });
    late.time.now = NOW - 300_000_000;
    const behind = new KnownNodes({ store, random: randomSource(), clock: () => late.time.now });
    behind.load();
    expect(behind.recent(500)).toEqual([]);
    late.time.now = time.now;
    behind.forget();
    expect(behind.size).toBe(20);
    expect(behind.recent(500)).toHaveLength(20);
  });

  test("a time to come is not kept for ever", () => {
    const { nodes, time } = setUp({ nodes: [node(1, { lastSeen: NOW + 10 * FORGET_AFTER }), node(2)] });
    nodes.forget();
    expect(nodes.get(node(1))?.lastSeen).toBe(NOW);
    time.now += FORGET_AFTER + 1;
    nodes.succeeded(node(2), 1n);
    nodes.forget();
    expect(nodes.get(node(1))).toBeNull();
  });
});
