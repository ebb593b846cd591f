import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { DOWNLOAD_LIMITS, type DownloadLimits, Downloads } from "../../../src/bitmessage/node/downloads.js";
import { DEFAULT_TIMINGS } from "../../../src/bitmessage/node/timings.js";
import type { InventoryHash } from "../../../src/bitmessage/protocol/inventory-hash.js";

class Source {
  readonly requests: InventoryHash[][] = [];

  constructor(readonly isChosen = false) {}

  requestObjects(hashes: readonly InventoryHash[]): void {
    this.requests.push([...hashes]);
  }

  get asked(): InventoryHash[] {
    return this.requests.flat();
  }
}

function hashes(count: number, from = 0): InventoryHash[] {
  return Array.from({ length: count }, (_, index) => `h${from + index}` as InventoryHash);
}

function setUp(
  limits: Omit<DownloadLimits, "inFlightMost"> & Partial<DownloadLimits> = {
    inFlight: 10,
    unseenPerPeer: 50,
    unseen: 1000,
  },
) {
  const time = { now: 1000 };
  const downloads = new Downloads<Source>({
    limits: { inFlightMost: limits.inFlight, ...limits },
    timings: DEFAULT_TIMINGS,
    now: () => time.now,
  });
  const join = (kind: "chosen" | "guest" = "guest") => {
    const source = new Source(kind === "chosen");
    downloads.join(source);
    return source;
  };
  return { time, downloads, join };
}

describe("requests", () => {
  test("each vector is asked of one peer at a time", () => {
    const { downloads, join } = setUp();
    const [first, second] = [join(), join()];
    downloads.announced(first, hashes(4));
    downloads.announced(second, hashes(6));
    downloads.announced(first, hashes(4));
    expect(first.asked).toEqual(hashes(4));
    expect(second.asked).toEqual(hashes(2, 4));
  });

  test("no more than the limit is on its way; the rest follows when half has come", () => {
    const { downloads, join } = setUp();
    const source = join();
    downloads.announced(source, hashes(30));
    expect(source.asked).toEqual(hashes(10));
    for (const hash of hashes(5)) downloads.received(source, hash);
    downloads.refill(source);
    expect(source.asked).toEqual(hashes(15));
    expect(downloads.pending).toBe(10);
  });

  test("a peer that keeps delivering quickly is asked for more at a time, until it is silent", () => {
    const limits = { inFlight: 10, inFlightMost: 40, unseenPerPeer: 1000, unseen: 1000 };
    const { time, downloads, join } = setUp(limits);
    const source = join();
    downloads.announced(source, hashes(1000));
    const deliver = (count: number, seconds: number) => {
      time.now += seconds;
      const isFirst = (_: InventoryHash, index: number) => index < count;
      const due = source.asked.slice(downloads.pending * -1).filter(isFirst);
      for (const hash of due) downloads.received(source, hash);
      downloads.refill(source);
      return downloads.pending;
    };
    expect(downloads.pending).toBe(10);
    expect(deliver(5, 1)).toBe(20);
    expect(deliver(10, 1)).toBe(40);
    expect(deliver(20, 1)).toBe(40);
    time.now += 61;
    downloads.tick();
    expect(downloads.pending).toBe(10);
    expect(deliver(5, 6)).toBe(10);
    expect(deliver(5, 1)).toBe(20);
  });

  test("vectors over the limit of a peer are not remembered", () => {
    const { downloads, join } = setUp({ inFlight: 100, unseenPerPeer: 50, unseen: 60 });
    const sources = [join(), join()];
    downloads.announced(sources[0]!, hashes(1000));
    // Two peers share 60.
    expect(sources[0]!.asked).toEqual(hashes(30));
    downloads.refill(sources[0]!);
    expect(sources[0]!.asked).toEqual(hashes(30));
  });
});

test("what peers announce whom we have called is remembered, however many others have come in and announce", () => {
  const { downloads, join } = setUp(DOWNLOAD_LIMITS);
  for (let guest = 0; guest < 192; guest++) downloads.announced(join(), hashes(2100, guest * 2100));
  const chosen = join("chosen");
  downloads.announced(chosen, hashes(20_000, 1_000_000));
  for (let place = 0; place < chosen.asked.length; place++) {
    downloads.received(chosen, chosen.asked[place]!);
    downloads.refill(chosen);
  }
  expect(chosen.asked).toHaveLength(20_000);
});

test("those who come one after the other get no more than a share each", () => {
  const { time, downloads, join } = setUp({ inFlight: 1, unseenPerPeer: 100, unseen: 100 });
  const sources = Array.from({ length: 10 }, (_, index) => {
    const source = join();
    downloads.announced(source, hashes(100, index * 100));
    return source;
  });
  for (let round = 0; round < 200; round++) {
    for (const source of sources) {
      const last = source.asked.at(-1);
      if (last !== undefined) downloads.received(source, last);
      downloads.refill(source);
    }
    time.now += 1;
    downloads.tick();
  }
  for (const source of sources) expect(source.asked.length).toBeLessThanOrEqual(11);
});

