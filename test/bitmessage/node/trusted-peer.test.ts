/** A node with one trusted peer: everything goes through it, and nothing else is dialled, accepted, learned or told. */

import { createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import { concatBytes } from "../../../src/bitmessage/protocol/bytes.js";
import { encodeHost } from "../../../src/bitmessage/protocol/host.js";
import { type InventoryHash, inventoryHash } from "../../../src/bitmessage/protocol/inventory-hash.js";
import { encodeAddr } from "../../../src/bitmessage/protocol/messages/addr.js";
import { encodeInv } from "../../../src/bitmessage/protocol/messages/inv.js";
import { decodeVersion, encodeVersion } from "../../../src/bitmessage/protocol/messages/version.js";
import { ObjectType } from "../../../src/bitmessage/protocol/object.js";
import { nextAddress, startNode, stopNodes, untilHas, untilPeers } from "../../support/node/nodes.js";
import { makeObject, makeObjects } from "../../support/node/objects.js";
import { RawPeer, versionOf } from "../../support/node/raw-peer.js";

const servers: Server[] = [];

afterEach(async () => {
  await stopNodes();
  await Promise.all(servers.splice(0).map((server) => new Promise((closed) => server.close(closed))));
});

/** A listening peer of which the test says every byte; resolves with the connection that comes in. */
async function rawServer(host: string): Promise<{ port: number; accepted: Promise<RawPeer> }> {
  const server = createServer();
  servers.push(server);
  const accepted = new Promise<RawPeer>((resolve) => {
    server.once("connection", (socket: Socket) => resolve(new RawPeer(socket)));
  });
  await new Promise<void>((listening) => server.listen(0, host, listening));
  const address = server.address();
  return { port: typeof address === "object" && address !== null ? address.port : 0, accepted };
}

describe("with a trusted peer", () => {
  test("objects go both ways through it", async () => {
    const hub = await startNode();
    const other = await startNode({ connect: [{ host: hub.host, port: hub.port }] });
    const node = await startNode({ trustedPeer: { host: hub.host, port: hub.port }, dandelion: 90 });
    await untilPeers(node, 1);
    const ours = node.inventory.publish(makeObjects(3, "ours"));
    node.node.announce(ours);
    await untilHas(other, ours);
    const theirs = other.inventory.publish(makeObjects(3, "theirs"));
    other.node.announce(theirs);
    await untilHas(node, theirs);
  });

  test("nobody is learned, told of, dialled or let in", async () => {
    const host = nextAddress();
    const { port, accepted } = await rawServer(host);
    const stranger = await startNode();
    const node = await startNode({
      trustedPeer: { host, port },
      listen: { host: nextAddress(), port: 0 },
      bootstrap: true,
      resolver: async () => {
        throw new Error("nobody is looked up");
      },
    });
    expect(node.port).toBe(0);
    const peer = await accepted;
    const version = decodeVersion((await peer.next("version")).payload);
    expect(version.sender.port).toBe(0);
    peer.send("verack");
    peer.send("version", encodeVersion(versionOf()));
    await peer.next("verack");
    await untilPeers(node, 1);
    const time = Math.floor(Date.now() / 1000) - 60;
    const entry = { time, stream: 1, services: 1n, host: stranger.host, port: stranger.port };
    peer.send("addr", encodeAddr([entry, { ...entry, host: "20.1.1.1" }]));
    const onion = makeObject({
      expires: time + 3600,
      type: ObjectType.onionpeer,
      version: 3,
      payload: concatBytes(Uint8Array.of(99), encodeHost(`${"a".repeat(56)}.onion`)),
    });
    peer.send("object", onion);
    const hash: InventoryHash = inventoryHash(onion);
    await untilHas(node, [hash]);
    peer.send("ping");
    await peer.next("pong");
    expect(peer.commands()).not.toContain("addr");
    expect(node.node.statistics()).toMatchObject({ knownNodes: 0, inbound: 0, outbound: 1 });
    expect(stranger.node.peers()).toEqual([]);
    await node.node.stop();
    expect(node.knownNodes.nodes).toEqual([]);
  });

  test("known nodes of earlier times are neither dialled nor told of", async () => {
    const host = nextAddress();
    const { port, accepted } = await rawServer(host);
    const stranger = await startNode();
    const knownNodes = {
      load: () => [
        {
          host: stranger.host,
          port: stranger.port,
          stream: 1,
          services: 1n,
          lastSeen: Date.now() / 1000,
          rating: 1,
          self: false,
        },
      ],
      save: () => {},
    };
    const node = await startNode({ trustedPeer: { host, port }, knownNodes });
    const peer = await accepted;
    peer.send("version", encodeVersion(versionOf()));
    peer.send("verack");
    await untilPeers(node, 1);
    peer.send("inv", encodeInv([]));
    peer.send("ping");
    await peer.next("pong");
    expect(peer.commands()).not.toContain("addr");
    expect(stranger.node.peers()).toEqual([]);
  });

  test("it is tried again when it is lost", async () => {
    const hub = await startNode();
    const node = await startNode({ trustedPeer: { host: hub.host, port: hub.port } });
    await untilPeers(node, 1);
    await hub.node.stop();
    await untilPeers(node, 0);
    const again = await startNode({ listen: { host: hub.host, port: hub.port } });
    await untilPeers(again, 1);
  });
});
