import { createServer } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import { concatBytes, fromHex } from "../../../src/bitmessage/protocol/bytes.js";
import { type InventoryHash, inventoryHash } from "../../../src/bitmessage/protocol/inventory-hash.js";
import { encodeAddr } from "../../../src/bitmessage/protocol/messages/addr.js";
import { decodeError } from "../../../src/bitmessage/protocol/messages/error.js";
import { decodeGetdata, encodeInv } from "../../../src/bitmessage/protocol/messages/inv.js";
import { encodeVersion, type VersionPacket } from "../../../src/bitmessage/protocol/messages/version.js";
import { encodePacket } from "../../../src/bitmessage/protocol/packet.js";
import { nextAddress, startNode, stopNodes, type TestNode, until } from "../../support/node/nodes.js";
import { makeObject, makeObjects, objectWithoutWork } from "../../support/node/objects.js";
import { RawPeer, versionOf } from "../../support/node/raw-peer.js";

afterEach(stopNodes);

const NOW = () => Math.floor(Date.now() / 1000);

function header(command: string, length: number, checksum = "cf83e135"): Uint8Array {
  const packet = encodePacket(command, new Uint8Array(0)).slice(0, 20);
  new DataView(packet.buffer).setUint32(16, length);
  return concatBytes(packet, fromHex(checksum));
}

function hashes(count: number): InventoryHash[] {
  return Array.from({ length: count }, (_, index) => index.toString(16).padStart(64, "0") as InventoryHash);
}

