import { expect, test } from "@jest/globals";
import { Admission } from "../../../src/bitmessage/node/admission.js";
import type { KnownNodes } from "../../../src/bitmessage/node/known-nodes.js";
import { silentLogger } from "../../../src/logger.js";

function setUp() {
  const time = { now: 1000 };
  const admission = new Admission({
    streams: [1],
    maxInbound: 10,
    knownNodes: {} as KnownNodes,
    connections: new Set(),
    isExcluded: () => false,
    now: () => time.now,
    clock: () => 1_800_000_000,
    logger: silentLogger,
  });
  const come = (hosts: readonly string[]) => hosts.filter((host) => admission.mayAccept(host)).length;
  return { time, come };
}

test("whoever comes again and again, as soon as hung up, has to wait; others need not", () => {
  const { time, come } = setUp();
  expect(come(Array.from({ length: 100 }, () => "20.1.1.1"))).toBe(20);
  expect(come(["20.1.1.2"])).toBe(1);
  time.now += 40;
  expect(come(Array.from({ length: 100 }, () => "20.1.1.1"))).toBe(2);
});

test("neither another address of the same customer helps, nor is this machine limited, where onion services end", () => {
  const { come } = setUp();
  expect(come(Array.from({ length: 100 }, (_, index) => `2a01:4f8:1:2::${index.toString(16)}`))).toBe(20);
  expect(come(Array.from({ length: 100 }, () => "127.0.0.1"))).toBe(100);
});
