import { describe, expect, test } from "@jest/globals";
import { Dandelion } from "../../../src/bitmessage/node/dandelion.js";
import { Stems } from "../../../src/bitmessage/node/stems.js";
import type { InventoryHash } from "../../../src/bitmessage/protocol/inventory-hash.js";
import { ManualScheduler } from "../../support/node/manual-scheduler.js";
import { seededRandom } from "../../support/seeded-random.js";

const HASH = "ab".repeat(32) as InventoryHash;
const TIMINGS = { announceDelay: 10, stemLeast: 10, stemMean: 30, stemReshuffle: 600 };

class Peer {
  readonly stems: InventoryHash[] = [];
  readonly plain: InventoryHash[] = [];
  readonly known = new Set<InventoryHash>();

  constructor(readonly name: string) {}

  noteKnown(hash: InventoryHash): void {
    this.known.add(hash);
  }

  announceObjects(hashes: readonly InventoryHash[]): void {
    this.plain.push(...hashes);
  }

  announceStem(hashes: readonly InventoryHash[]): void {
    this.stems.push(...hashes);
  }
}

function setUp(percent = 90, seed = "dandelion") {
  const scheduler = new ManualScheduler();
  const fluffed: { hash: InventoryHash; time: number }[] = [];
  const start = scheduler.now();
  const dandelion = new Dandelion<Peer>({
    percent,
    timings: TIMINGS,
    scheduler,
    random: seededRandom(seed),
    fluff: (hash) => fluffed.push({ hash, time: scheduler.now() - start }),
  });
  dandelion.start();
  return { scheduler, dandelion, fluffed };
}

function hashOf(index: number): InventoryHash {
  return index.toString(16).padStart(64, "0") as InventoryHash;
}

