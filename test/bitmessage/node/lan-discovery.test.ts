/** Nodes that find each other on the local network; here on loopback, whose broadcast address is 127.255.255.255. */
import { createSocket, type Socket } from "node:dgram";
import { afterEach, describe, expect, test } from "@jest/globals";
import { type LanAddress, toldPorts } from "../../../src/bitmessage/node/lan-discovery.js";
import type { NodeOptions } from "../../../src/bitmessage/node/node-options.js";
import { type AddrEntry, decodeAddr, encodeAddr } from "../../../src/bitmessage/protocol/messages/addr.js";
import { decodePacket, encodePacket } from "../../../src/bitmessage/protocol/packet.js";
import { type Logger, silentLogger } from "../../../src/logger.js";
import { startNode, stopNodes, type TestNode, until, untilPeers } from "../../support/node/nodes.js";

const BROADCAST = "127.255.255.255";
const LOOPBACK = { host: "127.0.0.1", port: 0 };
const sockets: Socket[] = [];

afterEach(async () => {
  await stopNodes();
  await Promise.all(
    sockets.splice(0).map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))),
  );
});

interface Neighbour {
  readonly address: LanAddress;
  readonly heard: { entries: AddrEntry[]; host: string }[];
  send(bytes: Uint8Array): void;
}

/** Somebody else on the local network, who also decides on the port. */
async function neighbour(): Promise<Neighbour> {
  const socket = createSocket({ type: "udp4", reuseAddr: true });
  sockets.push(socket);
  const heard: Neighbour["heard"] = [];
  socket.on("message", (message, { address: host }) => {
    try {
      const { command, payload } = decodePacket(new Uint8Array(message));
      if (command === "addr") heard.push({ entries: decodeAddr(payload), host });
    } catch {
      // What the test itself sends is heard here as well.
    }
  });
  await new Promise<void>((resolve) => socket.bind(0, "0.0.0.0", resolve));
  socket.setBroadcast(true);
  const { port } = socket.address();
  return {
    address: { port, broadcast: BROADCAST },
    heard,
    send: (bytes) => socket.send(bytes, port, BROADCAST),
  };
}

function listening(lanDiscovery: LanAddress, options: Partial<NodeOptions> = {}): Promise<TestNode> {
  return startNode({
    listen: LOOPBACK,
    bindAddress: "127.0.0.1",
    allowPrivatePeers: false,
    lanDiscovery,
    timings: { lanAnnouncement: 0.05 },
    ...options,
  });
}

function entry(changes: Partial<AddrEntry> = {}): AddrEntry {
  const time = Math.floor(Date.now() / 1000);
  return { time, stream: 1, services: 1n, host: "127.0.0.1", port: 9, ...changes };
}

