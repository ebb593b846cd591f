import { isPrivateHost } from "../protocol/host.js";
import { type AddressPolicy, isAllowedHost } from "./addresses.js";
import { type Connector, directConnector } from "./connector.js";
import type { Endpoint } from "./known-nodes.js";
import type { LanAddress } from "./lan-discovery.js";
import type { NodeOptions } from "./node-options.js";
import type { PortMapper } from "./port-mapping.js";
import { awaitProxy, isOnion, proxyConnector } from "./proxy.js";
import type { Scheduler } from "./scheduler.js";
import { isLoopback } from "./text.js";
import type { NodeTimings } from "./timings.js";

/** Outbound attempts at once, without and with a proxy (PROTOCOL.md section 7.3). */
const MAX_HALF_OPEN = 64;
const MAX_HALF_OPEN_PROXY = 4;
/** Seconds for a connection through a proxy: circuits to onion services take their time. */
const CONNECT_THROUGH_PROXY = 60;
/** Seconds between two attempts, at most, to reach the only peer that there is. */
const TRUSTED_RETRY = 30;
/** Seconds between two looks, at most, whether the proxy is there. */
const PROXY_RETRY = 60;
const ANY_HOST = new Set(["0.0.0.0", "::"]);

/** Which ways lead out of the node and into it: directly, through a proxy, to onion services only (PROTOCOL.md section 9.5). */
export class Reach {
  readonly hasProxy: boolean;
  /** The only peers to connect to, all of them; null: known nodes are chosen. */
  readonly fixedPeers: readonly Endpoint[] | null;
  readonly addressPolicy: AddressPolicy;
  readonly #options: NodeOptions;
  readonly #isTrusting: boolean;
  #isOpen: boolean;
  #endProbe = () => {};

  constructor(options: NodeOptions) {
    this.#options = options;
    this.hasProxy = (options.proxy ?? null) !== null;
    this.#isOpen = !this.hasProxy;
    this.#isTrusting = (options.trustedPeer ?? null) !== null;
    if (options.trustedPeer) this.fixedPeers = [options.trustedPeer];
    else this.fixedPeers = options.connect.length > 0 ? options.connect : null;
    this.addressPolicy = {
      streams: this.#isTrusting ? [] : options.streams,
      // A proxy's local network is not ours.
      allowPrivatePeers: options.allowPrivatePeers && !this.hasProxy,
    };
  }

  /** Whether anybody may be contacted: with a proxy, once it has been seen to work. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  get maxHalfOpen(): number {
    return this.hasProxy ? MAX_HALF_OPEN_PROXY : MAX_HALF_OPEN;
  }

  timings(timings: NodeTimings): NodeTimings {
    const { connect, retryLongest } = timings;
    return {
      ...timings,
      connect: this.hasProxy ? Math.max(connect, CONNECT_THROUGH_PROXY) : connect,
      retryLongest: this.#isTrusting ? Math.min(retryLongest, TRUSTED_RETRY) : retryLongest,
    };
  }

  /** Whether first nodes may be looked for. */
  get mayBootstrap(): boolean {
    return this.#options.bootstrap && this.fixedPeers === null;
  }

  /** Where nodes of the local network are looked for: nowhere when others have been chosen, or when nobody must see us. */
  get lanAddress(): LanAddress | null {
    return this.hasProxy || this.fixedPeers !== null ? null : (this.#options.lanDiscovery ?? null);
  }

  connector(): Connector {
    const { proxy, onionOnly, random, resolver, bindAddress, listen } = this.#options;
    if (proxy) return proxyConnector({ proxy, onionOnly: onionOnly ?? false, random });
    return directConnector({ resolver, bindAddress, listenHost: listen?.host });
  }

  /** Ends the look whether the proxy is there. */
  close(): void {
    this.#endProbe();
  }

  /** Calls back once when connections may begin. */
  whenOpen(scheduler: Scheduler, timings: NodeTimings, begin: () => void): void {
    const { proxy, random, logger } = this.#options;
    if (!proxy) {
      begin();
      return;
    }
    this.#endProbe = awaitProxy({
      proxy,
      random,
      scheduler,
      logger,
      first: timings.retryFirst,
      longest: Math.min(timings.retryLongest, PROXY_RETRY),
      onReady: () => {
        this.#isOpen = true;
        begin();
      },
    });
  }

  /** Whether a known node is one to be connected to. */
  mayDial(host: string): boolean {
    if (isOnion(host)) return this.hasProxy;
    return !this.#options.onionOnly && isAllowedHost(host, this.addressPolicy);
  }

  /** Whether it is of the local network, where that is not the network of all our peers. */
  isNeighbour(host: string): boolean {
    return isPrivateHost(host) && !this.#options.allowPrivatePeers;
  }

  /** Whether a peer that was connected may be remembered by its address. */
  mayRemember(host: string): boolean {
    return !this.#isTrusting && !this.#hidesPeers(host) && isAllowedHost(host, this.addressPolicy);
  }

  /** Where to listen: with a trusted peer nowhere; with a proxy nowhere, but for our onion service, to which only this machine leads. */
  get listenAt(): Endpoint | null {
    const { listen, onion, logger } = this.#options;
    if (this.#isTrusting) return null;
    if (listen === null || !this.hasProxy) return listen;
    if (!onion) {
      logger.info("not listening: connections go through a proxy, and there is no onion service");
      return null;
    }
    return ANY_HOST.has(listen.host) ? { ...listen, host: "127.0.0.1" } : listen;
  }

  /** The router that lets others in; null: nobody comes in that way. */
  get portMapper(): PortMapper | null {
    return this.hasProxy || this.listenAt === null ? null : (this.#options.portMapper ?? null);
  }

  /**
   * The port that a peer is told (section 5.1): that of our onion service only if it came by it, or cannot come otherwise.
   * @param reached the port by which we are reached, 0 for none
   */
  advertisedPort(reached: number, peer: string): number {
    const { onion } = this.#options;
    return onion && reached !== 0 && (this.hasProxy || isLoopback(peer)) ? onion.port : reached;
  }

  /** The peer's address as told to itself: one that came through our onion service has none that should be told. */
  receiver(peer: Endpoint): Endpoint {
    return this.#hidesPeers(peer.host) ? { host: "127.0.0.1", port: 8444 } : peer;
  }

  #hidesPeers(host: string): boolean {
    return Boolean(this.#options.onion) && isLoopback(host);
  }
}
