import { afterEach, expect, test } from "@jest/globals";
import { decodeInv, encodeGetdata } from "../../../src/bitmessage/protocol/messages/inv.js";
import { startNode, stopNodes, untilHas, untilPeers } from "../../support/node/nodes.js";
import { makeObjects } from "../../support/node/objects.js";
import { RawPeer } from "../../support/node/raw-peer.js";

afterEach(stopNodes);

test("a stem object reaches the stem, and nobody else can list or fetch it", async () => {
  const stem = await startNode({ dandelion: 100 });
  const origin = await startNode({
    dandelion: 100,
    connect: [{ host: stem.host, port: stem.port }],
    timings: { stemLeast: 1000 },
  });
  await untilPeers(origin, 1);
  expect(origin.node.peers()[0]!.services & 8n).toBe(8n);
  const [open] = origin.inventory.publish(makeObjects(1, "open"));
  const [hidden] = origin.inventory.publish(makeObjects(1, "hidden"));
  origin.node.announce([hidden!]);
  await untilHas(stem, [hidden!]);

  const stranger = await RawPeer.established(origin);
  const listed = decodeInv((await stranger.next("inv")).payload);
  expect(listed).toEqual([open]);
  stranger.send("getdata", encodeGetdata([hidden!]));
  stranger.send("getdata", encodeGetdata([open!]));
  await stranger.next("object");
  expect(stranger.commands()).not.toContain("object");
});

test("what is published later is there for nobody, but survives a restart in the open", async () => {
  const origin = await startNode({ timings: { publishLater: 1000 } });
  const [late] = origin.inventory.publish(makeObjects(1, "late"));
  const [open] = origin.inventory.publish(makeObjects(1, "open"));
  origin.node.announce([late!], "later");
  const before = await RawPeer.established(origin);
  expect(decodeInv((await before.next("inv")).payload)).toEqual([open]);
  await origin.node.stop();
  const again = await startNode({ inventory: origin.inventory });
  const after = await RawPeer.established(again);
  expect(new Set(decodeInv((await after.next("inv")).payload))).toEqual(new Set([late, open]));
});
