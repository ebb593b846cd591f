import { expect } from "@jest/globals";
import { startNode, type TestNode, until } from "./nodes.js";
import { makeObjects } from "./objects.js";
import { RawPeer } from "./raw-peer.js";

/** What every attack has to leave behind: the honest peer is served, new ones come in, and objects are taken. */
export async function expectUnharmed(node: TestNode, honest: RawPeer): Promise<void> {
  const [object] = makeObjects(1, `honest ${Math.random()}`);
  const before = node.inventory.objects.size;
  honest.send("object", object!);
  honest.send("ping");
  await honest.next("pong");
  await until(() => node.inventory.objects.size > before, "the honest object");
  const newcomer = await RawPeer.established(node);
  expect(newcomer.isClosed).toBe(false);
}

/** A node with an honest peer, before the attack. */
export async function underAttack(
  options: Parameters<typeof startNode>[0] = {},
): Promise<{ node: TestNode; honest: RawPeer }> {
  const node = await startNode(options);
  return { node, honest: await RawPeer.established(node) };
}