const FRAMING: [string, Uint8Array][] = [
  ["a wrong magic", fromHex("00".repeat(24))],
  ["the magic of HTTP", new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a\r\n\r\n")],
  ["a wrong checksum", header("ping", 0, "00000000")],
  ["a length over the limit", header("inv", 1_600_101)],
  ["a length over the limit of its command", header("ping", 1_000_000)],
  ["a length of 4 GiB", header("object", 0xffffffff)],
];

describe.each(["handshake", "established"] as const)("in state %s the node hangs up on", (state) => {
  async function peerIn(node: TestNode): Promise<RawPeer> {
    return state === "handshake" ? RawPeer.connect(node) : RawPeer.established(node);
  }

  test.each(FRAMING)("%s", async (_, bytes) => {
    const node = await startNode();
    const peer = await peerIn(node);
    peer.sendBytes(bytes);
    await peer.closed;
    await until(() => node.node.peers().length === 0);
  });
});

describe("during the handshake", () => {
  test("the accepting side answers with verack first and its version second", async () => {
    const peer = await RawPeer.connect(await startNode());
    peer.send("version", encodeVersion(versionOf()));
    await until(() => peer.received.length === 2);
    expect(peer.commands()).toEqual(["verack", "version"]);
  });

  test.each(["addr", "inv", "dinv", "getdata", "object", "ping", "pong", "portcheck", "nonsense", "verack"])(
    "%s before version ends the connection",
    async (command) => {
      const node = await startNode();
      const peer = await RawPeer.connect(node);
      peer.send(command);
      await peer.closed;
      expect(peer.received).toEqual([]);
    },
  );

  test("a second version before verack ends the connection", async () => {
    const peer = await RawPeer.connect(await startNode());
    peer.send("version", encodeVersion(versionOf()));
    await peer.next("version");
    peer.send("version", encodeVersion(versionOf()));
    await peer.closed;
  });

  const now = BigInt(NOW());
  const refused: [string, Partial<VersionPacket>, RegExp][] = [
    ["an old protocol", { protocolVersion: 2 }, /old protocol/],
    ["a clock an hour ahead", { timestamp: now + 3700n }, /clock/],
    ["a clock an hour behind", { timestamp: now - 3700n }, /clock/],
    ["a clock at the end of time", { timestamp: 2n ** 63n - 1n }, /clock/],
    ["another stream", { streams: [2] }, /stream/],
    ["no stream", { streams: [] }, /stream/],
  ];
  test.each(refused)("%s is refused with a fatal error and no verack", async (_, changes, sentence) => {
    const node = await startNode();
    const peer = await RawPeer.connect(node);
    peer.send("version", encodeVersion(versionOf(changes)));
    await peer.closed;
    expect(peer.commands()).toEqual(["error"]);
    const error = decodeError(peer.received[0]!.payload);
    expect(error.severity).toBe(2);
    expect(error.text).toMatch(sentence);
  });

  test.each<[string, Partial<VersionPacket>]>([
    ["a newer protocol", { protocolVersion: 4 }],
    ["further streams", { streams: [1, 2, 3] }],
    ["an empty user agent", { userAgent: "" }],
    ["a user agent of control characters", { userAgent: "\r\n\x1b[31m" }],
    ["unknown services", { services: 2n ** 63n + 1n }],
    ["a clock almost an hour ahead", { timestamp: now + 3500n }],
  ])("%s is accepted", async (_, changes) => {
    const node = await startNode();
    await RawPeer.established(node, changes);
    expect(node.node.peers()).toMatchObject([
      { established: true, userAgent: expect.stringMatching(/^\/[ -~]+\/$/) },
    ]);
  });

  test("a truncated version ends the connection", async () => {
    const peer = await RawPeer.connect(await startNode());
    peer.send("version", encodeVersion(versionOf()).subarray(0, 60));
    await peer.closed;
  });

  test("an error packet is read, and the connection goes on", async () => {
    const peer = await RawPeer.connect(await startNode());
    peer.send("error", Uint8Array.of(0, 0, 0, 2, 0x0a, 0x41));
    peer.send("version", encodeVersion(versionOf()));
    await peer.next("version");
  });

  test("silence ends it", async () => {
    const node = await startNode({ timings: { handshakeSilence: 0.1 } });
    const silent = await RawPeer.connect(node);
    const half = await RawPeer.connect(node);
    half.send("version", encodeVersion(versionOf()));
    await Promise.all([silent.closed, half.closed]);
    await until(() => node.node.peers().length === 0);
  });

  test("talking about other things for ever ends it as well", async () => {
    const node = await startNode({ timings: { handshake: 0.2 } });
    const peer = await RawPeer.connect(node);
    const chatter = setInterval(() => peer.send("error", Uint8Array.of(0, 0, 0, 0)), 10);
    await peer.closed;
    clearInterval(chatter);
  });

  test("a TLS handshake that never begins, or begins with garbage, ends it", async () => {
    const node = await startNode({ tls: true, timings: { handshakeSilence: 0.2 } });
    const silent = await RawPeer.connect(node);
    const garbage = await RawPeer.connect(node);
    for (const peer of [silent, garbage]) {
      peer.send("version", encodeVersion(versionOf({ services: 3n })));
      await peer.next("version");
      peer.send("verack");
    }
    garbage.sendBytes(fromHex("ab".repeat(500)));
    await Promise.all([silent.closed, garbage.closed]);
    await until(() => node.node.peers().length === 0);
  });
});

describe("who may come in", () => {
  test("a few connections of one host, and no more", async () => {
    // Loopback may connect as often as it likes, so the limit shows on the total.
    const node = await startNode({ maxInbound: 2 });
    const peers = [await RawPeer.established(node), await RawPeer.established(node)];
    const third = await RawPeer.connect(node);
    third.send("version", encodeVersion(versionOf()));
    await third.closed;
    expect(decodeError(third.received[0]!.payload).text).toMatch(/full/);
    expect(peers.map(({ isClosed }) => isClosed)).toEqual([false, false]);
  });

  test("far over the limit nobody is answered", async () => {
    const node = await startNode({ maxInbound: 0 });
    const waiting = await Promise.all(Array.from({ length: 10 }, () => RawPeer.connect(node)));
    await until(() => node.node.peers().length === 10);
    const surplus = await RawPeer.connect(node);
    await surplus.closed;
    expect(waiting.every(({ isClosed }) => !isClosed)).toBe(true);
  });

  test("a node that dials itself notices, and does not try again", async () => {
    const host = nextAddress();
    const probe = createServer().listen(0, host);
    await new Promise((resolve) => probe.once("listening", resolve));
    const { port } = probe.address() as { port: number };
    await new Promise((resolve) => probe.close(resolve));
    const node = await startNode({
      listen: { host, port },
      bindAddress: host,
      knownNodes: {
        load: () => [{ host, port, stream: 1, services: 1n, lastSeen: NOW(), rating: 1, self: false }],
        save: (nodes) => {
          saved = nodes.map(({ self }) => self);
        },
      },
    });
    let saved: boolean[] = [];
    await until(() => node.node.statistics().bytesSent > 0 && node.node.peers().length === 0);
    await node.node.stop();
    expect(saved).toEqual([true]);
  });
});

describe("once established", () => {
  test("ping is answered; pong, verack, portcheck and unknown commands are passed over", async () => {
    const peer = await RawPeer.established(await startNode());
    for (const command of ["pong", "verack", "portcheck", "nonsense"])
      peer.send(command, Uint8Array.of(1, 2));
    peer.send("ping");
    await peer.next("pong");
  });

  test("malformed command fields and second versions are forgiven a few times", async () => {
    const node = await startNode();
    const peer = await RawPeer.established(node);
    const malformed = encodePacket("ping", new Uint8Array(0));
    malformed[14] = 0x41;
    for (let time = 0; time < 4; time++) peer.sendBytes(malformed);
    peer.send("ping");
    await peer.next("pong");
    peer.send("version", encodeVersion(versionOf()));
    await peer.closed;
  });

  test.each([
    ["inv", "05"],
    ["inv", "ffffffffffffffffff"],
    ["inv", "fd0001"],
    ["getdata", "01aabb"],
    ["addr", ""],
    ["object", ""],
  ])("a malformed %s (%s) does no harm", async (command, hex) => {
    const node = await startNode();
    const peer = await RawPeer.established(node);
    const other = await RawPeer.established(node);
    peer.send(command, fromHex(hex));
    if (command !== "object") await peer.closed;
    other.send("ping");
    await other.next("pong");
  });

  test("getdata for what we do not have is passed over; what we have is sent once", async () => {
    const node = await startNode();
    const objects = makeObjects(3, "served");
    const known = node.inventory.publish(objects);
    const peer = await RawPeer.established(node);
    peer.send("getdata", encodeInv([...hashes(1000), known[1]!, known[1]!]));
    expect((await peer.next("object")).payload).toEqual(objects[1]);
    peer.send("ping");
    await peer.next("pong");
    expect(peer.commands()).toEqual(expect.not.arrayContaining(["object"]));
  });

  test("an inv of 50,000 brings one getdata of at most 1000, each vector once", async () => {
    const node = await startNode();
    const peer = await RawPeer.established(node);
    peer.send("inv", encodeInv(hashes(50_000)));
    const asked = decodeGetdata((await peer.next("getdata")).payload);
    expect(asked).toHaveLength(1000);
    peer.send("inv", encodeInv(asked));
    peer.send("dinv", encodeInv(asked));
    peer.send("ping");
    await peer.next("pong");
    expect(peer.commands()).not.toContain("getdata");
    expect(node.node.statistics().objectsPending).toBe(1000);
  });

  test("an object that is asked for in vain is asked for again", async () => {
    const node = await startNode({ timings: { earlyRetry: 0.05 } });
    const peer = await RawPeer.established(node);
    const [object] = makeObjects(1, "late");
    peer.send("inv", encodeInv([inventoryHash(object!)]));
    await peer.next("getdata");
    await peer.next("getdata");
    peer.send("object", object!);
    await until(() => node.inventory.objects.size === 1);
  });

  test("objects without work are counted against the peer, expired ones and duplicates are not", async () => {
    const node = await startNode({ minimum: { trialsPerByte: 1_000_000n, extraBytes: 1000n } });
    const bad = await RawPeer.established(node);
    for (const object of makeObjects(10, "worthless")) bad.send("object", object);
    await bad.closed;
    expect(node.inventory.objects.size).toBe(0);

    const easy = await startNode();
    const peer = await RawPeer.established(easy);
    const late = makeObject({ expires: NOW() - 4000, payload: Uint8Array.of(1) });
    const far = makeObject({ expires: NOW() + 2_500_000, payload: Uint8Array.of(2) });
    const foreign = makeObject({ expires: NOW() + 600, stream: 2, payload: Uint8Array.of(3) });
    const [good] = makeObjects(1, "good");
    for (let time = 0; time < 10; time++)
      for (const object of [late, far, foreign, good!]) peer.send("object", object);
    peer.send("ping");
    await peer.next("pong");
    expect([...easy.inventory.objects.keys()]).toEqual([inventoryHash(good!)]);
  });

  test("objects that come together are kept together", async () => {
    const node = await startNode();
    const peer = await RawPeer.established(node);
    peer.sendBytes(concatBytes(...makeObjects(50, "batch").map((object) => encodePacket("object", object))));
    await until(() => node.inventory.objects.size === 50);
    expect(node.inventory.batches.length).toBeLessThanOrEqual(3);
  });

  test("silence brings a ping, and then the end", async () => {
    const node = await startNode({ timings: { pingAfter: 0.1, closeAfter: 0.3 } });
    const peer = await RawPeer.established(node);
    await peer.next("ping");
    await peer.closed;
  });

  test("a packet that never ends is silence as well", async () => {
    const node = await startNode({ timings: { closeAfter: 0.2 } });
    const peer = await RawPeer.established(node);
    peer.sendBytes(header("object", 100_000));
    const trickle = setInterval(() => peer.sendBytes(Uint8Array.of(0)), 10);
    await peer.closed;
    clearInterval(trickle);
  });

  test("a peer that reads nothing is cut off", async () => {
    const node = await startNode({ timings: { writeStall: 0.2 } });
    const objects = Array.from({ length: 60 }, (_, index) =>
      objectWithoutWork({ expires: NOW() + 600, payload: new Uint8Array(200_000).fill(index) }),
    );
    const known = node.inventory.publish(objects);
    const peer = await RawPeer.established(node);
    peer.socket.pause();
    peer.send("getdata", encodeInv(known));
    await until(() => node.node.peers().length === 0);
    expect(node.node.statistics().objectsSent).toBeLessThan(60);
  });

  test("addr entries are learned when they are of use; MiNode's miscount is tolerated", async () => {
    const node = await startNode({ allowPrivatePeers: false, maxOutbound: 0 });
    const peer = await RawPeer.established(node);
    const entry = { time: NOW() - 60, stream: 1, services: 1n, host: "8.8.8.8", port: 8444 };
    const payload = encodeAddr([
      entry,
      { ...entry, host: "10.0.0.1" },
      { ...entry, host: "8.8.4.4", port: 0 },
      { ...entry, host: "9.9.9.9", stream: 2 },
      { ...entry, host: "9.9.9.8", time: NOW() + 600 },
      { ...entry, host: "9.9.9.7", time: NOW() - 11_000 },
    ]);
    payload[0] = 200;
    peer.send("addr", payload);
    peer.send("ping");
    await peer.next("pong");
    expect(node.node.statistics().knownNodes).toBe(1);
  });
});
