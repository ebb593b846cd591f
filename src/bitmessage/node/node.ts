import type { Socket } from "node:net";
import type { InventoryHash } from "../protocol/inventory-hash.js";
import { PROTOCOL_VERSION, Services, type VersionPacket } from "../protocol/messages/version.js";
import type { Packet } from "../protocol/packet.js";
import { Admission } from "./admission.js";
import { Announcements } from "./announcements.js";
import { Bans } from "./bans.js";
import { Connection, type ConnectionOwner, type Direction } from "./connection.js";
import type { Connector } from "./connector.js";
import { Dandelion } from "./dandelion.js";
import { Dialer } from "./dialer.js";
import { DOWNLOAD_LIMITS, Downloads } from "./downloads.js";
import { Exchange } from "./exchange.js";
import { Housekeeping } from "./housekeeping.js";
import { type Endpoint, KnownNodes } from "./known-nodes.js";
import { Listener } from "./listener.js";
import { Meter } from "./meter.js";
import type { NodeOptions } from "./node-options.js";
import { ObjectIntake } from "./object-intake.js";
import { OnionPublisher } from "./onion-publisher.js";
import { Peer } from "./peer.js";
import type { PeerInfo } from "./ports.js";
import { Reach } from "./reach.js";
import type { AttemptResult } from "./retry-schedule.js";
import { createScheduler, type Scheduler } from "./scheduler.js";
import { normalHost } from "./text.js";
import { DEFAULT_TIMINGS, type NodeTimings } from "./timings.js";
import { spreadTime, Uploads } from "./uploads.js";
import type { Meters } from "./wire.js";

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

class Node implements BitmessageNode, ConnectionOwner {
  readonly #options: NodeOptions;
  readonly #timings: NodeTimings;
  readonly #scheduler: Scheduler;
  readonly #knownNodes: KnownNodes;
  readonly #connections = new Set<Connection>();
  readonly #peers = new Map<Connection, Peer>();
  readonly #ends = new Map<Connection, (result: AttemptResult) => void>();
  readonly #admission: Admission;
  readonly #downloads: Downloads<Peer>;
  readonly #uploads: Uploads<Peer>;
  readonly #announcements: Announcements<Peer>;
  readonly #dandelion: Dandelion<Peer>;
  readonly #exchange: Exchange;
  readonly #dialer: Dialer;
  readonly #listeners = new Set<(hashes: readonly InventoryHash[]) => void>();
  readonly #listener: Listener;
  readonly #connector: Connector;
  readonly #reach: Reach;
  readonly #bans = new Bans();
  readonly #meters: Meters;
  readonly #housekeeping: Housekeeping;
  #listening: Endpoint | null = null;
  #phase: "new" | "running" | "stopped" = "new";
  #stopped: Promise<void> | null = null;
  #quiet: (() => void) | null = null;
  #bytesReceived = 0;
  #bytesSent = 0;

