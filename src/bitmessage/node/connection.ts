import type { Socket } from "node:net";
import type { Logger } from "../../logger.js";
import { toHex } from "../protocol/bytes.js";
import { ProtocolError } from "../protocol/errors.js";
import { customerOf, isPrivateHost, networkGroup } from "../protocol/host.js";
import { decodeError } from "../protocol/messages/error.js";
import { displayUserAgent, type VersionPacket } from "../protocol/messages/version.js";
import type { Packet } from "../protocol/packet.js";
import { fatalError, Handshake, type Refusal } from "./handshake.js";
import type { PeerInfo } from "./ports.js";
import type { Scheduler } from "./scheduler.js";
import { cleanText, endpointText } from "./text.js";
import type { NodeTimings } from "./timings.js";
import { type Meters, Wire } from "./wire.js";

export type ConnectionState = "connecting" | "handshake" | "tls" | "established" | "closing" | "closed";
export type Direction = "inbound" | "outbound";

/** What a connection tells the node. */
export interface ConnectionOwner {
  /** The checks of a peer's version (PROTOCOL.md section 5.3): a refusal, or null. */
  judge(connection: Connection, version: VersionPacket): Refusal | null;
  established(connection: Connection): void;
  /** A packet of an established peer. */
  packet(connection: Connection, packet: Packet): void;
  /** All packets of one read have been handed over. */
  readDone(connection: Connection): void;
  /** Everything that waited to be sent has left. */
  drained(connection: Connection): void;
  /** The last call; nothing of the connection is left. */
  closed(connection: Connection, reason: string): void;
}

export interface ConnectionOptions {
  readonly socket: Socket;
  readonly direction: Direction;
  readonly host: string;
  readonly port: number;
  readonly ownVersion: VersionPacket;
  readonly meters: Meters;
  readonly timings: NodeTimings;
  readonly scheduler: Scheduler;
  /** Unix seconds */
  readonly clock: () => number;
  readonly logger: Logger;
  readonly owner: ConnectionOwner;
}

const EMPTY = new Uint8Array(0);
/** Room for a version and a few error packets of the largest kind. */
const MAX_HANDSHAKE_BYTES = 524_288;

