/** Peers who know an object beforehand, as whoever wrote a message knows its acknowledgement, and want to know whose it is by now. */
import { afterEach, expect, test } from "@jest/globals";
import { inventoryHash } from "../../../../src/bitmessage/protocol/inventory-hash.js";
import { decodeInv, encodeInv } from "../../../../src/bitmessage/protocol/messages/inv.js";
import { startNode, stopNodes, until } from "../../../support/node/nodes.js";
import { makeObjects } from "../../../support/node/objects.js";
import { RawPeer } from "../../../support/node/raw-peer.js";

afterEach(stopNodes);

const object = makeObjects(1, "acknowledgement")[0]!;
const hash = inventoryHash(object);

test("one that comes in while we are to publish it later is told to others, as by a node that never had it", async () => {
  const node = await startNode({ dandelion: 90, timings: { publishLater: 100_000 } });
  node.inventory.publish([object]);
  node.node.announce([hash], "later");
  const spies = [await RawPeer.established(node), await RawPeer.established(node)];
  spies[0]!.send("object", object);
  expect(decodeInv((await spies[1]!.next("inv")).payload)).toEqual([hash]);
});

test("whoever announced one before we made it is not asked for it any more when all may know that we have it", async () => {
  const node = await startNode();
  const spy = await RawPeer.established(node);
  spy.send("inv", encodeInv([hash]));
  await spy.next("getdata");
  expect(node.node.statistics().objectsPending).toBe(1);
  node.inventory.publish([object]);
  node.node.announce([hash]);
  await until(() => node.node.statistics().objectsPending === 0);
});

test("a new peer is not told earlier than others", async () => {
  const node = await startNode({ timings: { announceDelay: 100_000 } });
  const [open] = node.inventory.publish(makeObjects(1, "open"));
  node.inventory.publish([object]);
  node.node.announce([hash]);
  const spy = await RawPeer.established(node);
  expect(decodeInv((await spy.next("inv")).payload)).toEqual([open]);
});