  constructor(options: NodeOptions) {
    this.#options = options;
    const { inventory, random, clock, logger, streams, minimum } = options;
    this.#reach = new Reach(options);
    const timings = this.#reach.timings({ ...DEFAULT_TIMINGS, ...options.timings });
    const scheduler = createScheduler((error) => {
      logger.error("a task of the node failed", { error: String(error) });
    });
    const knownNodes = new KnownNodes({ store: options.knownNodes, random, clock });
    this.#timings = timings;
    this.#scheduler = scheduler;
    this.#knownNodes = knownNodes;
    this.#meters = {
      upload: new Meter(options.uploadLimit ?? 0, scheduler),
      download: new Meter(options.downloadLimit ?? 0, scheduler),
    };
    this.#admission = new Admission({
      streams,
      maxInbound: options.maxInbound,
      knownNodes,
      connections: this.#connections,
      isBanned: (host) => this.#isBanned(host),
      clock,
      logger,
    });
    this.#downloads = new Downloads({ limits: DOWNLOAD_LIMITS, timings, now: () => scheduler.now() });
    this.#dandelion = new Dandelion({
      // Without outbound connections there is nobody to be a stem.
      percent: options.maxOutbound === 0 ? 0 : (options.dandelion ?? 0),
      timings,
      scheduler,
      random,
      fluff: (hash) => this.#announcements.add([hash]),
    });
    this.#uploads = new Uploads({
      read: (peer, hash) => (this.#dandelion.maySee(peer, hash) ? inventory.read(hash) : null),
      spreadTime: () => spreadTime(knownNodes.size, timings.spreadStep),
      scheduler,
    });
    this.#announcements = new Announcements({ scheduler, random, delay: timings.announceDelay });
    this.#exchange = new Exchange({
      inventory,
      knownNodes,
      addressPolicy: this.#reach.addressPolicy,
      downloads: this.#downloads,
      uploads: this.#uploads,
      announcements: this.#announcements,
      dandelion: this.#dandelion,
      storePause: timings.storePause,
      intake: new ObjectIntake({ inventory, streams, minimum, clock }),
      scheduler,
      clock,
      logger,
      onObjectsAdded: (hashes) => this.#tell(hashes),
    });
    this.#listener = new Listener(
      (socket) => this.#accept(socket),
      (error) => logger.error("the listener failed", { error: String(error) }),
    );
    this.#connector = this.#reach.connector();
    this.#housekeeping = new Housekeeping({
      ...options,
      timings,
      scheduler,
      knownNodes,
      isOnline: () => this.#peers.size > 0,
      mayConnect: () => this.#reach.isOpen,
      dialName: this.#reach.hasProxy ? (endpoint) => this.#dialer.dialOnce(endpoint) : null,
    });
    this.#dialer = new Dialer({
      fixedPeers: options.connect.length > 0 ? options.connect : null,
      maxOutbound: options.maxOutbound,
      knownNodes,
      timings,
      scheduler,
      isAllowedHost: (host) => this.#reach.mayDial(host) && !this.#isBanned(host),
      maxHalfOpen: this.#reach.maxHalfOpen,
      established: () => this.#count("outbound"),
      inboundPeers: () => this.#inboundPeers(),
      isOnline: () => this.#peers.size > 0,
      open: (endpoint, offer) => this.#open(endpoint, offer),
    });
  }

  async start(): Promise<Endpoint | null> {
    if (this.#phase !== "new") throw new Error("the node has been started before");
    this.#phase = "running";
    this.#knownNodes.load();
    const { listenAt } = this.#reach;
    this.#listening = listenAt === null ? null : await this.#listener.listen(listenAt);
    this.#startTicking();
    this.#dandelion.start();
    this.#housekeeping.start();
    this.#reach.whenOpen(this.#scheduler, this.#timings, () => {
      this.#dialer.start();
      this.#housekeeping.bootstrapAtFirst();
      this.#publishOnion();
    });
    return this.#listening;
  }

  #publishOnion(): void {
    const { onion, onionAnnouncer: announcer, logger } = this.#options;
    if (!onion || announcer === undefined || this.#listening === null) return;
    const interval = this.#timings.cleanInventory;
    new OnionPublisher({ onion, announcer, scheduler: this.#scheduler, interval, logger }).start();
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#phase = "stopped";
    this.#scheduler.stop();
    const closed = this.#listener.close();
    const quiet = new Promise<void>((resolve) => {
      this.#quiet = resolve;
    });
    for (const connection of this.#connections) connection.cut("stopped");
    if (this.#connections.size > 0) await quiet;
    await closed;
    this.#knownNodes.save();
  }

  announce(hashes: readonly InventoryHash[], when: "now" | "later" = "now"): void {
    for (const hash of hashes) {
      if (when === "now") this.#dandelion.publish(hash);
      else this.#dandelion.publishLater(hash, this.#timings.publishLater);
    }
  }

  peers(): readonly PeerInfo[] {
    return [...this.#connections].map((connection) => connection.info());
  }

  onObjectsAdded(listener: (hashes: readonly InventoryHash[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  statistics(): NodeStatistics {
    const current = [...this.#connections];
    const sum = (count: (connection: Connection) => number) =>
      current.reduce((total, connection) => total + count(connection), 0);
    return {
      inbound: this.#count("inbound"),
      outbound: this.#count("outbound"),
      knownNodes: this.#knownNodes.size,
      bytesReceived: this.#bytesReceived + sum((connection) => connection.bytesReceived),
      bytesSent: this.#bytesSent + sum((connection) => connection.bytesSent),
      objectsReceived: this.#exchange.objectsReceived,
      objectsSent: this.#uploads.sent,
      objectsPending: this.#downloads.pending,
    };
  }

  #isBanned(host: string): boolean {
    return this.#bans.has(host, this.#scheduler.now());
  }

  #count(direction: Direction): number {
    let count = 0;
    for (const peer of this.#peers.keys()) if (peer.direction === direction) count += 1;
    return count;
  }

  // What connections tell (ConnectionOwner).

  judge(connection: Connection, version: VersionPacket) {
    return this.#admission.judge(connection, version);
  }

  established(connection: Connection): void {
    const peer = new Peer(connection, this.#scheduler.now());
    this.#peers.set(connection, peer);
    this.#noteSeen(connection);
    const { address, inbound, tls, userAgent, services } = connection.info();
    this.#options.logger.info("peer connected", {
      peer: address,
      inbound,
      tls,
      userAgent,
      services: String(services),
    });
    this.#exchange.join(peer);
  }

  packet(connection: Connection, packet: Packet): void {
    const peer = this.#peers.get(connection);
    if (peer !== undefined) this.#exchange.packet(peer, packet);
  }

  readDone(connection: Connection): void {
    const peer = this.#peers.get(connection);
    if (peer !== undefined) this.#exchange.readDone(peer);
  }

  drained(connection: Connection): void {
    const peer = this.#peers.get(connection);
    if (peer !== undefined) this.#exchange.drained(peer);
  }

  closed(connection: Connection, reason: string): void {
    this.#connections.delete(connection);
    if (connection.misbehaved) this.#bans.note(connection.host, this.#scheduler.now());
    this.#bytesReceived += connection.bytesReceived;
    this.#bytesSent += connection.bytesSent;
    const peer = this.#peers.get(connection);
    if (peer !== undefined) {
      this.#peers.delete(connection);
      this.#exchange.leave(peer);
      this.#noteSeen(connection);
    }
    const { address, wasEstablished, tlsFailed } = connection;
    this.#options.logger.debug("connection closed", { peer: address, reason, established: wasEstablished });
    this.#ends.get(connection)?.({ established: wasEstablished, tlsFailed });
    this.#ends.delete(connection);
    if (this.#connections.size === 0) this.#quiet?.();
  }

  #startTicking(): void {
    this.#scheduler.every(this.#timings.tick, () => {
      for (const connection of this.#connections) connection.tick();
      this.#downloads.tick();
    });
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

  /** Where inbound peers say they listen. */
  *#inboundPeers(): Iterable<Endpoint> {
    for (const { direction, host, version } of this.#peers.keys()) {
      if (direction === "inbound" && version !== null) yield { host, port: version.sender.port };
    }
  }

  /** A peer that is or was connected is known to be there (PROTOCOL.md section 9.1). */
  #noteSeen(connection: Connection): void {
    const { direction, host, version } = connection;
    if (version === null || !this.#reach.mayRemember(host)) return;
    const port = direction === "outbound" ? connection.port : version.sender.port;
    if (port === 0) return;
    const isNew = connection.state === "established";
    if (isNew && direction === "outbound") this.#knownNodes.succeeded({ host, port }, version.services);
    else this.#knownNodes.learn({ host, port }, version.services, this.#options.clock());
  }

  #accept(socket: Socket): void {
    const host = normalHost(socket.remoteAddress ?? "");
    if (this.#phase !== "running" || host === "" || !this.#admission.mayAccept(host)) {
      socket.on("error", () => {});
      socket.destroy();
      return;
    }
    this.#adopt(socket, "inbound", { host, port: socket.remotePort ?? 0 }, this.#options.tls);
  }

  /** Connects; resolves when the connection has ended. */
  async #open(endpoint: Endpoint, offer: "tls" | "plain"): Promise<AttemptResult> {
    const host = await this.#connector.resolve(endpoint.host);
    if (host === null || this.#phase !== "running") return { established: false, tlsFailed: false };
    const address = { host, port: endpoint.port };
    const tls = this.#options.tls && offer === "tls";
    const socket = this.#connector.connect(address, () => connection.opened());
    const connection = this.#adopt(socket, "outbound", address, tls);
    return new Promise((resolve) => this.#ends.set(connection, resolve));
  }

  #adopt(socket: Socket, direction: Direction, endpoint: Endpoint, tls: boolean): Connection {
    const connection = new Connection({
      socket,
      direction,
      ...endpoint,
      ownVersion: this.#ownVersion(endpoint, tls),
      meters: this.#meters,
      timings: this.#timings,
      scheduler: this.#scheduler,
      clock: this.#options.clock,
      logger: this.#options.logger,
      owner: this,
    });
    this.#connections.add(connection);
    return connection;
  }

  /** Our version (PROTOCOL.md section 5.1). Port 0 says that we do not listen. */
  #ownVersion(receiver: Endpoint, tls: boolean): VersionPacket {
    const { clock, random, userAgent, streams } = this.#options;
    const services =
      Services.network | (tls ? Services.tls : 0n) | (this.#dandelion.isOn ? Services.dandelion : 0n);
    return {
      protocolVersion: PROTOCOL_VERSION,
      services,
      timestamp: BigInt(Math.floor(clock())),
      receiver: { services: Services.network, ...this.#reach.receiver(receiver) },
      sender: { services, host: "127.0.0.1", port: this.#reach.advertisedPort(this.#listening?.port ?? 0) },
      nonce: random(8),
      userAgent,
      streams: [...streams],
    };
  }
}
