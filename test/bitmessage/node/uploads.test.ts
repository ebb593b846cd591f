import { describe, expect, test } from "@jest/globals";
import { SlicedWork } from "../../../src/bitmessage/node/sliced-work.js";
import { spreadTime, Uploads } from "../../../src/bitmessage/node/uploads.js";
import type { InventoryHash } from "../../../src/bitmessage/protocol/inventory-hash.js";
import { ManualScheduler } from "../../support/node/manual-scheduler.js";

class Target {
  backlog = 0;
  /** Bytes by which each object fills the backlog. */
  weight = 0;
  readonly objects: Uint8Array[] = [];

  sendObject(object: Uint8Array): void {
    this.objects.push(object);
    this.backlog += this.weight;
  }
}

function hashes(count: number): InventoryHash[] {
  return Array.from({ length: count }, (_, index) => index.toString(16).padStart(64, "0") as InventoryHash);
}

const OBJECT = new Uint8Array(1);

function setUp(options: { missing?: ReadonlySet<InventoryHash>; spread?: number } = {}) {
  const { missing = new Set(), spread = 0 } = options;
  const scheduler = new ManualScheduler();
  const sent: InventoryHash[] = [];
  const uploads = new Uploads<Target>({
    read: (_, hash) => (missing.has(hash) ? null : OBJECT),
    onSent: (hash) => sent.push(hash),
    spreadTime: () => spread,
    scheduler,
    work: new SlicedWork(scheduler),
  });
  const target = new Target();
  uploads.join(target);
  return { scheduler, uploads, target, sent };
}

test("objects are sent only while little waits to be sent", () => {
  const { scheduler, uploads, target } = setUp();
  target.weight = 1024 * 1024;
  uploads.requested(target, hashes(5));
  scheduler.advance(1);
  expect(target.objects).toHaveLength(2);
  scheduler.advance(100);
  expect(target.objects).toHaveLength(2);
  target.backlog = 0;
  uploads.drained(target);
  scheduler.advance(1);
  expect(target.objects).toHaveLength(4);
});

test("many peers together cannot have more remembered than a million requests", () => {
  const { scheduler, uploads, target } = setUp({ spread: 20 });
  const others = Array.from({ length: 199 }, () => new Target());
  for (const other of others) uploads.join(other);
  const many = hashes(50_000);
  for (const other of others) for (let time = 0; time < 3; time++) uploads.requested(other, many);
  expect(uploads.room(target)).toBe(2500);
  uploads.requested(target, many);
  scheduler.advance(25);
  expect(target.objects).toHaveLength(2500);
  expect(others.reduce((sum, { objects }) => sum + objects.length, 0)).toBeLessThanOrEqual(1_000_000);
});

test("unknown vectors are passed over, repeated ones sent once, and all in turns", () => {
  const { scheduler, uploads, target } = setUp({ missing: new Set(hashes(10)) });
  uploads.requested(target, [...hashes(500), ...hashes(500)]);
  scheduler.advance(1);
  expect(target.objects).toHaveLength(490);
  expect(uploads.sent).toBe(490);
  uploads.leave(target);
  uploads.requested(target, hashes(500));
  scheduler.advance(1);
  expect(target.objects).toHaveLength(490);
});

describe("nobody finds out by asking who has an object first", () => {
  test("a new peer is answered when an object would have reached everybody", () => {
    const { scheduler, uploads, target } = setUp({ spread: 5.2 });
    uploads.requested(target, hashes(3));
    scheduler.advance(5.1);
    expect(target.objects).toEqual([]);
    scheduler.advance(0.2);
    expect(target.objects).toHaveLength(3);
    uploads.requested(target, hashes(5));
    scheduler.advance(0.1);
    expect(target.objects).toHaveLength(8);
  });

  test("whether the object is there is looked up at the time of the answer", () => {
    const missing = new Set(hashes(1));
    const { scheduler, uploads, target } = setUp({ missing, spread: 5.2 });
    uploads.requested(target, hashes(1));
    scheduler.advance(5);
    missing.clear();
    scheduler.advance(1);
    expect(target.objects).toHaveLength(1);
  });

  test("who asks for what is not there waits again, for what it asks after that", () => {
    const [missed, ...there] = hashes(201);
    const { scheduler, uploads, target } = setUp({ missing: new Set([missed!]), spread: 5.2 });
    scheduler.advance(6);
    uploads.requested(target, [missed!, ...there.slice(0, 150)]);
    scheduler.advance(0.1);
    expect(target.objects).toHaveLength(150);
    uploads.requested(target, there.slice(150));
    scheduler.advance(5);
    expect(target.objects).toHaveLength(150);
    scheduler.advance(0.3);
    expect(target.objects).toHaveLength(200);
  });

  test("the wait grows with the network, as PyBitmessage's does", () => {
    const waits = [0, 18, 19, 398, 399, 7998, 20_000].map((count) => spreadTime(count, 5.2));
    expect(waits.map((seconds) => Math.round(seconds * 10) / 10)).toEqual([
      5.2, 5.2, 10.4, 10.4, 15.6, 15.6, 20.8,
    ]);
  });
});

test("an object that cannot be read costs its turn, and the peer is served again", () => {
  const scheduler = new ManualScheduler();
  let isBroken = true;
  const uploads = new Uploads<Target>({
    read: () => {
      if (isBroken) throw new Error("SQLITE_IOERR");
      return OBJECT;
    },
    onSent: () => {},
    spreadTime: () => 0,
    scheduler,
    work: new SlicedWork(scheduler),
  });
  const target = new Target();
  uploads.join(target);
  uploads.requested(target, hashes(3));
  expect(() => scheduler.advance(1)).toThrow("SQLITE_IOERR");
  isBroken = false;
  uploads.requested(target, hashes(3));
  scheduler.advance(1);
  expect(target.objects).toHaveLength(3);
});
