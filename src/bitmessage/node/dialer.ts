import { isPrivateHost, networkGroup } from "../protocol/host.js";
import type { Endpoint, KnownNodes } from "./known-nodes.js";
import type { KnownNode } from "./ports.js";
import { type AttemptResult, RetrySchedule } from "./retry-schedule.js";
import type { Scheduler } from "./scheduler.js";
import { endpointText } from "./text.js";
import type { NodeTimings } from "./timings.js";

/** Seconds between two attempts, at most, while nobody is heard: it is soon noticed that the network is back. */
const OFFLINE_RETRY = 60;

export interface DialerOptions {
  /** The only peers to connect to, all of them; null: known nodes are chosen. */
  readonly fixedPeers: readonly Endpoint[] | null;
  readonly maxOutbound: number;
  /** Attempts at once whose connection is not established yet (PROTOCOL.md section 7.3). */
  readonly maxHalfOpen: number;
  /** How many outbound connections are established. */
  established(): number;
  readonly knownNodes: KnownNodes;
  readonly timings: NodeTimings;
  readonly scheduler: Scheduler;
  /** Whether that node may be dialled, and can be: onion names need a proxy. */
  isAllowedHost(host: string): boolean;
  /** Where inbound peers say they listen. */
  inboundPeers(): Iterable<Endpoint>;
  /** A node of the local network that has not been tried yet, if there is one. */
  takeNeighbour(isEligible: (endpoint: Endpoint) => boolean): Endpoint | null;
  /** Whether somebody has been heard of late. */
  networkWorks(): boolean;
  /** Connects; resolves when the connection has ended, or never came about. */
  open(endpoint: Endpoint, offer: "tls" | "plain"): Promise<AttemptResult>;
}

/** Keeps the outbound connections up (PROTOCOL.md section 7.3): one per network, at most one attempt in two seconds. */
export class Dialer {
  readonly #options: DialerOptions;
  readonly #retries: RetrySchedule;
  /** Outbound connections, from the attempt to the end. */
  readonly #busy = new Map<string, Endpoint>();

  constructor(options: DialerOptions) {
    this.#options = options;
    this.#retries = new RetrySchedule(options.timings.retryFirst, options.timings.retryLongest);
  }

  start(): void {
    if (this.#options.maxOutbound === 0) return;
    this.#tick();
    this.#options.scheduler.every(this.#options.timings.dial, () => this.#tick());
  }

  /** Dials somebody beside the others, such as an entrance to the network, unless it has just been tried. */
  dialOnce(endpoint: Endpoint): void {
    if (this.#isFree(endpoint)) this.#dial(endpoint);
  }

  #tick(): void {
    const { fixedPeers, knownNodes, maxOutbound, takeNeighbour } = this.#options;
    if (fixedPeers !== null) {
      for (const peer of fixedPeers) if (this.#hasRoom() && this.#isFree(peer)) this.#dial(peer);
      return;
    }
    if (this.#busy.size >= maxOutbound || !this.#hasRoom()) return;
    const neighbour = takeNeighbour((candidate) => this.#isFreeNeighbour(candidate));
    const node = neighbour ?? knownNodes.choose((candidate) => this.#isEligible(candidate));
    if (node !== null) this.#dial(node);
  }

  /** All neighbours are one network, of which one connection has to do. */
  #isFreeNeighbour(endpoint: Endpoint): boolean {
    const group = networkGroup(endpoint.host);
    for (const busy of this.#busy.values()) if (networkGroup(busy.host) === group) return false;
    return this.#isFree(endpoint);
  }

  #hasRoom(): boolean {
    return this.#busy.size - this.#options.established() < this.#options.maxHalfOpen;
  }

  /** Whether there is no connection with that peer and it may be tried again. */
  #isFree(endpoint: Endpoint): boolean {
    const key = endpointText(endpoint);
    if (this.#busy.has(key) || !this.#retries.isDue(key, this.#options.scheduler.now())) return false;
    for (const peer of this.#options.inboundPeers()) if (endpointText(peer) === key) return false;
    return true;
  }

  #isEligible(node: KnownNode): boolean {
    if (!this.#options.isAllowedHost(node.host)) return false;
    if (!this.#isFree(node)) return false;
    // On a local network many nodes share one group, and on one machine even one host.
    if (isPrivateHost(node.host)) return true;
    for (const peer of this.#options.inboundPeers()) if (peer.host === node.host) return false;
    const group = networkGroup(node.host);
    for (const busy of this.#busy.values()) if (networkGroup(busy.host) === group) return false;
    return true;
  }

  #dial(endpoint: Endpoint): void {
    const key = endpointText(endpoint);
    const offer = this.#retries.offersTls(key) ? "tls" : "plain";
    this.#busy.set(key, endpoint);
    void this.#attempt(endpoint, offer).then((result) => {
      this.#busy.delete(key);
      const { networkWorks, knownNodes, scheduler } = this.#options;
      // While nobody is heard it may be our own network that is down.
      const longest = networkWorks() ? undefined : OFFLINE_RETRY;
      this.#retries.ended(key, { ...result, offeredTls: offer === "tls" }, scheduler.now(), longest);
      if (!result.established && networkWorks()) knownNodes.failed(endpoint);
    });
  }

  async #attempt(endpoint: Endpoint, offer: "tls" | "plain"): Promise<AttemptResult> {
    try {
      return await this.#options.open({ host: endpoint.host, port: endpoint.port }, offer);
    } catch {
      // Such as a local address of the other family.
      return { established: false, tlsFailed: false };
    }
  }
}
