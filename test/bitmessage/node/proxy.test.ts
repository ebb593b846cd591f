import { createServer, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { directConnector } from "../../../src/bitmessage/node/connector.js";
import type { NodeOptions } from "../../../src/bitmessage/node/node-options.js";
import { concatBytes } from "../../../src/bitmessage/protocol/bytes.js";
import { encodeHost } from "../../../src/bitmessage/protocol/host.js";
import { inventoryHash } from "../../../src/bitmessage/protocol/inventory-hash.js";
import { decodeVersion, encodeVersion } from "../../../src/bitmessage/protocol/messages/version.js";
import { ObjectType, withNonce } from "../../../src/bitmessage/protocol/object.js";
import { openOnionpeer } from "../../../src/bitmessage/protocol/onionpeer.js";
import type { Logger } from "../../../src/logger.js";
import { nextAddress, startNode, stopNodes, until, untilHas, untilPeers } from "../../support/node/nodes.js";
import { makeObject, makeObjects } from "../../support/node/objects.js";
import { RawPeer, versionOf } from "../../support/node/raw-peer.js";
import { SocksServer } from "../../support/node/socks-server.js";

const ONION = `${"a".repeat(56)}.onion`;
const NOW = () => Math.floor(Date.now() / 1000);
const servers: { close(): unknown }[] = [];

afterEach(async () => {
  await stopNodes();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function startProxy(method?: number) {
  const server = new SocksServer(method);
  servers.push(server);
  const host = nextAddress();
  const port = await server.listen(host);
  return { server, proxy: { host, port, credentials: null } };
}

function lines(): { logger: Logger; told: string[] } {
  const told: string[] = [];
  const logger: Logger = {
    debug: () => {},
    info: (text) => told.push(text),
    warn: (text) => told.push(text),
    error: (text) => told.push(text),
    child: () => logger,
  };
  return { logger, told };
}

/** A node whose resolver betrays itself: it must never be asked. */
function behind(proxy: NodeOptions["proxy"], options: Partial<NodeOptions> = {}) {
  return startNode({ proxy: proxy ?? null, ...options });
}

describe("a node behind a proxy", () => {
  test("reaches peers through it by name, each with a credential of its own, and exchanges objects", async () => {
    const { server, proxy } = await startProxy();
    const [first, second] = [await startNode(), await startNode()];
    server.places.set(`${ONION}:8444`, first).set("node.example:8080", second);
    const node = await behind(proxy, {
      connect: [
        { host: ONION, port: 8444 },
        { host: "node.example", port: 8080 },
      ],
    });
    await untilPeers(node, 2);
    expect(server.requests.map(({ host }) => host).sort()).toEqual([ONION, "node.example"]);
    expect(new Set(server.requests.map(({ user }) => user)).size).toBe(2);
    first.node.announce(first.inventory.publish(makeObjects(3, "through the proxy")));
    await untilHas(second, [...first.inventory.objects.keys()]);
  });

  test.each([true, false])("TLS %s goes through it as well", async (tls) => {
    const { server, proxy } = await startProxy(0);
    const peer = await startNode({ tls });
    server.places.set("20.1.1.1:8444", peer);
    const node = await behind(proxy, { tls, connect: [{ host: "20.1.1.1", port: 8444 }] });
    await untilPeers(node, 1);
    expect(node.node.peers()[0]).toMatchObject({ tls, address: "20.1.1.1:8444" });
    expect(server.requests[0]).toMatchObject({ user: null, host: "20.1.1.1" });
  });

  test("uses the credentials it was given", async () => {
    const { server, proxy } = await startProxy();
    await behind(
      { ...proxy, credentials: { user: "me", password: "secret" } },
      { connect: [{ host: "a.example", port: 1 }] },
    );
    await until(() => server.requests.length > 0);
    expect(server.requests[0]!.user).toBe("me:secret");
  });

  test("does not listen, and says so in its version", async () => {
    const { server, proxy } = await startProxy();
    let hello: Uint8Array = new Uint8Array(0);
    const peer = createServer(
      (socket) =>
        void new RawPeer(socket).next("version").then((packet) => {
          hello = packet.payload;
        }),
    );
    servers.push(peer);
    const host = nextAddress();
    await new Promise<void>((resolve) => peer.listen(0, host, resolve));
    server.places.set("a.example:1", { host, port: (peer.address() as { port: number }).port });
    const node = await behind(proxy, { connect: [{ host: "a.example", port: 1 }] });
    await until(() => hello.length > 0);
    expect(node.port).toBe(0);
    expect(decodeVersion(hello).sender.port).toBe(0);
    await node.node.stop();
  });

  test("dials the entrances by name, and known nodes, but none of private networks", async () => {
    const { server, proxy } = await startProxy();
    const seen = { stream: 1, services: 1n, lastSeen: Date.now() / 1000, rating: 1, self: false };
    await behind(proxy, {
      bootstrap: true,
      knownNodes: { load: () => [{ host: "10.0.0.1", port: 5, ...seen, rating: -1 }], save: () => {} },
    });
    const asked = () => server.requests.map(({ host }) => host);
    await until(
      () =>
        asked().includes("bootstrap8444.bitmessage.org") && asked().includes("bootstrap8080.bitmessage.org"),
    );
    expect(asked()).not.toContain("10.0.0.1");
  });

  test("with onion services only, everything else is left alone", async () => {
    const { server, proxy } = await startProxy();
    const peer = await startNode();
    const other = `${"b".repeat(56)}.onion`;
    server.places.set(`${other}:8444`, peer);
    const seen = { port: 8444, stream: 1, services: 1n, lastSeen: Date.now() / 1000, rating: 1, self: false };
    const node = await behind(proxy, {
      onionOnly: true,
      bootstrap: true,
      knownNodes: {
        load: () => [
          { host: other, ...seen },
          { host: "20.1.1.1", ...seen },
        ],
        save: () => {},
      },
    });
    await untilPeers(node, 1);
    expect(server.requests.every(({ host }) => host.endsWith(".onion"))).toBe(true);
  });
});

describe("nothing is contacted before the proxy works", () => {
  test("a proxy that says nothing does not outlive the node", async () => {
    const closed: Promise<void>[] = [];
    const silent = createServer((socket) => {
      socket.on("error", () => {});
      closed.push(new Promise((resolve) => socket.once("close", () => resolve())));
      socket.resume();
    });
    servers.push(silent);
    const host = nextAddress();
    await new Promise<void>((resolve) => silent.listen(0, host, resolve));
    const node = await behind({ host, port: (silent.address() as { port: number }).port, credentials: null });
    await until(() => closed.length === 1);
    await node.node.stop();
    await closed[0];
  });

  test("a proxy that is not there is tried again, and then everything begins", async () => {
    const host = nextAddress();
    const placeholder = createServer();
    await new Promise<void>((resolve) => placeholder.listen(0, host, resolve));
    const { port } = placeholder.address() as { port: number };
    await new Promise((resolve) => placeholder.close(resolve));
    const { logger, told } = lines();
    const peer = await startNode();
    const node = await behind(
      { host, port, credentials: null },
      { logger, connect: [{ host: "a.example", port: 1 }] },
    );
    await until(() => told.filter((line) => line.includes("does not work")).length > 1);
    expect(node.node.peers()).toEqual([]);
    const server = new SocksServer();
    servers.push(server);
    server.places.set("a.example:1", peer);
    await server.listen(host, port);
    await untilPeers(node, 1);
    expect(told.filter((line) => line.includes("the proxy works"))).toHaveLength(1);
  });

  test.each([
    ["speaks HTTP", (socket: Socket) => void socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")],
    ["hangs up", (socket: Socket) => void socket.destroy()],
    ["wants another way to log in", (socket: Socket) => void socket.write(Uint8Array.of(5, 255))],
    [
      "refuses the login",
      (socket: Socket) => {
        socket.write(Uint8Array.of(5, 2));
        socket.write(Uint8Array.of(1, 1));
      },
    ],
  ])("one that %s does not count", async (_, answer) => {
    let tries = 0;
    const server = createServer((socket) => {
      tries += 1;
      socket.on("error", () => {});
      socket.once("data", () => answer(socket));
    });
    servers.push(server);
    const host = nextAddress();
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    const { port } = server.address() as { port: number };
    const { logger, told } = lines();
    const node = await behind(
      { host, port, credentials: null },
      { logger, connect: [{ host: "a.example", port: 1 }] },
    );
    await until(() => told.filter((line) => line.includes("does not work")).length > 1);
    expect(tries).toBeGreaterThan(1);
    expect(node.node.peers()).toEqual([]);
  });
});

test("replies of a hostile proxy end the attempt, whatever they are", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 40 }), async (bytes) => {
      const host = nextAddress();
      let connections = 0;
      const server = createServer((socket) => {
        connections += 1;
        socket.on("error", () => {}).resume();
        socket.write(Uint8Array.of(5, 0));
        socket.end(bytes);
      });
      await new Promise<void>((resolve) => server.listen(0, host, resolve));
      const { port } = server.address() as { port: number };
      const node = await behind(
        { host, port, credentials: null },
        { connect: [{ host: "a.example", port: 1 }] },
      );
      // The probe, the first attempt, and one more: the first has ended.
      await until(() => connections >= 3);
      expect(node.node.statistics().outbound).toBe(0);
      await node.node.stop();
      await new Promise((resolve) => server.close(resolve));
    }),
    { numRuns: 30 },
  );
});

