import { createServer } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import { Dialer } from "../../../src/bitmessage/node/dialer.js";
import { type Endpoint, KnownNodes } from "../../../src/bitmessage/node/known-nodes.js";
import type { AttemptResult } from "../../../src/bitmessage/node/retry-schedule.js";
import { DEFAULT_TIMINGS } from "../../../src/bitmessage/node/timings.js";
import { decodeVersion, encodeVersion } from "../../../src/bitmessage/protocol/messages/version.js";
import { ManualScheduler } from "../../support/node/manual-scheduler.js";
import { MemoryKnownNodes } from "../../support/node/memory.js";
import { nextAddress, startNode, stopNodes, until, untilHas, untilPeers } from "../../support/node/nodes.js";
import { makeObjects } from "../../support/node/objects.js";
import { RawPeer, versionOf } from "../../support/node/raw-peer.js";

afterEach(stopNodes);

interface Attempt {
  readonly endpoint: Endpoint;
  readonly offer: "tls" | "plain";
  end(result?: Partial<AttemptResult>): Promise<void>;
}

function setUp(fixedPeers: readonly Endpoint[] | null, known: readonly Endpoint[] = [], online = true) {
  const scheduler = new ManualScheduler();
  const attempts: Attempt[] = [];
  const inbound: Endpoint[] = [];
  const store = new MemoryKnownNodes();
  store.nodes = known.map((endpoint) => ({
    ...endpoint,
    stream: 1,
    services: 1n,
    lastSeen: 0,
    rating: 1,
    self: false,
  }));
  const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
  const knownNodes = new KnownNodes({ store, random, clock: () => 0 });
  knownNodes.load();
  const dialer = new Dialer({
    fixedPeers,
    maxOutbound: 3,
    knownNodes,
    timings: DEFAULT_TIMINGS,
    scheduler,
    isAllowedHost: (host) => !host.startsWith("10.") && !host.endsWith(".onion"),
    takeNeighbour: () => null,
    maxHalfOpen: 64,
    established: () => 0,
    inboundPeers: () => inbound,
    networkWorks: () => online,
    open: (endpoint, offer) =>
      new Promise((resolve) => {
        attempts.push({
          endpoint,
          offer,
          async end(result) {
            resolve({ established: false, tlsFailed: false, ...result });
            // The dialer hears of it within a few turns of the microtask queue.
            for (let turn = 0; turn < 5; turn++) await Promise.resolve();
          },
        });
      }),
  });
  dialer.start();
  return { scheduler, attempts, inbound, knownNodes };
}

const PEER = { host: "20.1.1.1", port: 8444 };
const OTHER = { host: "20.1.1.2", port: 8444 };

describe("fixed peers", () => {
  test("however long nobody was heard, a minute at most passes until the next attempt", async () => {
    const offline = setUp([PEER], [], false);
    const online = setUp([PEER]);
    for (let failure = 0; failure < 20; failure++) {
      for (const { attempts, scheduler } of [offline, online]) {
        await attempts.at(-1)!.end();
        scheduler.advance(602);
      }
    }
    for (const { attempts, scheduler } of [offline, online]) {
      await attempts.at(-1)!.end();
      scheduler.advance(62);
    }
    expect(offline.attempts).toHaveLength(22);
    expect(online.attempts).toHaveLength(21);
  });

  test("each is dialled at once, and again with growing patience", async () => {
    const { scheduler, attempts } = setUp([PEER, OTHER]);
    expect(attempts.map(({ endpoint }) => endpoint)).toEqual([PEER, OTHER]);
    await attempts[0]!.end();
    scheduler.advance(2);
    expect(attempts).toHaveLength(3);
    await attempts[2]!.end();
    scheduler.advance(2);
    expect(attempts).toHaveLength(3);
    scheduler.advance(2);
    expect(attempts).toHaveLength(4);
    await attempts[3]!.end({ established: true });
    scheduler.advance(2);
    expect(attempts).toHaveLength(5);
  });

  test("one that is connected to us is not dialled", async () => {
    const { scheduler, attempts, inbound } = setUp([PEER]);
    await attempts[0]!.end();
    inbound.push(PEER);
    scheduler.advance(600);
    expect(attempts).toHaveLength(1);
  });

  test("when TLS has failed twice there is one attempt without it", async () => {
    const { scheduler, attempts } = setUp([PEER]);
    for (let index = 0; index < 4; index++) {
      await attempts[index]!.end({ tlsFailed: attempts[index]!.offer === "tls" });
      scheduler.advance(600);
    }
    expect(attempts.map(({ offer }) => offer)).toEqual(["tls", "tls", "plain", "tls", "tls"]);
  });
});

describe("known nodes", () => {
  test("one per network, one attempt every two seconds, up to the limit", () => {
    const known = [PEER, OTHER, ...[30, 40, 50].map((first) => ({ host: `${first}.1.1.1`, port: 8444 }))];
    const { scheduler, attempts } = setUp(null, known);
    expect(attempts).toHaveLength(1);
    scheduler.advance(2);
    expect(attempts).toHaveLength(2);
    scheduler.advance(600);
    expect(attempts).toHaveLength(3);
    const networks = attempts.map(({ endpoint }) => endpoint.host.split(".")[0]);
    expect(new Set(networks).size).toBe(3);
  });

  test("no host that is connected to us, no private one, no onion name", () => {
    const { scheduler, attempts, inbound } = setUp(null, [
      { host: "10.0.0.1", port: 8444 },
      { host: "quzwelsuziwqgpt2.onion", port: 8444 },
    ]);
    inbound.push({ host: PEER.host, port: 1 });
    scheduler.advance(600);
    expect(attempts).toEqual([]);
  });

  test("a failure lowers the rating, unless our own network may be down", async () => {
    for (const [online, rating] of [
      [true, 0.9],
      [false, 1],
    ] as const) {
      const { attempts, knownNodes } = setUp(null, [PEER], online);
      await attempts[0]!.end();
      expect(knownNodes.get(PEER)?.rating).toBe(rating);
    }
  });
});

test("a server that hangs up when TLS should begin gets a plain connection in the end", async () => {
  const host = nextAddress();
  const server = createServer(async (socket) => {
    const peer = new RawPeer(socket);
    const { services } = decodeVersion((await peer.next("version")).payload);
    peer.send("verack");
    peer.send("version", encodeVersion(versionOf({ services: 3n })));
    await peer.next("verack");
    if ((services & 2n) !== 0n) socket.end();
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as { port: number };
  const node = await startNode({ tls: true, connect: [{ host, port }] });
  await untilPeers(node, 1);
  expect(node.node.peers()[0]).toMatchObject({ tls: false, established: true });
  await node.node.stop();
  await new Promise((resolve) => server.close(resolve));
});

test("two nodes that dial each other end up connected, and stay so", async () => {
  const hosts = [nextAddress(), nextAddress()];
  const ports: number[] = [];
  for (const host of hosts) {
    const probe = createServer();
    await new Promise<void>((resolve) => probe.listen(0, host, resolve));
    ports.push((probe.address() as { port: number }).port);
    await new Promise((resolve) => probe.close(resolve));
  }
  const endpoints = hosts.map((host, index) => ({ host, port: ports[index]! }));
  const nodes = await Promise.all(
    endpoints.map((listen, index) => startNode({ listen, connect: [endpoints[1 - index]!], tls: true })),
  );
  await until(() => nodes.every(({ node }) => node.peers().some(({ established }) => established)));
  const hashes = nodes[0]!.inventory.publish(makeObjects(3, "both ways"));
  nodes[0]!.node.announce(hashes);
  await untilHas(nodes[1]!, hashes);
});
