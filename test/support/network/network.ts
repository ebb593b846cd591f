import { type BitmessageNode, createNode } from "../../../src/bitmessage/node/node.js";
import { DEFAULT_TIMINGS, type NodeTimings } from "../../../src/bitmessage/node/timings.js";
import type { InventoryHash } from "../../../src/bitmessage/protocol/inventory-hash.js";
import { type RandomBytes, randomBelow } from "../../../src/bitmessage/protocol/random.js";
import { silentLogger } from "../../../src/logger.js";
import { MemoryInventory, MemoryKnownNodes } from "../node/memory.js";
import { nextAddress } from "../node/nodes.js";
import { makeObjects, TINY_DIFFICULTY } from "../node/objects.js";
import { createLink, type Link, type Sighting } from "./link.js";

export interface NetworkOptions {
  readonly count: number;
  /** Outbound connections of each node, to others chosen at random. */
  readonly outbound: number;
  /** Seconds each way, in the network's own time: the least and the greatest of a link. */
  readonly latency: readonly [number, number];
  /** Seconds that a second of the network takes. */
  readonly scale: number;
  /** Percent, as `node.dandelion`. */
  readonly dandelion: number;
  readonly random: RandomBytes;
  /** In the network's own time. */
  readonly timings?: Partial<NodeTimings>;
}

/** Below the ports that systems give out by themselves, so that no connection takes it while its node is away. */
const NODE_PORT = 8444;

interface SimulatedNode {
  readonly index: number;
  readonly host: string;
  readonly port: number;
  /** Stays over a restart. */
  readonly inventory: MemoryInventory;
  readonly links: Link[];
  node: BitmessageNode | null;
}

/** Nodes as they are, each with an address of its own on this machine, with lines between them that take their time. */
export class SimulatedNetwork {
  readonly nodes: SimulatedNode[] = [];
  /** Everything that nodes told each other of objects. */
  readonly sightings: Sighting[] = [];
  /** When each node got an object, milliseconds. */
  readonly arrivals = new Map<InventoryHash, Map<number, number>>();
  readonly origins = new Map<InventoryHash, number>();
  readonly #options: NetworkOptions;
  #waiting: (() => void) | null = null;
  #published = 0;

  private constructor(options: NetworkOptions) {
    this.#options = options;
  }

  static async start(options: NetworkOptions): Promise<SimulatedNetwork> {
    const network = new SimulatedNetwork(options);
    for (let index = 0; index < options.count; index++) {
      const host = nextAddress();
      const inventory = new MemoryInventory();
      network.nodes.push({ index, host, port: NODE_PORT, inventory, links: [], node: null });
    }
    try {
      await network.#link();
      for (const { index } of network.nodes) await network.restart(index);
      await network.#untilConnected();
    } catch (error) {
      await network.stop();
      throw error;
    }
    return network;
  }

  /** A node makes an object and announces it. */
  publish(index: number): InventoryHash {
    const { inventory, node } = this.nodes[index]!;
    this.#published += 1;
    const hashes = inventory.publish(makeObjects(1, `object ${this.#published} of ${index}`));
    const hash = hashes[0]!;
    this.origins.set(hash, index);
    this.#arrived(hash, index);
    node?.announce(hashes);
    return hash;
  }

  /** Ends a node at once; what it has kept stays. */
  async kill(index: number): Promise<void> {
    const node = this.nodes[index]!;
    const { node: running } = node;
    node.node = null;
    await running?.stop();
  }

  restart(index: number): Promise<void> {
    return this.#run(this.nodes[index]!);
  }

  /** Resolves when all nodes that run have these objects. */
  async untilEverywhere(hashes: readonly InventoryHash[]): Promise<void> {
    while (!this.#isEverywhere(hashes)) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map(({ index }) => this.kill(index)));
    await Promise.all(this.nodes.flatMap(({ links }) => links.map((link) => link.close())));
  }

  #isEverywhere(hashes: readonly InventoryHash[]): boolean {
    const running = this.nodes.filter(({ node }) => node !== null);
    return hashes.every((hash) => running.every(({ inventory }) => inventory.has(hash)));
  }

  #arrived(hash: InventoryHash, index: number): void {
    const times = this.arrivals.get(hash) ?? new Map<number, number>();
    this.arrivals.set(hash, times);
    if (!times.has(index)) times.set(index, performance.now());
    this.#waiting?.();
    this.#waiting = null;
  }

  /** Everybody opens links to others, one between two at most. */
  async #link(): Promise<void> {
    const { count, outbound, latency, scale, random } = this.#options;
    const linked = new Set<string>();
    for (const from of this.nodes) {
      for (let tries = 0; from.links.length < outbound && tries < 20 * outbound; tries++) {
        const to = this.nodes[randomBelow(count, random)]!;
        const name = [from.index, to.index].sort().join("-");
        if (to === from || linked.has(name)) continue;
        linked.add(name);
        const [least, greatest] = latency;
        const seconds = least + (greatest - least) * (randomBelow(1000, random) / 1000);
        const onSighting = (sighting: Sighting) => this.sightings.push(sighting);
        const link = await createLink({ from, to, latency: seconds * scale, onSighting });
        from.links.push(link);
        this.#targets.set(link, to);
      }
    }
  }

  readonly #targets = new Map<Link, SimulatedNode>();

  async #run(node: SimulatedNode): Promise<void> {
    const { count, dandelion, random } = this.#options;
    const { host, port, inventory, links, index } = node;
    node.node = createNode({
      listen: { host, port },
      connect: links.map((link) => ({ host: this.#targets.get(link)!.host, port: link.port })),
      bootstrap: false,
      maxOutbound: links.length,
      maxInbound: count,
      tls: false,
      allowPrivatePeers: true,
      userAgent: "/Simulated:1.0/",
      streams: [1],
      minimum: TINY_DIFFICULTY,
      dandelion,
      inventory,
      knownNodes: new MemoryKnownNodes(),
      resolver: async () => [],
      random,
      clock: () => Date.now() / 1000,
      logger: silentLogger,
      bindAddress: host,
      timings: this.#timings(),
    });
    node.node.onObjectsAdded((hashes) => {
      for (const hash of hashes) this.#arrived(hash, index);
    });
    await node.node.start();
  }

  async #untilConnected(): Promise<void> {
    const wanted = this.nodes.reduce((sum, { links }) => sum + links.length, 0);
    const established = () =>
      this.nodes.reduce((sum, { node }) => sum + (node?.statistics().outbound ?? 0), 0);
    while (established() < wanted) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  /** The node's own times, each a second of the network; but nobody is kept waiting long for those who were killed. */
  #timings(): Partial<NodeTimings> {
    const { scale, timings } = this.#options;
    const own = { ...DEFAULT_TIMINGS, retryLongest: 8, ...timings };
    const scaled = Object.entries(own).map(([name, seconds]) => [name, seconds * scale]);
    // Those that only guard against silence need not be shorter.
    const { connect, handshakeSilence, handshake, closing, writeStall } = DEFAULT_TIMINGS;
    return { ...Object.fromEntries(scaled), connect, handshakeSilence, handshake, closing, writeStall };
  }
}