describe("an object of ours", () => {
  test("is told to one stem only, within ten seconds, and to all at its deadline", () => {
    const { scheduler, dandelion, fluffed } = setUp(100);
    const peers = [new Peer("a"), new Peer("b"), new Peer("c")];
    for (const peer of peers) dandelion.join(peer, "stem");
    dandelion.join(new Peer("inbound"), "other");
    dandelion.publish(HASH);
    expect(dandelion.hides(HASH)).toBe(true);
    expect(peers.filter((peer) => dandelion.maySee(peer, HASH))).toEqual([]);
    scheduler.advance(10);
    const told = peers.filter(({ stems, plain }) => stems.length + plain.length > 0);
    expect(told).toHaveLength(1);
    expect(peers.filter((peer) => dandelion.maySee(peer, HASH))).toEqual(told);
    expect(fluffed).toEqual([]);
    scheduler.advance(10_000);
    expect(fluffed).toHaveLength(1);
    expect(fluffed[0]!.time).toBeGreaterThanOrEqual(10);
    expect(dandelion.hides(HASH)).toBe(false);
    expect(dandelion.maySee(peers[0]!, HASH)).toBe(true);
  });

  test("is told to all at once where no peer can be a stem", () => {
    const { dandelion, fluffed } = setUp();
    dandelion.join(new Peer("inbound"), "other");
    dandelion.publish(HASH);
    expect(fluffed).toEqual([{ hash: HASH, time: 0 }]);
  });

  test("waits for a first peer", () => {
    const { scheduler, dandelion, fluffed } = setUp();
    dandelion.publish(HASH);
    expect(fluffed).toEqual([]);
    const stem = new Peer("first");
    dandelion.join(stem, "stem");
    scheduler.advance(10);
    expect([...stem.stems, ...stem.plain]).toEqual([HASH]);
  });

  test("stays hidden as long as nobody is there, and for a while when the first peer cannot be a stem", () => {
    const { scheduler, dandelion, fluffed } = setUp();
    dandelion.publish(HASH);
    scheduler.advance(100_000);
    expect(fluffed).toEqual([]);
    expect(dandelion.hides(HASH)).toBe(true);
    dandelion.join(new Peer("inbound"), "other");
    expect(fluffed).toEqual([]);
    scheduler.advance(5);
    expect(fluffed).toEqual([]);
    scheduler.advance(5);
    expect(fluffed).toHaveLength(1);
  });

  test("goes out however many peers come that cannot be stems", () => {
    const { scheduler, dandelion, fluffed } = setUp();
    dandelion.publish(HASH);
    for (let round = 0; round < 100; round++) {
      dandelion.join(new Peer(String(round)), "other");
      scheduler.advance(5);
    }
    expect(fluffed).toHaveLength(1);
    expect(fluffed[0]!.time).toBeLessThanOrEqual(10);
  });

  test("stays hidden when the only peer has left before it was told", () => {
    const { scheduler, dandelion, fluffed } = setUp();
    dandelion.publish(HASH);
    for (let round = 0; round < 10; round++) {
      const passing = new Peer(String(round));
      dandelion.join(passing, "other");
      dandelion.leave(passing);
      scheduler.advance(1000);
    }
    expect(fluffed).toEqual([]);
    dandelion.join(new Peer("stays"), "other");
    scheduler.advance(10);
    expect(fluffed).toHaveLength(1);
  });

  test("takes the stem that comes soon after a peer that is none", () => {
    const { scheduler, dandelion, fluffed } = setUp(100);
    dandelion.publish(HASH);
    dandelion.join(new Peer("inbound"), "other");
    scheduler.advance(5);
    const stem = new Peer("stem");
    dandelion.join(stem, "stem");
    scheduler.advance(10);
    expect(stem.stems).toEqual([HASH]);
    expect(fluffed).toEqual([]);
  });

  test("goes another way when its stem dies, three times at most with a new deadline", () => {
    const { scheduler, dandelion, fluffed } = setUp(100);
    dandelion.join(new Peer("inbound"), "other");
    const first = new Peer("first");
    dandelion.join(first, "stem");
    dandelion.publish(HASH);
    scheduler.advance(9.9);
    const second = new Peer("second");
    dandelion.join(second, "stem");
    dandelion.leave(first);
    expect(dandelion.hides(HASH)).toBe(true);
    scheduler.advance(9.9);
    dandelion.leave(second);
    expect(fluffed.length).toBe(0);
    for (let round = 0; round < 200 && fluffed.length === 0; round++) {
      const peer = new Peer(String(round));
      dandelion.join(peer, "stem");
      scheduler.advance(9);
      dandelion.leave(peer);
    }
    expect(fluffed).toHaveLength(1);
  });

  test("may be told openly to its stem: 11 of 100 times at 90 percent", () => {
    const { scheduler, dandelion } = setUp();
    const stem = new Peer("stem");
    dandelion.join(stem, "stem");
    for (let index = 0; index < 1000; index++) dandelion.publish(hashOf(index));
    scheduler.advance(10_000);
    expect(stem.plain.length + stem.stems.length).toBe(1000);
    expect(stem.plain.length / 1000).toBeCloseTo(0.11, 1);
  });

  test("with 0 percent nothing is hidden", () => {
    const { dandelion, fluffed } = setUp(0);
    const stem = new Peer("stem");
    dandelion.join(stem, "stem");
    dandelion.publish(HASH);
    dandelion.heard(stem, hashOf(1));
    expect(fluffed).toHaveLength(1);
    expect(dandelion.arrived(hashOf(1))).toBe(false);
  });
});

