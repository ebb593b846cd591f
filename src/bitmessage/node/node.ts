import type { InventoryHash } from "../protocol/inventory-hash.js";
import { Announcements } from "./announcements.js";
import { Connections } from "./connections.js";
import { Dandelion } from "./dandelion.js";
import { Dialer } from "./dialer.js";
import { DOWNLOAD_LIMITS, Downloads } from "./downloads.js";
import { Exchange } from "./exchange.js";
import { Housekeeping } from "./housekeeping.js";
import { type Endpoint, KnownNodes } from "./known-nodes.js";
import { LanDiscovery } from "./lan-discovery.js";
import { Listener } from "./listener.js";
import type { NodeOptions } from "./node-options.js";
import { ObjectIntake } from "./object-intake.js";
import { OnionPublisher } from "./onion-publisher.js";
import { OwnObjects } from "./own-objects.js";
import type { Peer } from "./peer.js";
import { PortMapping } from "./port-mapping.js";
import type { PeerInfo } from "./ports.js";
import { Reach } from "./reach.js";
import { createScheduler, type Scheduler } from "./scheduler.js";
import { Shedding } from "./shedding.js";
import { SlicedWork } from "./sliced-work.js";
import { DEFAULT_TIMINGS, type NodeTimings } from "./timings.js";
import { spreadTime, Uploads } from "./uploads.js";

export interface NodeStatistics {
  readonly inbound: number;
  readonly outbound: number;
  readonly knownNodes: number;
  /** Since the start: */
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly objectsReceived: number;
  readonly objectsSent: number;
  /** Objects asked for and not yet come. */
  readonly objectsPending: number;
  /** Seconds by which most peers' clocks are ahead of ours; null while too few have told. */
  readonly clockOffset: number | null;
}

/** One participant of the Bitmessage network. */
export interface BitmessageNode {
  /** Begins to listen and to connect. Resolves with where it listens; rejects when that address cannot be had. */
  start(): Promise<Endpoint | null>;
  /** Resolves when no connection, no timer and no listener is left. A stopped node is not started again. */
  stop(): Promise<void>;
  /**
   * Announces objects of ours that are in the inventory by now, along a stem where there is one, after a random delay like all
   * others. `later`: as if they were not there for a while longer, so that the time does not tell what they answer.
   */
  announce(hashes: readonly InventoryHash[], when?: "now" | "later"): void;
  peers(): readonly PeerInfo[];
  /** Calls back when objects from peers have been kept. Returns how to end it. */
  onObjectsAdded(listener: (hashes: readonly InventoryHash[]) => void): () => void;
  statistics(): NodeStatistics;
}

export function createNode(options: NodeOptions): BitmessageNode {
  return new Node(options);
}

class Node implements BitmessageNode {
  readonly #options: NodeOptions;
  readonly #timings: NodeTimings;
  readonly #scheduler: Scheduler;
  readonly #work: SlicedWork;
  readonly #reach: Reach;
  readonly #knownNodes: KnownNodes;
  readonly #downloads: Downloads<Peer>;
  readonly #uploads: Uploads<Peer>;
  readonly #announcements: Announcements<Peer>;
  readonly #dandelion: Dandelion<Peer>;
  readonly #ownObjects: OwnObjects;
  readonly #exchange: Exchange;
  readonly #connections: Connections;
  readonly #dialer: Dialer;
  readonly #listener: Listener;
  readonly #lanDiscovery: LanDiscovery | null;
  readonly #portMapping: PortMapping | null;
  readonly #housekeeping: Housekeeping;
  readonly #onionPublisher: OnionPublisher | null;
  readonly #listeners = new Set<(hashes: readonly InventoryHash[]) => void>();
  #phase: "new" | "running" | "stopped" = "new";
  #stopped: Promise<void> | null = null;

