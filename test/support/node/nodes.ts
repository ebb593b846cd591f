import { randomBytes } from "node:crypto";
import { type BitmessageNode, createNode } from "../../../src/bitmessage/node/node.js";
import type { NodeOptions } from "../../../src/bitmessage/node/node-options.js";
import type { InventoryHash } from "../../../src/bitmessage/protocol/inventory-hash.js";
import { silentLogger } from "../../../src/logger.js";
import { MemoryInventory, MemoryKnownNodes } from "./memory.js";
import { TINY_DIFFICULTY } from "./objects.js";

/** A running node of a test. */
export interface TestNode {
  readonly node: BitmessageNode;
  readonly inventory: MemoryInventory;
  readonly knownNodes: MemoryKnownNodes;
  readonly host: string;
  /** 0 when it does not listen */
  readonly port: number;
}

let lastAddress = 1;

/** A loopback address that no other node of this process has. */
export function nextAddress(): string {
  lastAddress += 1;
  // Test files run in parallel processes; the process number keeps them apart.
  return `127.${1 + (process.pid % 250)}.${Math.floor(lastAddress / 250)}.${1 + (lastAddress % 250)}`;
}

const running = new Set<BitmessageNode>();

/** Starts a node with an address of its own, quick timers and no bootstrap. */
export async function startNode(options: Partial<NodeOptions> = {}): Promise<TestNode> {
  const inventory = new MemoryInventory();
  const knownNodes = new MemoryKnownNodes();
  const host = options.listen?.host ?? options.bindAddress ?? nextAddress();
  const node = createNode({
    listen: { host, port: 0 },
    connect: [],
    bootstrap: false,
    maxOutbound: 8,
    maxInbound: 50,
    tls: false,
    allowPrivatePeers: true,
    userAgent: "/Test:1.0/",
    streams: [1],
    minimum: TINY_DIFFICULTY,
    inventory,
    knownNodes,
    resolver: async () => {
      throw new Error("tests do not resolve names");
    },
    random: (length) => Uint8Array.from(randomBytes(length)),
    clock: () => Date.now() / 1000,
    logger: silentLogger,
    bindAddress: host,
    ...options,
    timings: {
      tick: 0.02,
      dial: 0.02,
      retryFirst: 0.02,
      announceDelay: 0.02,
      spreadStep: 0,
      ...options.timings,
    },
  });
  running.add(node);
  const listening = await node.start();
  const kept = (options.inventory as MemoryInventory | undefined) ?? inventory;
  return { node, inventory: kept, knownNodes, host, port: listening?.port ?? 0 };
}

/** Stops every node that the test has started; for `afterEach`. */
export async function stopNodes(): Promise<void> {
  const nodes = [...running];
  running.clear();
  await Promise.all(nodes.map((node) => node.stop()));
}

/** Resolves when the condition holds: looked at again with each turn of the event loop's timers, for the events of sockets. */
export async function until(condition: () => boolean, what = "the condition"): Promise<void> {
  const deadline = Date.now() + 50_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`${what} did not come about`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Resolves when the node has all of these objects. */
export async function untilHas(target: TestNode, hashes: readonly InventoryHash[]): Promise<void> {
  if (hashes.every((hash) => target.inventory.has(hash))) return;
  await new Promise<void>((resolve) => {
    const end = target.node.onObjectsAdded(() => {
      if (!hashes.every((hash) => target.inventory.has(hash))) return;
      end();
      resolve();
    });
  });
}

/** Resolves when the node has so many established peers. */
export function untilPeers(target: TestNode, count: number): Promise<void> {
  return until(
    () => target.node.peers().filter(({ established }) => established).length === count,
    `${count} established peers`,
  );
}