describe("an object of others", () => {
  test("that came by dinv goes on to another peer, and never back", () => {
    for (let run = 0; run < 20; run++) {
      const { scheduler, dandelion } = setUp(100, `run ${run}`);
      const [from, to] = [new Peer("from"), new Peer("to")];
      for (const peer of [from, to]) dandelion.join(peer, "stem");
      dandelion.heard(from, HASH);
      expect(dandelion.hides(HASH)).toBe(false);
      expect(dandelion.arrived(HASH)).toBe(true);
      scheduler.advance(9.99);
      expect(from.stems.concat(from.plain)).toEqual([]);
      expect(to.stems.concat(to.plain)).toEqual([HASH]);
      expect(dandelion.maySee(from, HASH)).toBe(false);
    }
  });

  test("is told to all when it comes in again", () => {
    const { dandelion, fluffed } = setUp();
    const [from, to] = [new Peer("from"), new Peer("to")];
    for (const peer of [from, to]) dandelion.join(peer, "stem");
    dandelion.heard(from, HASH);
    dandelion.arrived(HASH);
    dandelion.cameAgain(HASH);
    dandelion.cameAgain(HASH);
    expect(fluffed).toHaveLength(1);
  });

  test("announced openly as well is no secret; neither is one that comes too late", () => {
    const { scheduler, dandelion } = setUp();
    const [from, to] = [new Peer("from"), new Peer("to")];
    for (const peer of [from, to]) dandelion.join(peer, "stem");
    dandelion.heard(from, HASH);
    dandelion.heardOpenly(HASH);
    expect(dandelion.arrived(HASH)).toBe(false);
    dandelion.heard(from, HASH);
    scheduler.advance(10_000);
    expect(dandelion.arrived(HASH)).toBe(false);
  });

  test("a flood of dinv from one peer, that comes again, leaves room for those of others", () => {
    const { dandelion } = setUp();
    const [flood, honest] = [new Peer("flood"), new Peer("honest")];
    for (const peer of [honest, new Peer("other")]) dandelion.join(peer, "stem");
    for (let round = 0; round < 2; round++) {
      dandelion.join(flood, "other");
      for (let index = 0; index < 12_000; index++) dandelion.heard(flood, hashOf(index));
      dandelion.leave(flood);
    }
    dandelion.heard(honest, HASH);
    expect(dandelion.arrived(HASH)).toBe(true);
    expect(dandelion.hides(HASH)).toBe(true);
  });

  test("a flood of dinv is remembered up to a limit", () => {
    const { dandelion } = setUp();
    const peers = [new Peer("from"), new Peer("to")];
    for (const peer of peers) dandelion.join(peer, "stem");
    for (let index = 0; index < 12_000; index++) dandelion.heard(peers[0]!, hashOf(index));
    expect(dandelion.arrived(hashOf(11_000))).toBe(false);
    expect(dandelion.arrived(hashOf(5))).toBe(true);
    dandelion.heard(peers[0]!, hashOf(13_000));
    expect(dandelion.arrived(hashOf(13_000))).toBe(true);
  });
});

test("what is published later is hidden until then", () => {
  const { scheduler, dandelion, fluffed } = setUp(0);
  const peer = new Peer("inbound");
  dandelion.join(peer, "other");
  dandelion.publishLater(HASH, 60);
  dandelion.publish(HASH);
  expect(fluffed).toEqual([]);
  expect(dandelion.hides(HASH)).toBe(true);
  expect(dandelion.maySee(peer, HASH)).toBe(false);
  scheduler.advance(60);
  expect(fluffed).toHaveLength(1);
  expect(dandelion.hides(HASH)).toBe(false);
});

describe("what somebody announced by dinv before we made it", () => {
  test("goes out like all that is ours", () => {
    const { scheduler, dandelion, fluffed } = setUp(100);
    const [from, to] = [new Peer("from"), new Peer("to")];
    for (const peer of [from, to]) dandelion.join(peer, "stem");
    dandelion.heard(from, HASH);
    dandelion.publish(HASH);
    expect(dandelion.hides(HASH)).toBe(true);
    scheduler.advance(10);
    expect([...from.stems, ...to.stems]).toEqual([HASH]);
    scheduler.advance(10_000);
    expect(fluffed).toHaveLength(1);
  });

  test("is hidden until it is published later, and goes on along the stem when it comes in", () => {
    const { scheduler, dandelion, fluffed } = setUp(100);
    const [from, to] = [new Peer("from"), new Peer("to")];
    for (const peer of [from, to]) dandelion.join(peer, "stem");
    dandelion.heard(from, HASH);
    dandelion.publishLater(HASH, 60);
    expect(dandelion.hides(HASH)).toBe(true);
    dandelion.cameAgain(HASH);
    scheduler.advance(9.99);
    expect([from.stems, to.stems]).toEqual([[], [HASH]]);
    scheduler.advance(10_000);
    expect(fluffed).toHaveLength(1);
  });
});

