import type { Socket } from "node:net";
import { PROTOCOL_VERSION, Services, type VersionPacket } from "../protocol/messages/version.js";
import type { Packet } from "../protocol/packet.js";
import { Admission } from "./admission.js";
import { Bans } from "./bans.js";
import { Connection, type ConnectionOwner, type Direction } from "./connection.js";
import type { Connector } from "./connector.js";
import { Evidence } from "./evidence.js";
import type { Exchange } from "./exchange.js";
import type { Refusal } from "./handshake.js";
import type { Endpoint, KnownNodes } from "./known-nodes.js";
import { Meter } from "./meter.js";
import type { NodeOptions } from "./node-options.js";
import { Peer } from "./peer.js";
import type { PeerInfo } from "./ports.js";
import type { Reach } from "./reach.js";
import type { AttemptResult } from "./retry-schedule.js";
import type { Scheduler } from "./scheduler.js";
import { normalHost } from "./text.js";
import type { NodeTimings } from "./timings.js";
import type { Meters } from "./wire.js";

export interface ConnectionsOptions {
  readonly node: NodeOptions;
  readonly reach: Reach;
  readonly knownNodes: KnownNodes;
  readonly exchange: Exchange;
  readonly timings: NodeTimings;
  readonly scheduler: Scheduler;
  /** Whether stem objects are taken (PROTOCOL.md section 8.2). */
  readonly takesStems: boolean;
}