describe("discovery on the local network", () => {
  test("two nodes that know of nobody find each other, and do not remember it", async () => {
    const { address } = await neighbour();
    const first = await listening(address);
    const second = await listening(address);
    await until(() =>
      [first, second].every(({ node }) => node.peers().some(({ established }) => established)),
    );
    await Promise.all([first.node.stop(), second.node.stop()]);
    expect([...first.knownNodes.nodes, ...second.knownNodes.nodes]).toEqual([]);
  });

  test("what is told is one entry with our port, and our time", async () => {
    const { address, heard } = await neighbour();
    const node = await listening(address);
    await until(() => heard.length >= 2);
    const [first] = heard;
    expect(first!.entries).toEqual([
      entry({ port: node.port, time: expect.any(Number) as unknown as number }),
    ]);
    expect(Math.abs(first!.entries[0]!.time - Date.now() / 1000)).toBeLessThan(5);
  });

  test("one connection to neighbours has to do", async () => {
    const { address, heard, send } = await neighbour();
    const others = [await startNode({ listen: LOOPBACK }), await startNode({ listen: LOOPBACK })];
    const node = await listening(address, { listen: null });
    const tell = setInterval(() => {
      for (const { port } of others) send(encodePacket("addr", encodeAddr([entry({ port })])));
    }, 5);
    await untilPeers(node, 1);
    const before = heard.length;
    await until(() => heard.length > before + 40);
    clearInterval(tell);
    expect(node.node.peers()).toHaveLength(1);
  });

  test.each([
    ["garbage", new Uint8Array(100).fill(7)],
    ["nothing", new Uint8Array(0)],
    ["half a packet", encodePacket("addr", encodeAddr([entry()])).subarray(0, 40)],
    [
      "two packets",
      new Uint8Array([
        ...encodePacket("ping", new Uint8Array(0)),
        ...encodePacket("ping", new Uint8Array(0)),
      ]),
    ],
    ["a packet of another kind", encodePacket("version", new Uint8Array(80))],
    ["a count of 2^64 - 1", encodePacket("addr", new Uint8Array(9).fill(255))],
    ["another stream", encodePacket("addr", encodeAddr([entry({ stream: 2 })]))],
    ["no port", encodePacket("addr", encodeAddr([entry({ port: 0 })]))],
    ["a public address", encodePacket("addr", encodeAddr([entry({ host: "20.1.1.1" })]))],
    [
      "two hours ago",
      encodePacket("addr", encodeAddr([entry({ time: Math.floor(Date.now() / 1000) - 7200 })])),
    ],
    [
      "in two hours",
      encodePacket("addr", encodeAddr([entry({ time: Math.floor(Date.now() / 1000) + 7200 })])),
    ],
  ])("%s leads nowhere, and does no harm", async (_, bytes) => {
    const { address, send } = await neighbour();
    const node = await listening(address, { listen: null });
    send(bytes);
    // The next one is acted on: what came before has been heard by then.
    const other = await startNode({ listen: LOOPBACK });
    const tell = setInterval(() => send(encodePacket("addr", encodeAddr([entry({ port: other.port })]))), 10);
    await untilPeers(node, 1);
    clearInterval(tell);
    expect(node.node.peers().map(({ address: peer }) => peer)).toEqual([`127.0.0.1:${other.port}`]);
  });

  test.each<[string, Partial<NodeOptions>]>([
    ["with a proxy", { proxy: { host: "127.0.0.1", port: 9, credentials: null } }],
    ["with a trusted peer", { trustedPeer: { host: "127.0.0.1", port: 9 } }],
    ["with peers of our choice", { connect: [{ host: "127.0.0.1", port: 9 }] }],
    ["by default", { lanDiscovery: null }],
  ])("%s nothing is told", async (_, options) => {
    const { address, heard } = await neighbour();
    const quiet = await listening(address, options);
    const loud = await listening(address);
    await until(() => heard.length >= 5);
    const ports = new Set(heard.flatMap(({ entries }) => entries.map(({ port }) => port)));
    expect([...ports]).toEqual([loud.port]);
    expect(ports.has(quiet.port)).toBe(false);
  });

  test("a port that is taken costs a warning, not the node", async () => {
    const taken = createSocket("udp4");
    sockets.push(taken);
    await new Promise<void>((resolve) => taken.bind(0, "0.0.0.0", resolve));
    const warnings: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (text) => warnings.push(text) };
    const node = await listening({ port: taken.address().port, broadcast: BROADCAST }, { logger });
    expect(warnings).toEqual(["no discovery on the local network"]);
    expect(node.port).toBeGreaterThan(0);
  });

  test("one datagram tells of few ports, each once, however many it names", () => {
    const now = Date.now() / 1000;
    const tell = (ports: number[]) => encodePacket("addr", encodeAddr(ports.map((port) => entry({ port }))));
    expect([...toldPorts(tell(Array.from({ length: 1000 }, () => 8444)), now)]).toEqual([8444]);
    expect([...toldPorts(tell(Array.from({ length: 1000 }, (_, index) => index)), now)]).toEqual([
      1, 2, 3, 4,
    ]);
  });
});
