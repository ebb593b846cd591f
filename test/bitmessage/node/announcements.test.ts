import { describe, expect, test } from "@jest/globals";
import { Announcements } from "../../../src/bitmessage/node/announcements.js";
import { RecentSet } from "../../../src/bitmessage/node/recent-set.js";
import { SlicedWork } from "../../../src/bitmessage/node/sliced-work.js";
import type { InventoryHash } from "../../../src/bitmessage/protocol/inventory-hash.js";
import { splitInv } from "../../../src/bitmessage/protocol/messages/inv.js";
import { ManualScheduler } from "../../support/node/manual-scheduler.js";

const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));

class Target {
  backlog = 0;
  readonly known = new Set<InventoryHash>();
  readonly packets: InventoryHash[][] = [];
  /** Bytes by which each object or vector fills the backlog. */
  weight = 0;

  knows(hash: InventoryHash): boolean {
    return this.known.has(hash);
  }

  noteKnown(hash: InventoryHash): void {
    this.known.add(hash);
  }

  announceObjects(hashes: readonly InventoryHash[]): void {
    this.packets.push([...hashes]);
    this.backlog += hashes.length * this.weight;
  }
}

function hashes(count: number): InventoryHash[] {
  return Array.from({ length: count }, (_, index) => index.toString(16).padStart(64, "0") as InventoryHash);
}

function once(portion: readonly InventoryHash[]): () => readonly InventoryHash[] | null {
  const portions = [portion];
  return () => portions.shift() ?? null;
}

describe("announcements", () => {
  function setUp() {
    const scheduler = new ManualScheduler();
    const work = new SlicedWork(scheduler);
    return { scheduler, announcements: new Announcements<Target>({ scheduler, work, random, delay: 10 }) };
  }

  test("new objects are told within ten seconds, spread over them, to those who do not have them", () => {
    const { scheduler, announcements } = setUp();
    const [first, second] = [new Target(), new Target()];
    for (const target of [first, second]) announcements.join(target, () => null);
    const news = hashes(200);
    second.noteKnown(news[0]!);
    announcements.add(news);
    expect(announcements.isPending(news[0]!)).toBe(true);
    scheduler.advance(0.9);
    expect(first.packets).toEqual([]);
    scheduler.advance(9.1);
    expect(new Set(first.packets.flat())).toEqual(new Set(news));
    expect(first.packets).toHaveLength(10);
    expect(second.packets.flat()).toHaveLength(199);
    scheduler.advance(100);
    expect(first.packets.flat()).toHaveLength(200);
    expect(announcements.isPending(news[0]!)).toBe(false);
  });

  test("a new peer is told of the whole inventory, in random order, as fast as it takes it", () => {
    const { scheduler, announcements } = setUp();
    const target = new Target();
    target.weight = 32;
    const all = hashes(120_000);
    const portions = splitInv(all);
    announcements.join(target, () => portions.shift() ?? null);
    expect(target.packets).toEqual([]);
    scheduler.advance(0);
    expect(target.packets.map((packet) => packet.length)).toEqual([49_999, 49_999]);
    target.backlog = 0;
    announcements.drained(target);
    announcements.drained(target);
    scheduler.advance(0);
    expect(target.packets.map((packet) => packet.length)).toEqual([49_999, 49_999, 20_002]);
    expect(new Set(target.packets.flat()).size).toBe(120_000);
    expect(target.packets[0]!.slice(0, 100)).not.toEqual(all.slice(0, 100));
  });

  test("what waits to be announced is told in its time to a peer that comes meanwhile, and once", () => {
    const { scheduler, announcements } = setUp();
    const news = hashes(50);
    announcements.add(news);
    const target = new Target();
    announcements.join(target, once(news));
    scheduler.advance(0);
    expect(target.packets.flat()).toEqual([]);
    scheduler.advance(20);
    expect(target.packets.flat()).toHaveLength(50);
  });

  test("a peer that has left is told nothing", () => {
    const { scheduler, announcements } = setUp();
    const target = new Target();
    announcements.join(target, () => null);
    announcements.add(hashes(5));
    announcements.leave(target);
    scheduler.advance(20);
    expect(target.packets).toEqual([]);
  });
});

test("a recent set forgets the oldest, and holds at least half of its limit", () => {
  const set = new RecentSet<number>(10);
  for (let member = 0; member < 100; member++) set.add(member);
  expect([95, 96, 97, 98, 99].every((member) => set.has(member))).toBe(true);
  expect(set.has(89)).toBe(false);
});
