import { isPrivateHost, networkGroup } from "../protocol/host.js";
import { PEER_ALIVE } from "../protocol/messages/addr.js";
import { type RandomBytes, randomBelow } from "../protocol/random.js";
import type { KnownNode, KnownNodeStore } from "./ports.js";
import { shuffle } from "./shuffle.js";
import { endpointText } from "./text.js";

/** Nodes kept (PROTOCOL.md section 9.1). */
const MAX_KNOWN_NODES = 20_000;
/** Seconds after which a node that nobody has seen is forgotten (section 9.2). */
export const FORGET_AFTER = 2_419_200;
/** Nodes kept of one network, so that nobody fills the list with addresses of one provider. */
const MAX_PER_GROUP = 64;
/** Shares of the list that may be of one kind: addresses of these kinds cost nothing, so nobody fills the list with them. */
const KIND_SHARES: Readonly<Record<string, number>> = { "kind onion": 0.25, "kind IPv6": 0.5 };
/** Nodes looked at to make room for a new one. */
const EVICTION_SAMPLE = 20;
const CHOICES = 50;
const RATING_STEP = 0.1;
const POOR_RATING = -0.5;
const STREAM = 1;

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** The nodes we have heard of, how they did, and which to try next (PROTOCOL.md sections 9.1 and 9.2). */
export class KnownNodes {
  readonly #nodes = new Map<string, KnownNode>();
  /** The keys of the nodes, in no order, to take some at random. */
  readonly #keys: string[] = [];
  readonly #places = new Map<string, number>();
  /** How many there are of each network and of each kind. */
  readonly #counts = new Map<string, number>();
  readonly #store: KnownNodeStore;
  readonly #random: RandomBytes;
  /** Unix seconds */
  readonly #clock: () => number;
  readonly #limit: number;
  #changed = false;

  constructor(options: {
    store: KnownNodeStore;
    random: RandomBytes;
    clock: () => number;
    limit?: number;
  }) {
    this.#store = options.store;
    this.#random = options.random;
    this.#clock = options.clock;
    this.#limit = options.limit ?? MAX_KNOWN_NODES;
  }

  get size(): number {
    return this.#nodes.size;
  }

  get(endpoint: Endpoint): KnownNode | null {
    return this.#nodes.get(endpointText(endpoint)) ?? null;
  }