/** Everybody we are connected with, from the first packet of TCP to the last: who comes in, who stays, what is known of them. */
export class Connections implements ConnectionOwner {
  readonly #options: ConnectionsOptions;
  readonly #all = new Set<Connection>();
  readonly #peers = new Map<Connection, Peer>();
  readonly #ends = new Map<Connection, (result: AttemptResult) => void>();
  readonly #admission: Admission;
  readonly #connector: Connector;
  readonly #bans = new Bans();
  /** What they prove about the network and our clock. */
  readonly evidence: Evidence;
  readonly #meters: Meters;
  /** The port by which others reach us; 0: they do not. */
  reachedPort = 0;
  #phase: "open" | "closed" = "open";
  #quiet: (() => void) | null = null;
  #bytesReceived = 0;
  #bytesSent = 0;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    const { scheduler, knownNodes } = options;
    const { uploadLimit, downloadLimit, streams, maxInbound, clock, logger } = options.node;
    this.evidence = new Evidence({ now: () => scheduler.now(), clock });
    this.#connector = options.reach.connector();
    this.#meters = {
      upload: new Meter(uploadLimit ?? 0, scheduler),
      download: new Meter(downloadLimit ?? 0, scheduler),
    };
    this.#admission = new Admission({
      streams,
      maxInbound,
      knownNodes,
      connections: this.#all,
      now: () => scheduler.now(),
      isExcluded: (host) => this.#bans.excludes(host, scheduler.now()),
      clock,
      logger,
    });
  }

  /** Whether any peer is established that we have called ourselves, beyond the local network. */
  get hasChosen(): boolean {
    return [...this.#peers.keys()].some((connection) => this.#isChosen(connection));
  }

  /** Whoever comes in, or is found on the local network, may be all that somebody wants us to see. */
  #isChosen({ direction, host }: Connection): boolean {
    return direction === "outbound" && !this.#options.reach.isNeighbour(host);
  }

  /** Seconds by which most peers' clocks are ahead of ours; null while too few have told. */
  get clockOffset(): number | null {
    return this.#admission.clockOffset;
  }

  get bytesReceived(): number {
    return this.#sum(this.#bytesReceived, (connection) => connection.bytesReceived);
  }

  get bytesSent(): number {
    return this.#sum(this.#bytesSent, (connection) => connection.bytesSent);
  }

  infos(): readonly PeerInfo[] {
    return [...this.#all].map((connection) => connection.info());
  }

  /** How many are established. */
  count(direction: Direction): number {
    let count = 0;
    for (const peer of this.#peers.keys()) if (peer.direction === direction) count += 1;
    return count;
  }

  /** Whether a host has misbehaved too often of late to be called. */
  isBanned(host: string): boolean {
    return this.#bans.has(host, this.#options.scheduler.now());
  }

  /** Where inbound peers say they listen. */
  *inboundPeers(): Iterable<Endpoint> {
    for (const { direction, host, version } of this.#peers.keys()) {
      if (direction === "inbound" && version !== null) yield { host, port: version.sender.port };
    }
  }

  /** Somebody connects to us. */
  accept(socket: Socket): void {
    const host = normalHost(socket.remoteAddress ?? "");
    if (this.#phase === "closed" || host === "" || !this.#admission.mayAccept(host)) {
      socket.on("error", () => {});
      socket.destroy();
      return;
    }
    this.#adopt(socket, "inbound", { host, port: socket.remotePort ?? 0 }, this.#options.node.tls);
  }

  /** Connects; resolves when the connection has ended. */
  async open(endpoint: Endpoint, offer: "tls" | "plain"): Promise<AttemptResult> {
    const host = await this.#connector.resolve(endpoint.host);
    if (host === null || this.#phase === "closed") return { established: false, tlsFailed: false };
    const address = { host, port: endpoint.port };
    const tls = this.#options.node.tls && offer === "tls";
    const socket = this.#connector.connect(address, () => connection.opened());
    const connection = this.#adopt(socket, "outbound", address, tls);
    return new Promise((resolve) => this.#ends.set(connection, resolve));
  }

  /** To be called every so often, for the time limits. */
  tick(): void {
    if (this.evidence.hasSlept()) for (const connection of this.#peers.keys()) connection.doubt();
    for (const connection of this.#all) connection.tick();
  }

  /** Ends all and takes no more; resolves when nothing is left of any. */
  async close(): Promise<void> {
    this.#phase = "closed";
    const quiet = new Promise<void>((resolve) => {
      this.#quiet = resolve;
    });
    for (const connection of this.#all) connection.cut("stopped");
    if (this.#all.size > 0) await quiet;
  }

  // What connections tell (ConnectionOwner).

  judge(connection: Connection, version: VersionPacket): Refusal | null {
    return this.#admission.judge(connection, version);
  }

  established(connection: Connection): void {
    const peer = new Peer(connection, this.#options.scheduler.now());
    this.#peers.set(connection, peer);
    this.evidence.shookHands();
    if (this.#isChosen(connection)) this.evidence.heard();
    this.#noteSeen(connection);
    const { address, inbound, tls, userAgent, services } = connection.info();
    this.#options.node.logger.info("peer connected", {
      peer: address,
      inbound,
      tls,
      userAgent,
      services: String(services),
    });
    this.#options.exchange.join(peer);
  }

  packet(connection: Connection, packet: Packet): void {
    const peer = this.#peers.get(connection);
    if (peer === undefined) return;
    if (this.#isChosen(connection)) this.evidence.heard();
    this.#options.exchange.packet(peer, packet);
  }

  readDone(connection: Connection): void {
    const peer = this.#peers.get(connection);
    if (peer !== undefined) this.#options.exchange.readDone(peer);
  }

  drained(connection: Connection): void {
    const peer = this.#peers.get(connection);
    if (peer !== undefined) this.#options.exchange.drained(peer);
  }

  closed(connection: Connection, reason: string): void {
    this.#all.delete(connection);
    if (connection.misbehaved) this.#bans.note(connection.host, this.#options.scheduler.now());
    this.#bytesReceived += connection.bytesReceived;
    this.#bytesSent += connection.bytesSent;
    const peer = this.#peers.get(connection);
    if (peer !== undefined) {
      this.#peers.delete(connection);
      this.#options.exchange.leave(peer);
      this.#noteSeen(connection);
    }
    const { address, wasEstablished, tlsFailed } = connection;
    const { logger } = this.#options.node;
    logger.debug("connection closed", { peer: address, reason, established: wasEstablished });
    this.#ends.get(connection)?.({ established: wasEstablished, tlsFailed });
    this.#ends.delete(connection);
    if (this.#all.size === 0) this.#quiet?.();
  }

  #sum(past: number, count: (connection: Connection) => number): number {
    let total = past;
    for (const connection of this.#all) total += count(connection);
    return total;
  }

  /** A peer that is or was connected is known to be there (PROTOCOL.md section 9.1). */
  #noteSeen(connection: Connection): void {
    const { reach, knownNodes, node } = this.#options;
    const { direction, host, version } = connection;
    if (version === null || !reach.mayRemember(host)) return;
    const port = direction === "outbound" ? connection.port : version.sender.port;
    if (port === 0) return;
    const isNew = connection.state === "established";
    if (isNew && direction === "outbound") knownNodes.succeeded({ host, port }, version.services);
    else knownNodes.learn({ host, port }, version.services, node.clock());
  }

  #adopt(socket: Socket, direction: Direction, endpoint: Endpoint, tls: boolean): Connection {
    const { timings, scheduler, node } = this.#options;
    const connection = new Connection({
      socket,
      direction,
      ...endpoint,
      ownVersion: this.#ownVersion(endpoint, tls),
      meters: this.#meters,
      timings,
      scheduler,
      clock: node.clock,
      logger: node.logger,
      owner: this,
    });
    this.#all.add(connection);
    return connection;
  }

  /** Our version (PROTOCOL.md section 5.1). Port 0 says that we do not listen. */
  #ownVersion(receiver: Endpoint, tls: boolean): VersionPacket {
    const { reach, takesStems } = this.#options;
    const { clock, random, userAgent, streams } = this.#options.node;
    const services = Services.network | (tls ? Services.tls : 0n) | (takesStems ? Services.dandelion : 0n);
    return {
      protocolVersion: PROTOCOL_VERSION,
      services,
      timestamp: BigInt(Math.floor(clock())),
      receiver: { services: Services.network, ...reach.receiver(receiver) },
      sender: { services, host: "127.0.0.1", port: reach.advertisedPort(this.reachedPort, receiver.host) },
      nonce: random(8),
      userAgent,
      streams: [...streams],
    };
  }
}
