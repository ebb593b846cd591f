/** Connections that only take up room. The node must stay of use to the others, within bounds. */
import { type AddressInfo, createServer } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import { fromHex } from "../../../../src/bitmessage/protocol/bytes.js";
import { inventoryHash } from "../../../../src/bitmessage/protocol/inventory-hash.js";
import { decodeInv, encodeInv } from "../../../../src/bitmessage/protocol/messages/inv.js";
import { encodeVersion } from "../../../../src/bitmessage/protocol/messages/version.js";
import { encodePacket } from "../../../../src/bitmessage/protocol/packet.js";
import { expectUnharmed, underAttack } from "../../../support/node/attack.js";
import { nextAddress, stopNodes, until } from "../../../support/node/nodes.js";
import { makeObjects } from "../../../support/node/objects.js";
import { RawPeer, versionOf } from "../../../support/node/raw-peer.js";

afterEach(stopNodes);

describe("connections", () => {
  test("a hundred that say nothing: at most 64 are held, and those who speak come in after them", async () => {
    const { node, honest } = await underAttack({ maxInbound: 500, timings: { handshakeSilence: 0.3 } });
    const silent = await Promise.all(Array.from({ length: 100 }, () => RawPeer.connect(node)));
    await until(() => silent.filter(({ isClosed }) => isClosed).length >= 36);
    expect(node.node.peers().length).toBeLessThanOrEqual(65);
    await Promise.all(silent.map(({ closed }) => closed));
    await expectUnharmed(node, honest);
  });

  test("sixty-four that say nothing for ten seconds make room, one by one, for those who come", async () => {
    let later = 0;
    const clock = () => Date.now() / 1000 + later;
    const { node, honest } = await underAttack({ maxInbound: 500, clock });
    const silent = await Promise.all(Array.from({ length: 64 }, () => RawPeer.connect(node)));
    await until(() => node.node.peers().length === 65);
    const early = await RawPeer.connect(node);
    await early.closed;
    later = 11;
    await expectUnharmed(node, honest);
    expect(silent.filter(({ isClosed }) => isClosed)).toHaveLength(1);
  });

  test("eight at once from one host leave room for others", async () => {
    const { node, honest } = await underAttack();
    const host = nextAddress();
    const peers = await Promise.all(Array.from({ length: 8 }, () => RawPeer.connect(node, host)));
    for (const peer of peers) peer.send("version", encodeVersion(versionOf()));
    await until(() => node.node.peers().length >= 1);
    await expectUnharmed(node, honest);
  });

  test("one byte of a handshake at a time, for ever", async () => {
    const { node, honest } = await underAttack({ timings: { handshake: 0.3 } });
    const attacker = await RawPeer.connect(node);
    const bytes = encodePacket("version", encodeVersion(versionOf()));
    let sent = 0;
    const trickle = setInterval(() => attacker.sendBytes(bytes.subarray(sent, ++sent)), 10);
    await attacker.closed;
    clearInterval(trickle);
    await expectUnharmed(node, honest);
  });

  test("version, and never verack", async () => {
    const { node, honest } = await underAttack({ timings: { handshakeSilence: 0.2 } });
    const attacker = await RawPeer.connect(node);
    attacker.send("version", encodeVersion(versionOf()));
    await attacker.closed;
    await expectUnharmed(node, honest);
  });

  test.each([
    ["garbage", fromHex("ab".repeat(500))],
    ["plain packets", encodePacket("ping", new Uint8Array(0))],
    ["nothing", new Uint8Array(0)],
    ["half a hello", fromHex("1603010100010000fc0303")],
  ])("%s where TLS should begin", async (_, bytes) => {
    const { node, honest } = await underAttack({ tls: true, timings: { handshakeSilence: 0.3 } });
    const attacker = await RawPeer.connect(node);
    attacker.send("version", encodeVersion(versionOf({ services: 3n })));
    await attacker.next("version");
    attacker.send("verack");
    attacker.sendBytes(bytes);
    await attacker.closed;
    await expectUnharmed(node, honest);
  });

  test("opened and torn down two hundred times", async () => {
    const { node, honest } = await underAttack();
    for (let round = 0; round < 10; round++) {
      const peers = await Promise.all(Array.from({ length: 20 }, () => RawPeer.connect(node)));
      for (const peer of peers) peer.socket.resetAndDestroy();
    }
    await until(() => node.node.peers().length === 1);
    await expectUnharmed(node, honest);
  });

  test("a stem black hole: our own object, swallowed by the stem, is told to all at its deadline", async () => {
    const server = createServer();
    const swallowing = new Promise<RawPeer>((resolve) => {
      server.once("connection", (socket) => resolve(new RawPeer(socket)));
    });
    const host = nextAddress();
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    const { port } = server.address() as AddressInfo;
    const { node, honest } = await underAttack({
      dandelion: 100,
      connect: [{ host, port }],
      timings: { stemLeast: 0.3, stemMean: 0.1 },
    });
    const attacker = await swallowing;
    server.close();
    attacker.send("version", encodeVersion(versionOf({ services: 9n })));
    attacker.send("verack");
    await until(() => node.node.statistics().outbound === 1);
    const [own] = makeObjects(1, "ours");
    const hashes = node.inventory.publish([own!]);
    node.node.announce(hashes);
    expect(decodeInv((await attacker.next("dinv")).payload)).toEqual(hashes);
    expect(honest.commands()).not.toContain("inv");
    expect(decodeInv((await honest.next("inv")).payload)).toEqual(hashes);
    await expectUnharmed(node, honest);
  });

  test("a stem black hole: what was announced by dinv and never delivered comes from others", async () => {
    const { node, honest } = await underAttack({ timings: { earlyRetry: 0.05, requestRetry: 0.05 } });
    const attacker = await RawPeer.established(node, { services: 9n });
    const [object] = makeObjects(1, "swallowed");
    const vector = encodeInv([inventoryHash(object!)]);
    attacker.send("dinv", vector);
    honest.send("inv", vector);
    await honest.next("getdata");
    honest.send("object", object!);
    await until(() => node.inventory.objects.size === 1);
    await expectUnharmed(node, honest);
  });
});
