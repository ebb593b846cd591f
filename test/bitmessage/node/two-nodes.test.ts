import { afterEach, describe, expect, test } from "@jest/globals";
import {
  startNode,
  stopNodes,
  type TestNode,
  until,
  untilHas,
  untilPeers,
} from "../../support/node/nodes.js";
import { makeObjects } from "../../support/node/objects.js";

afterEach(stopNodes);

function endpoint({ host, port }: TestNode): { host: string; port: number } {
  return { host, port };
}

describe.each([
  ["with TLS", true, true, true],
  ["without TLS", false, false, false],
  ["when only the server offers TLS", true, false, false],
  ["when only the client offers TLS", false, true, false],
])("two nodes %s", (_, serverTls, clientTls, encrypted) => {
  test("exchange what each has, and what comes later", async () => {
    const server = await startNode({ tls: serverTls });
    const before = server.inventory.publish(makeObjects(300, "old of the server"));
    const client = await startNode({ tls: clientTls, connect: [endpoint(server)], listen: null });
    const own = client.inventory.publish(makeObjects(5, "old of the client"));

    await untilHas(client, before);
    await untilHas(server, own);
    const peer = client.node.peers()[0]!;
    expect(peer).toMatchObject({
      inbound: false,
      tls: encrypted,
      established: true,
      userAgent: "/Test:1.0/",
    });

    const news = server.inventory.publish(makeObjects(20, "new"));
    server.node.announce(news);
    await untilHas(client, news);
    expect(client.node.statistics()).toMatchObject({ outbound: 1, objectsReceived: 320, objectsPending: 0 });
  });
});

test("an object passes through a node in the middle", async () => {
  const middle = await startNode({ tls: true });
  const left = await startNode({ tls: true, connect: [endpoint(middle)] });
  const right = await startNode({ connect: [endpoint(middle)] });
  await untilPeers(middle, 2);
  const hashes = left.inventory.publish(makeObjects(10, "relayed"));
  left.node.announce(hashes);
  await untilHas(right, hashes);
  expect(middle.node.statistics()).toMatchObject({ inbound: 2, objectsReceived: 10 });
});

test("a node learns of another from a third, and connects to it", async () => {
  const now = Date.now() / 1000 - 60;
  const far = await startNode({ maxOutbound: 0 });
  const entry = {
    host: far.host,
    port: far.port,
    stream: 1,
    services: 1n,
    lastSeen: now,
    rating: 0,
    self: false,
  };
  const middle = await startNode({ maxOutbound: 0, knownNodes: { load: () => [entry], save: () => {} } });
  const first = { ...entry, host: middle.host, port: middle.port };
  await startNode({ listen: null, knownNodes: { load: () => [first], save: () => {} } });
  await untilPeers(far, 1);
  await untilPeers(middle, 1);
});

test("a stopped node leaves nothing behind", async () => {
  const openSockets = () =>
    process.getActiveResourcesInfo().filter((name) => /TCPSocket|TLS/.test(name)).length;
  // Sockets of other test files may be open in the same process.
  const before = openSockets();
  const server = await startNode({ tls: true });
  const client = await startNode({ tls: true, connect: [endpoint(server)] });
  await untilPeers(client, 1);
  expect(openSockets()).toBeGreaterThan(before);
  await client.node.stop();
  await server.node.stop();
  expect(client.node.peers()).toEqual([]);
  await until(() => openSockets() <= before);
});
