import { type AddressInfo, createServer } from "node:net";
import { afterEach, expect, test } from "@jest/globals";
import { Evidence } from "../../../src/bitmessage/node/evidence.js";
import { MemoryKnownNodes } from "../../support/node/memory.js";
import { nextAddress, startNode, stopNodes, until, untilPeers } from "../../support/node/nodes.js";
import { RawPeer } from "../../support/node/raw-peer.js";

afterEach(stopNodes);

function setUp() {
  const time = { now: 1000, clock: 1_800_000_000 };
  return { time, evidence: new Evidence({ now: () => time.now, clock: () => time.clock }) };
}

test("the network is there as long as somebody is heard", () => {
  const { time, evidence } = setUp();
  expect(evidence.networkWorks).toBe(false);
  evidence.heard();
  time.now += 60;
  expect(evidence.networkWorks).toBe(true);
  time.now += 1;
  expect(evidence.networkWorks).toBe(false);
});

test.each([
  ["set forward", 0, 40_000_000],
  ["set back", 0, -40_000_000],
  ["that went on while the machine slept", 10, 90_010],
])("a clock %s is right again when a peer has found it so", (_, seconds, step) => {
  const { time, evidence } = setUp();
  expect(evidence.clockIsRight).toBe(false);
  evidence.shookHands();
  time.now += 500_000;
  time.clock += 500_030;
  expect(evidence.clockIsRight).toBe(true);
  time.now += seconds;
  time.clock += step;
  expect(evidence.clockIsRight).toBe(false);
  evidence.shookHands();
  expect(evidence.clockIsRight).toBe(true);
});

test("a machine that has slept is noticed once, a clock that is set back or put right a little is not", () => {
  const { time, evidence } = setUp();
  expect(evidence.hasSlept()).toBe(false);
  time.clock += 1000;
  expect(evidence.hasSlept()).toBe(true);
  expect(evidence.hasSlept()).toBe(false);
  time.clock -= 1000;
  expect(evidence.hasSlept()).toBe(false);
  time.clock += 10;
  time.now += 5000;
  expect(evidence.hasSlept()).toBe(false);
  time.clock += 5000;
  expect(evidence.hasSlept()).toBe(true);
});

test("after the machine has slept those are closed who give no sign of life, and only those", async () => {
  let later = 0;
  const node = await startNode({
    clock: () => Date.now() / 1000 + later,
    timings: { closeAfterSleep: 0.5 },
  });
  const [alive, gone] = [await RawPeer.established(node), await RawPeer.established(node)];
  later = 600;
  await alive.next("ping");
  alive.send("pong");
  await gone.next("ping");
  await gone.closed;
  await untilPeers(node, 1);
  alive.send("ping");
  await alive.next("pong");
});

test("nodes that do not answer lose nothing while nobody is heard but those who came in by themselves", async () => {
  let calls = 0;
  const closing = createServer((socket) => {
    calls += 1;
    socket.on("error", () => {});
    socket.destroy();
  });
  const host = nextAddress();
  await new Promise<void>((resolve) => closing.listen(0, host, resolve));
  const { port } = closing.address() as AddressInfo;
  const store = new MemoryKnownNodes();
  store.nodes = [{ host, port, stream: 1, services: 1n, lastSeen: 1, rating: 0, self: false }];
  const node = await startNode({ knownNodes: store });
  await RawPeer.established(node);
  await until(() => calls >= 4);
  await node.node.stop();
  await new Promise((resolve) => closing.close(resolve));
  expect(store.nodes.find((known) => known.port === port)?.rating ?? 0).toBe(0);
});