describe("what is to be published later, and comes in before", () => {
  test("is told to all, as if it were new", () => {
    const { dandelion, fluffed } = setUp();
    for (const name of ["a", "b"]) dandelion.join(new Peer(name), "stem");
    dandelion.publishLater(HASH, 60);
    dandelion.cameAgain(HASH);
    expect(fluffed).toHaveLength(1);
    expect(dandelion.hides(HASH)).toBe(false);
  });

  test("goes on along a stem if it was announced by dinv, and not back", () => {
    const { scheduler, dandelion, fluffed } = setUp(100);
    const [from, to] = [new Peer("from"), new Peer("to")];
    for (const peer of [from, to]) dandelion.join(peer, "stem");
    dandelion.publishLater(HASH, 60);
    dandelion.heard(from, HASH);
    dandelion.cameAgain(HASH);
    scheduler.advance(9.99);
    expect(fluffed).toEqual([]);
    expect([from.stems, to.stems]).toEqual([[], [HASH]]);
  });

  test("is told to all if it was announced by dinv and by inv", () => {
    const { dandelion, fluffed } = setUp();
    const [from, to] = [new Peer("from"), new Peer("to")];
    for (const peer of [from, to]) dandelion.join(peer, "stem");
    dandelion.publishLater(HASH, 60);
    dandelion.heard(from, HASH);
    dandelion.heardOpenly(HASH);
    dandelion.cameAgain(HASH);
    expect(fluffed).toHaveLength(1);
  });
});

test("deadlines are ten seconds and an exponential time of mean thirty", () => {
  const { scheduler, dandelion, fluffed } = setUp(100);
  dandelion.join(new Peer("stem"), "stem");
  for (let index = 0; index < 1000; index++) dandelion.publish(hashOf(index));
  scheduler.advance(10_000);
  const times = fluffed.map(({ time }) => time).sort((a, b) => a - b);
  expect(times).toHaveLength(1000);
  expect(times[0]).toBeGreaterThanOrEqual(10);
  const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
  expect(Math.abs(mean - 40)).toBeLessThan(3);
  // The median of the exponential part is 30 ln 2.
  expect(Math.abs(times[500]! - 30.8)).toBeLessThan(3);
});

describe("stems", () => {
  test("are two of those that can be, the same for a source until they are chosen anew", () => {
    const stems = new Stems<string>(seededRandom("stems"));
    for (const name of "abcdefgh") stems.join(name);
    const children = () => new Set([..."klmnopqrstuvwxyz"].map((source) => stems.childOf(source)));
    const first = children();
    expect(first.size).toBe(2);
    expect(children()).toEqual(first);
    const all = new Set<string | null>();
    for (let period = 0; period < 50; period++) {
      stems.reshuffle();
      for (const child of children()) all.add(child);
    }
    expect(all.size).toBe(8);
  });

  test("a lost one is replaced, and its sources go to others", () => {
    const stems = new Stems<string>(seededRandom("stems"));
    for (const name of "abc") stems.join(name);
    const lost = stems.childOf("ourselves")!;
    stems.leave(lost);
    expect(stems.childOf("ourselves")).not.toBe(lost);
    for (const name of "abc") stems.leave(name);
    expect(stems.childOf("ourselves")).toBe(null);
    stems.join("d");
    expect(stems.childOf("d")).toBe(null);
    expect(stems.childOf("ourselves")).toBe("d");
  });
});
