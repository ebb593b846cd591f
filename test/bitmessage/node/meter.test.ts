import { afterEach, describe, expect, test } from "@jest/globals";
import { Meter } from "../../../src/bitmessage/node/meter.js";
import { encodeInv } from "../../../src/bitmessage/protocol/messages/inv.js";
import { ManualScheduler } from "../../support/node/manual-scheduler.js";
import { startNode, stopNodes, untilHas } from "../../support/node/nodes.js";
import { makeObject, objectWithoutWork } from "../../support/node/objects.js";
import { RawPeer } from "../../support/node/raw-peer.js";

afterEach(stopNodes);

describe("a meter", () => {
  test("without a limit is always open", () => {
    const meter = new Meter(0, new ManualScheduler());
    meter.spend(1e12);
    expect(meter.isOpen).toBe(true);
  });

  test("lets so many bytes a second through, and gives all who wait the same", () => {
    const scheduler = new ManualScheduler();
    const meter = new Meter(1000, scheduler);
    const passed = [0, 0, 0];
    const take = (line: number) => {
      meter.spend(50);
      passed[line]! += 50;
      meter.wait(() => take(line), 0);
    };
    for (const line of [0, 1, 2]) meter.wait(() => take(line), 0);
    scheduler.advance(60);
    const total = passed[0]! + passed[1]! + passed[2]!;
    expect(total).toBeGreaterThanOrEqual(60_000);
    expect(total).toBeLessThanOrEqual(61_500);
    expect(Math.max(...passed) - Math.min(...passed)).toBeLessThanOrEqual(50);
    expect(meter.isOpen).toBe(false);
  });

  test("makes up for what was too much, and does not save up for more than a second", () => {
    const scheduler = new ManualScheduler();
    const meter = new Meter(1000, scheduler);
    scheduler.advance(3600);
    meter.spend(5000);
    scheduler.advance(3.9);
    expect(meter.isOpen).toBe(false);
    scheduler.advance(0.2);
    expect(meter.isOpen).toBe(true);
  });
});

const objects = (count: number) =>
  Array.from({ length: count }, (_, index) =>
    objectWithoutWork({
      expires: Math.floor(Date.now() / 1000) + 600,
      payload: new Uint8Array(20_000).fill(index),
    }),
  );

describe("a node with limits", () => {
  test("sends no faster, and all of it in the end", async () => {
    const node = await startNode({ uploadLimit: 200_000 });
    const known = node.inventory.publish(objects(20));
    const peer = await RawPeer.established(node);
    const began = performance.now();
    peer.send("getdata", encodeInv(known));
    for (let count = 0; count < 20; count++) await peer.next("object");
    expect(performance.now() - began).toBeGreaterThan(800);
  });

  test("takes no faster, and all of it in the end, with TLS as well", async () => {
    const source = await startNode({ tls: true });
    const small = Array.from({ length: 20 }, (_, index) =>
      makeObject({ expires: Math.floor(Date.now() / 1000) + 600, payload: new Uint8Array(2000).fill(index) }),
    );
    const known = source.inventory.publish(small);
    const began = performance.now();
    const node = await startNode({
      tls: true,
      downloadLimit: 20_000,
      connect: [{ host: source.host, port: source.port }],
    });
    await untilHas(node, known);
    expect(performance.now() - began).toBeGreaterThan(700);
    expect(node.node.peers()[0]).toMatchObject({ tls: true, established: true });
  });
});