test("an onion name is never looked up outside a proxy", async () => {
  const asked: string[] = [];
  const connector = directConnector({
    resolver: async (host) => {
      asked.push(host);
      return ["20.1.1.1"];
    },
    bindAddress: undefined,
    listenHost: undefined,
  });
  expect(await connector.resolve(ONION)).toBeNull();
  expect(asked).toEqual([]);
});

describe("an onion service of our own", () => {
  test("listens on this machine, advertises its port, and hides where its peers come from", async () => {
    const { proxy } = await startProxy();
    const node = await behind(proxy, {
      listen: { host: "0.0.0.0", port: 0 },
      onion: { host: ONION, port: 4711 },
    });
    const peer = await RawPeer.connect({ ...node, host: "127.0.0.1" });
    peer.send("version", encodeVersion(versionOf()));
    const version = decodeVersion((await peer.next("version")).payload);
    expect(version.sender.port).toBe(4711);
    expect(version.receiver).toMatchObject({ host: "127.0.0.1", port: 8444 });
    peer.send("verack");
    await untilPeers(node, 1);
    await node.node.stop();
    expect(node.knownNodes.nodes).toEqual([]);
  });

  test("its name is published once, and again when it is no longer in the inventory", async () => {
    const { proxy } = await startProxy();
    const orders: { object: Uint8Array; ttl: number }[] = [];
    let published = false;
    await behind(proxy, {
      listen: { host: "127.0.0.1", port: 0 },
      onion: { host: ONION, port: 4711 },
      timings: { cleanInventory: 0.01 },
      onionAnnouncer: {
        isPublished: () => published,
        publish: async (build, ttl) => {
          orders.push({ object: build(NOW() + ttl), ttl });
          published = true;
          if (orders.length === 1) setTimeout(() => (published = false), 20);
        },
      },
    });
    await until(() => orders.length === 2);
    expect(orders[0]!.ttl).toBe(604_800);
    expect(openOnionpeer(withNonce(0n, orders[0]!.object))).toEqual({ host: ONION, port: 4711 });
  });

  test("the work for it ends when the node stops", async () => {
    const { proxy } = await startProxy();
    const signals: AbortSignal[] = [];
    const node = await behind(proxy, {
      listen: { host: "127.0.0.1", port: 0 },
      onion: { host: ONION, port: 4711 },
      onionAnnouncer: {
        isPublished: () => false,
        publish: (_build, _ttl, signal) =>
          new Promise((_resolve, reject) => {
            signals.push(signal);
            signal.addEventListener("abort", () => reject(new Error("aborted")));
          }),
      },
    });
    await until(() => signals.length === 1);
    await node.node.stop();
    expect(signals[0]!.aborted).toBe(true);
  });
});

test("onion services are learned from the objects that name them; what is malformed is only relayed", async () => {
  const node = await startNode();
  const peer = await RawPeer.established(node);
  const expires = NOW() + 3600;
  const objects = [encodeHost(ONION), encodeHost("127.0.0.1"), Uint8Array.of(1, 2)].map((host) =>
    makeObject({
      expires,
      type: ObjectType.onionpeer,
      version: 3,
      payload: concatBytes(Uint8Array.of(99), host),
    }),
  );
  for (const object of objects) peer.send("object", object);
  await untilHas(node, objects.map(inventoryHash));
  await node.node.stop();
  expect(node.knownNodes.nodes.filter(({ port }) => port === 99).map(({ host }) => host)).toEqual([ONION]);
});