describe("silence", () => {
  test("after it those come first whom we have called, however many others announced the same before", () => {
    const { time, downloads, join } = setUp();
    const guests = Array.from({ length: 20 }, () => join());
    const chosen = join("chosen");
    time.now += 100;
    for (const source of [...guests, chosen]) downloads.announced(source, hashes(3));
    time.now += 60;
    downloads.tick();
    expect(chosen.asked).toEqual(hashes(3));
  });

  test("what a peer could not be asked for yet is not forgotten", () => {
    const { time, downloads, join } = setUp();
    const source = join();
    downloads.suspend(8000);
    downloads.announced(source, hashes(3));
    for (let second = 0; second < 8000; second += 10) {
      time.now += 10;
      downloads.tick();
    }
    expect(source.asked).toEqual(hashes(3));
  });

  test("another peer is asked after 60 seconds", () => {
    const { time, downloads, join } = setUp();
    const [first, second] = [join(), join()];
    time.now += 100;
    downloads.announced(first, hashes(3));
    downloads.announced(second, hashes(3));
    time.now += 59;
    downloads.tick();
    expect(second.asked).toEqual([]);
    time.now += 1;
    downloads.tick();
    expect(second.asked).toEqual(hashes(3));
    expect(first.requests).toHaveLength(1);
  });

  test("the same peer is asked again when it is the only one", () => {
    const { time, downloads, join } = setUp();
    const source = join();
    time.now += 100;
    downloads.announced(source, hashes(1));
    time.now += 60;
    downloads.tick();
    expect(source.requests).toEqual([hashes(1), hashes(1)]);
  });

  test("a new peer that has not delivered yet is asked again soon: PyBitmessage drops the first requests", () => {
    const { time, downloads, join } = setUp();
    const source = join();
    downloads.announced(source, hashes(2));
    time.now += 6;
    downloads.tick();
    expect(source.requests).toHaveLength(2);
    downloads.received(source, hashes(1)[0]!);
    time.now += 6;
    downloads.tick();
    expect(source.requests).toHaveLength(2);
  });

  test("a vector that nobody delivers does not stand before others, and is forgotten after an hour", () => {
    const { time, downloads, join } = setUp({ inFlight: 2, unseenPerPeer: 50, unseen: 1000 });
    const source = join();
    time.now += 100;
    downloads.announced(source, hashes(4));
    downloads.received(source, hashes(1)[0]!);
    time.now += 60;
    downloads.tick();
    expect(source.requests.at(-1)).toEqual(hashes(2, 2));
    time.now += 3600;
    downloads.tick();
    expect(downloads.pending).toBe(0);
  });

  test("a peer that announces and never delivers is asked for ever less", () => {
    const { time, downloads, join } = setUp({ inFlight: 1000, unseenPerPeer: 50_000, unseen: 400_000 });
    const source = join();
    time.now += 100;
    downloads.announced(source, hashes(20_000));
    for (let round = 0; round < 4; round++) {
      time.now += 60;
      downloads.tick();
    }
    expect(source.requests.map((request) => request.length)).toEqual([1000, 100, 10, 1, 1]);
    downloads.received(source, source.requests[4]![0]!);
    downloads.refill(source);
    expect(source.requests.at(-1)).toHaveLength(1000);
  });

  test("what a peer that has left was asked for is asked of others", () => {
    const { downloads, join } = setUp();
    const [first, second] = [join(), join()];
    downloads.announced(first, hashes(3));
    downloads.announced(second, hashes(3));
    downloads.leave(first);
    downloads.tick();
    expect(second.asked).toEqual(hashes(3));
  });
});

test("whatever happens, no vector is asked of two peers at once, and every one that somebody has is asked for in the end", () => {
  const event = fc.oneof(
    fc.record({
      kind: fc.constant("announce" as const),
      peer: fc.nat(2),
      from: fc.nat(30),
      count: fc.nat(20),
    }),
    fc.record({ kind: fc.constant("deliver" as const), peer: fc.nat(2) }),
    fc.record({ kind: fc.constant("wait" as const), seconds: fc.nat(100) }),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), (events) => {
      const { time, downloads, join } = setUp();
      const sources = [join(), join(), join()];
      const announced = new Set<InventoryHash>();
      const received = new Set<InventoryHash>();
      const deliver = (source: Source) => {
        for (const hash of source.asked.filter((hash) => !received.has(hash))) {
          received.add(hash);
          downloads.received(source, hash);
        }
        downloads.refill(source);
      };
      for (const step of events) {
        if (step.kind === "announce") {
          const fresh = hashes(step.count, step.from).filter((hash) => !received.has(hash));
          for (const hash of fresh) announced.add(hash);
          downloads.announced(sources[step.peer]!, fresh);
        } else if (step.kind === "deliver") deliver(sources[step.peer]!);
        else {
          time.now += step.seconds;
          downloads.tick();
        }
      }
      for (let round = 0; round < 100 && received.size < announced.size; round++) {
        time.now += 1;
        downloads.tick();
        for (const source of sources) deliver(source);
      }
      expect(received).toEqual(announced);
      expect(downloads.pending).toBe(0);
    }),
    { numRuns: 200 },
  );
});

test("two hundred peers who announce the same nothing cost a moment each second", () => {
  const { time, downloads, join } = setUp(DOWNLOAD_LIMITS);
  const nothing = hashes(2000);
  for (let peer = 0; peer < 200; peer++) downloads.announced(join(), nothing);
  const began = process.cpuUsage();
  for (let second = 0; second < 300; second++) {
    time.now += 1;
    downloads.tick();
  }
  const { user, system } = process.cpuUsage(began);
  expect((user + system) / 1000 / 300).toBeLessThan(40);
});