  constructor(options: NodeOptions) {
    this.#options = options;
    const { inventory, random, clock, logger } = options;
    const reach = new Reach(options);
    const timings = reach.timings({ ...DEFAULT_TIMINGS, ...options.timings });
    const scheduler = createScheduler((error) => {
      logger.error("a task of the node failed", { error: String(error) });
    });
    const knownNodes = new KnownNodes({ store: options.knownNodes, random, clock });
    this.#reach = reach;
    this.#timings = timings;
    this.#scheduler = scheduler;
    this.#work = new SlicedWork(scheduler);
    this.#knownNodes = knownNodes;
    this.#downloads = new Downloads({ limits: DOWNLOAD_LIMITS, timings, now: () => scheduler.now() });
    this.#dandelion = new Dandelion({
      // Without outbound connections there is nobody to be a stem.
      percent: options.maxOutbound === 0 ? 0 : (options.dandelion ?? 0),
      timings,
      scheduler,
      random,
      fluff: (hash) => {
        // One of ours that we went on asking for would be known by that.
        for (const holder of this.#downloads.settle(hash)) holder.noteKnown(hash);
        this.#announcements.add([hash]);
      },
    });
    this.#ownObjects = new OwnObjects(inventory, options.onOwnObjectSent);
    this.#uploads = new Uploads({
      read: (peer, hash) => (this.#dandelion.maySee(peer, hash) ? inventory.read(hash) : null),
      onSent: (hash) => {
        // The stem may keep it to itself; then it goes out another time.
        if (!this.#dandelion.hides(hash)) this.#ownObjects.wentOut(hash);
      },
      spreadTime: () => spreadTime(knownNodes.size, timings.spreadStep),
      scheduler,
      work: this.#work,
    });
    this.#announcements = new Announcements({
      scheduler,
      work: this.#work,
      random,
      delay: timings.announceDelay,
    });
    this.#exchange = this.#createExchange();
    this.#connections = new Connections({
      node: options,
      reach,
      knownNodes,
      exchange: this.#exchange,
      timings,
      scheduler,
      takesStems: this.#dandelion.isOn,
    });
    this.#listener = new Listener(
      (socket) => this.#connections.accept(socket),
      (error) => logger.error("the listener failed", { error: String(error) }),
    );
    this.#lanDiscovery = this.#createLanDiscovery();
    this.#portMapping = this.#createPortMapping();
    this.#dialer = this.#createDialer();
    this.#housekeeping = new Housekeeping({
      ...options,
      timings,
      scheduler,
      knownNodes,
      hasChosen: () => this.#connections.hasChosen,
      evidence: this.#connections.evidence,
      mayBootstrap: reach.mayBootstrap,
      mayConnect: () => reach.isOpen,
      dialName: reach.hasProxy ? (endpoint) => this.#dialer.dialOnce(endpoint) : null,
    });
    this.#onionPublisher = this.#createOnionPublisher();
  }

  #createExchange(): Exchange {
    const { inventory, maxInventory: limit = 0, streams, minimum, clock, logger } = this.#options;
    return new Exchange({
      inventory,
      knownNodes: this.#knownNodes,
      addressPolicy: this.#reach.addressPolicy,
      downloads: this.#downloads,
      uploads: this.#uploads,
      announcements: this.#announcements,
      dandelion: this.#dandelion,
      storePause: this.#timings.storePause,
      sheddingPause: this.#timings.sheddingPause,
      intake: new ObjectIntake({ inventory, streams, minimum, clock }),
      ownObjects: this.#ownObjects,
      shedding: new Shedding({ inventory, limit, work: this.#work, logger }),
      scheduler: this.#scheduler,
      work: this.#work,
      clock,
      logger,
      onObjectsAdded: (hashes) => this.#tell(hashes),
    });
  }

  #createDialer(): Dialer {
    const { maxOutbound } = this.#options;
    const connections = this.#connections;
    return new Dialer({
      fixedPeers: this.#reach.fixedPeers,
      takeNeighbour: (isEligible) =>
        this.#lanDiscovery?.take(
          ({ host, port }) => !connections.isBanned(host) && isEligible({ host, port }),
        ) ?? null,
      maxOutbound,
      knownNodes: this.#knownNodes,
      timings: this.#timings,
      scheduler: this.#scheduler,
      isAllowedHost: (host) => this.#reach.mayDial(host) && !connections.isBanned(host),
      maxHalfOpen: this.#reach.maxHalfOpen,
      established: () => connections.count("outbound"),
      inboundPeers: () => connections.inboundPeers(),
      networkWorks: () => connections.evidence.networkWorks,
      open: (endpoint, offer) => connections.open(endpoint, offer),
    });
  }

  #createLanDiscovery(): LanDiscovery | null {
    const { lanAddress: address } = this.#reach;
    if (address === null) return null;
    const { random, clock, logger } = this.#options;
    const interval = this.#timings.lanAnnouncement;
    return new LanDiscovery({ address, scheduler: this.#scheduler, interval, random, clock, logger });
  }

  #createPortMapping(): PortMapping | null {
    const { portMapper: mapper } = this.#reach;
    if (mapper === null) return null;
    const onOpen = (port: number) => {
      this.#connections.reachedPort = port;
    };
    const retry = this.#timings.portMappingRetry;
    return new PortMapping({
      mapper,
      scheduler: this.#scheduler,
      retry,
      logger: this.#options.logger,
      onOpen,
    });
  }

  #createOnionPublisher(): OnionPublisher | null {
    const { onion, onionAnnouncer: announcer, logger } = this.#options;
    if (!onion || announcer === undefined) return null;
    const interval = this.#timings.cleanInventory;
    return new OnionPublisher({ onion, announcer, scheduler: this.#scheduler, interval, logger });
  }

  async start(): Promise<Endpoint | null> {
    if (this.#phase !== "new") throw new Error("the node has been started before");
    this.#phase = "running";
    this.#knownNodes.load();
    const { listenAt } = this.#reach;
    const listening = listenAt === null ? null : await this.#listener.listen(listenAt);
    this.#connections.reachedPort = listening?.port ?? 0;
    if (listening !== null) this.#portMapping?.start(listening.port);
    await this.#lanDiscovery?.start(listening?.port ?? 0);
    this.#scheduler.every(this.#timings.tick, () => {
      this.#connections.tick();
      this.#exchange.tick();
    });
    this.#dandelion.start();
    for (const hash of this.#ownObjects.load()) this.#dandelion.publish(hash);
    this.#housekeeping.start();
    this.#reach.whenOpen(this.#scheduler, this.#timings, () => {
      this.#dialer.start();
      this.#housekeeping.bootstrapAtFirst();
      if (listening !== null) this.#onionPublisher?.start();
    });
    return listening;
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#phase = "stopped";
    this.#scheduler.stop();
    this.#reach.close();
    this.#onionPublisher?.stop();
    const listenerClosed = this.#listener.close();
    await this.#lanDiscovery?.stop();
    await this.#portMapping?.stop();
    await this.#connections.close();
    await listenerClosed;
    this.#knownNodes.save();
  }

  announce(hashes: readonly InventoryHash[], when: "now" | "later" = "now"): void {
    for (const hash of hashes) {
      this.#ownObjects.published(hash);
      if (when === "now") this.#dandelion.publish(hash);
      else this.#dandelion.publishLater(hash, this.#timings.publishLater);
    }
  }

  peers(): readonly PeerInfo[] {
    return this.#connections.infos();
  }

  onObjectsAdded(listener: (hashes: readonly InventoryHash[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  statistics(): NodeStatistics {
    const connections = this.#connections;
    return {
      inbound: connections.count("inbound"),
      outbound: connections.count("outbound"),
      knownNodes: this.#knownNodes.size,
      bytesReceived: connections.bytesReceived,
      bytesSent: connections.bytesSent,
      objectsReceived: this.#exchange.objectsReceived,
      objectsSent: this.#uploads.sent,
      objectsPending: this.#downloads.pending,
      clockOffset: connections.clockOffset,
    };
  }

  #tell(hashes: readonly InventoryHash[]): void {
    for (const listener of this.#listeners) {
      try {
        listener(hashes);
      } catch (error) {
        // The objects are kept: it is not the peer's fault, and nothing is lost.
        this.#options.logger.error("a listener for objects failed", { error: String(error) });
      }
    }
  }
}