/** One peer's connection from TCP to its end: connecting, handshake, tls, established, closing, closed. */
export class Connection {
  readonly direction: Direction;
  readonly host: string;
  readonly port: number;
  /** Who has that address, as `customerOf` says. */
  readonly customer: string;
  /** The nonce of our version, as hexadecimal digits: it comes back when we are connected to ourselves. */
  readonly nonce: string;
  /** Unix seconds. */
  readonly since: number;
  /** The peer's, once it is accepted. */
  version: VersionPacket | null = null;
  /** How it ended before it was established, where TLS was the reason. */
  tlsFailed = false;
  wasEstablished = false;
  /** Objects that we did not have and that came over it. */
  objectsGiven = 0;
  /** Whether it ended, or is to end, because the peer broke the protocol. */
  misbehaved = false;
  readonly #options: ConnectionOptions;
  readonly #wire: Wire;
  readonly #handshake: Handshake;
  #state: ConnectionState;
  #encrypted = false;
  readonly #startedAt: number;
  #packetAt: number;
  #sentAt: number;
  #closingAt = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.direction = options.direction;
    this.host = options.host;
    this.port = options.port;
    this.customer = customerOf(options.host);
    this.nonce = toHex(options.ownVersion.nonce);
    this.since = Math.floor(options.clock());
    this.#startedAt = options.scheduler.now();
    this.#packetAt = this.#startedAt;
    this.#sentAt = this.#startedAt;
    const side = options.direction === "outbound" ? "opening" : "accepting";
    this.#handshake = new Handshake(side, options.ownVersion, (version) => this.#judge(version));
    this.#wire = new Wire(options.socket, options.meters, {
      packet: (packet) => this.#receive(packet),
      readDone: () => options.owner.readDone(this),
      drained: () => {
        if (this.#state === "established") options.owner.drained(this);
      },
      ended: (reason) => this.#ended(reason),
      failed: (error) => this.#logFailure(error),
    });
    this.#wire.receiveLimit = MAX_HANDSHAKE_BYTES;
    this.#state = side === "opening" ? "connecting" : "handshake";
    if (side === "accepting") this.#wire.begin();
  }

  /** The network, or the neighbour, to whose name the addresses go that it tells of. */
  get addressSource(): string {
    return isPrivateHost(this.host) ? this.host : networkGroup(this.host);
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get address(): string {
    return endpointText(this);
  }

  /** Bytes that wait to be sent. */
  get backlog(): number {
    return this.#wire.backlog;
  }

  get bytesReceived(): number {
    return this.#wire.bytesReceived;
  }

  get bytesSent(): number {
    return this.#wire.bytesSent;
  }

  info(): PeerInfo {
    return {
      address: this.address,
      inbound: this.direction === "inbound",
      tls: this.#encrypted,
      userAgent: this.version === null ? "" : displayUserAgent(this.version.userAgent),
      services: this.version?.services ?? 0n,
      since: this.since,
      established: this.#state === "established",
    };
  }

  send(command: string, payload: Uint8Array): void {
    if (this.#state === "closed") return;
    this.#sentAt = this.#options.scheduler.now();
    this.#wire.send(command, payload);
  }

  /** Closes after what waits has been sent. */
  finish(reason: string): void {
    if (this.#state === "closing" || this.#state === "closed") return;
    this.#noteTlsFailure();
    this.#enter("closing");
    this.#wire.finish(reason);
  }

  /** Closes like `finish`, with a last word why: it is the peer's fault. */
  blame(reason: string): void {
    if (this.#state === "closing" || this.#state === "closed") return;
    this.misbehaved = true;
    const { command, payload } = fatalError(`You break the rules (${reason}). Closing connection.`);
    this.send(command, payload);
    this.finish(`misbehaviour: ${reason}`);
  }

  /** Does not listen until the returned function is called, in a later turn. */
  hold(): () => void {
    return this.#wire.hold();
  }

  /** Closes at once. */
  cut(reason: string): void {
    if (this.#state === "closed") return;
    this.#noteTlsFailure();
    this.#wire.cut(reason);
  }

  /** To be called every so often: closes what has been silent for too long, pings what is silent. */
  tick(): void {
    const now = this.#options.scheduler.now();
    const reason = this.#overdue(now);
    if (reason !== null) this.cut(reason);
    else if (this.#state === "established" && now - this.#lastTraffic > this.#options.timings.pingAfter) {
      this.send("ping", EMPTY);
    }
  }

  /** Asks an established peer for a sign of life, and closes soon if there is none. */
  doubt(): void {
    const { scheduler, timings } = this.#options;
    this.#packetAt = Math.min(this.#packetAt, scheduler.now() - timings.closeAfter + timings.closeAfterSleep);
    this.send("ping", EMPTY);
  }

  get #lastTraffic(): number {
    return Math.max(this.#packetAt, this.#sentAt);
  }

  /** Which time limit of its state the connection has passed, if any (PROTOCOL.md section 7.2). */
  #overdue(now: number): string | null {
    const { timings } = this.#options;
    if (this.#wire.stalledSeconds > timings.writeStall) return "slow_reader";
    switch (this.#state) {
      case "connecting":
        return now - this.#startedAt > timings.connect ? "connect_timeout" : null;
      case "handshake":
      case "tls": {
        const silent = !this.#wire.isHeldBack && now - this.#packetAt > timings.handshakeSilence;
        return silent || now - this.#startedAt > timings.handshake ? "handshake_timeout" : null;
      }
      case "established":
        // Whom we do not listen to cannot be blamed for silence.
        if (this.#wire.isHeldBack) this.#packetAt = now;
        return now - this.#packetAt > timings.closeAfter ? "silence" : null;
      case "closing":
        return now - this.#closingAt > timings.closing ? "closing_timeout" : null;
      default:
        return null;
    }
  }

  #enter(state: ConnectionState): void {
    this.#state = state;
    if (state === "closing") this.#closingAt = this.#options.scheduler.now();
  }

  /** To be called for an outbound connection when the peer can be spoken to. */
  opened(): void {
    if (this.#state !== "connecting") return;
    this.#wire.begin();
    this.#enter("handshake");
    this.#packetAt = this.#options.scheduler.now();
    for (const packet of this.#handshake.opening()) this.send(packet.command, packet.payload);
  }

  #judge(version: VersionPacket): Refusal | null {
    return this.#options.owner.judge(this, version);
  }

  #receive(packet: Packet): void {
    this.#packetAt = this.#options.scheduler.now();
    if (this.#state === "established") this.#options.owner.packet(this, packet);
    else if (this.#state === "handshake" && packet.command === "error") this.#receiveError(packet.payload);
    else if (this.#state === "handshake") this.#shakeHands(packet);
  }

  #shakeHands(packet: Packet): void {
    const { send, outcome } = this.#handshake.receive(packet);
    for (const { command, payload } of send) this.send(command, payload);
    if (outcome.kind === "refused") {
      const { code } = outcome.refusal;
      this.#options.logger.debug("peer refused", { peer: this.address, reason: code });
      this.finish(code);
    } else if (outcome.kind === "complete") {
      this.version = outcome.peer;
      if (outcome.encrypt) this.#encrypt();
      else this.#establish();
    }
  }

  #encrypt(): void {
    this.#enter("tls");
    this.#wire.upgrade(this.direction === "outbound" ? "client" : "server", () => {
      this.#encrypted = true;
      this.#packetAt = this.#options.scheduler.now();
      this.#establish();
    });
  }

  #establish(): void {
    this.#enter("established");
    this.#wire.receiveLimit = Number.POSITIVE_INFINITY;
    this.wasEstablished = true;
    this.#options.owner.established(this);
  }

  /** PyBitmessage says in an error packet why it is about to hang up (section 4). */
  #receiveError(payload: Uint8Array): void {
    const { severity, text } = decodeError(payload);
    this.#options.logger.debug("peer reports an error", {
      peer: this.address,
      severity,
      text: cleanText(text),
    });
  }

  #noteTlsFailure(): void {
    if (this.#state === "tls") this.tlsFailed = true;
  }

  #logFailure(error: unknown): void {
    if (error instanceof ProtocolError) {
      this.misbehaved = true;
      return;
    }
    const stack = error instanceof Error ? error.stack : String(error);
    this.#options.logger.error("handling a packet failed", { peer: this.address, stack });
  }

  #ended(reason: string): void {
    this.#noteTlsFailure();
    this.#enter("closed");
    this.#options.owner.closed(this, reason);
  }
}