  load(): void {
    for (const node of this.#store.load()) this.#put(node);
    this.#changed = false;
  }

  /** Writes the nodes down if something has changed. */
  save(): void {
    if (!this.#changed) return;
    this.#store.save([...this.#nodes.values()]);
    this.#changed = false;
  }

  /** Takes note of a node. Its time only ever moves forward. @param lastSeen Unix seconds */
  learn(endpoint: Endpoint, services: bigint, lastSeen: number): void {
    const known = this.get(endpoint);
    if (known !== null) {
      if (lastSeen > known.lastSeen) this.#put({ ...known, lastSeen, services });
      return;
    }
    if (!this.#hasRoom(endpoint, lastSeen)) return;
    const { host, port } = endpoint;
    this.#put({ host, port, stream: STREAM, services, lastSeen, rating: 0, self: false });
  }

  /** A connection to it was established: it is there. */
  succeeded(endpoint: Endpoint, services: bigint): void {
    this.learn(endpoint, services, this.#clock());
    this.#rate(endpoint, RATING_STEP);
  }

  /** A connection to it ended before it was established. */
  failed(endpoint: Endpoint): void {
    this.#rate(endpoint, -RATING_STEP);
  }

  /** One of our own addresses, as a connection to ourselves has shown: not dialled again. */
  markSelf(endpoint: Endpoint): void {
    this.learn(endpoint, 1n, this.#clock());
    const known = this.get(endpoint);
    if (known !== null) this.#put({ ...known, self: true, rating: 1 });
  }

  /** A node to try next (section 9.2): well rated ones more often. Null when chance or lack of nodes gives none. */
  choose(isEligible: (node: KnownNode) => boolean): KnownNode | null {
    for (let attempt = 0; attempt < CHOICES && this.#keys.length > 0; attempt++) {
      const node = this.#any();
      if (node.self || !isEligible(node)) continue;
      const probability = node.rating >= 0.95 ? 1 : 0.05 / (1 - node.rating);
      if (randomBelow(1_000_000, this.#random) < probability * 1_000_000) return node;
    }
    return null;
  }

  /** A node at random; there must be one. */
  #any(): KnownNode {
    return this.#nodes.get(this.#keys[randomBelow(this.#keys.length, this.#random)]!)!;
  }

  /** Nodes to tell others of (section 7.1): alive, not badly rated, no onion names; in random order. */
  recent(count: number): KnownNode[] {
    const now = this.#clock();
    const isAlive = ({ lastSeen }: KnownNode) => lastSeen > now - PEER_ALIVE && lastSeen <= now;
    const nodes = [...this.#nodes.values()].filter(
      (node) => !node.self && node.rating >= 0 && isAlive(node) && !node.host.endsWith(".onion"),
    );
    return shuffle(nodes, this.#random).slice(0, count);
  }

  /** Whether there is a node that may be tried with some hope. */
  hasUsable(): boolean {
    for (const node of this.#nodes.values()) if (!node.self && node.rating > POOR_RATING) return true;
    return false;
  }

  /**
   * Forgets those not seen for 28 days, and those not seen for 3 hours that failed often; one is always kept (section 9.2). To be called while
   * our clock is known to be right.
   */
  forget(): void {
    const now = this.#clock();
    for (const [key, node] of this.#nodes) {
      // Told by a clock that has been set back since.
      if (node.lastSeen > now) this.#put({ ...node, lastSeen: now });
      const age = now - node.lastSeen;
      const isStale = age > FORGET_AFTER || (age > PEER_ALIVE && node.rating <= POOR_RATING);
      if (isStale && !node.self && this.#nodes.size > 1) this.#remove(key, node);
    }
  }

  #rate(endpoint: Endpoint, step: number): void {
    const known = this.get(endpoint);
    if (known === null || known.self) return;
    // Whole tenths, or many steps would end beside the bounds.
    const rating = Math.round((known.rating + step) * 10) / 10;
    this.#put({ ...known, rating: Math.max(-1, Math.min(1, rating)) });
  }

  #hasRoom(endpoint: Endpoint, lastSeen: number): boolean {
    const { host } = endpoint;
    const inGroup = this.#counts.get(networkGroup(host)) ?? 0;
    if (inGroup >= MAX_PER_GROUP && !isPrivateHost(host)) return false;
    const ofKind = this.#counts.get(kindOf(host)) ?? 0;
    if (ofKind >= this.#limit * (KIND_SHARES[kindOf(host)] ?? Number.POSITIVE_INFINITY)) return false;
    return this.#nodes.size < this.#limit || this.#evict(lastSeen);
  }

  /** Removes the worst of a few taken at random, if it is worse than a new node seen at this time. */
  #evict(lastSeen: number): boolean {
    let worst: KnownNode | null = null;
    for (let attempt = 0; attempt < EVICTION_SAMPLE && this.#keys.length > 0; attempt++) {
      const node = this.#any();
      if (!node.self && (worst === null || isWorse(node, worst))) worst = node;
    }
    if (worst === null || worst.rating > 0 || (worst.rating === 0 && worst.lastSeen >= lastSeen))
      return false;
    this.#remove(endpointText(worst), worst);
    return true;
  }

  #put(node: KnownNode): void {
    const key = endpointText(node);
    if (!this.#nodes.has(key)) {
      this.#count(node.host, 1);
      this.#places.set(key, this.#keys.push(key) - 1);
    }
    this.#nodes.set(key, node);
    this.#changed = true;
  }

  #remove(key: string, node: KnownNode): void {
    this.#nodes.delete(key);
    this.#count(node.host, -1);
    this.#changed = true;
    // The last one takes its place.
    const place = this.#places.get(key)!;
    const last = this.#keys.pop()!;
    this.#places.delete(key);
    if (last === key) return;
    this.#keys[place] = last;
    this.#places.set(last, place);
  }

  #count(host: string, step: number): void {
    for (const name of [networkGroup(host), kindOf(host)]) {
      const count = (this.#counts.get(name) ?? 0) + step;
      if (count > 0) this.#counts.set(name, count);
      else this.#counts.delete(name);
    }
  }
}

function kindOf(host: string): string {
  if (host.endsWith(".onion")) return "kind onion";
  return host.includes(":") ? "kind IPv6" : "kind IPv4";
}

function isWorse(a: KnownNode, b: KnownNode): boolean {
  return a.rating < b.rating || (a.rating === b.rating && a.lastSeen < b.lastSeen);
}
