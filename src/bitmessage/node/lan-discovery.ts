import { createSocket, type Socket } from "node:dgram";
import { networkInterfaces } from "node:os";
import type { Logger } from "../../logger.js";
import { isPrivateHost } from "../protocol/host.js";
import { type AddrEntry, encodeAddr } from "../protocol/messages/addr.js";
import { Services } from "../protocol/messages/version.js";
import { decodePacket, encodePacket } from "../protocol/packet.js";
import { type RandomBytes, randomBelow } from "../protocol/random.js";
import { readAddresses } from "./addresses.js";
import type { Endpoint } from "./known-nodes.js";
import type { Scheduler } from "./scheduler.js";
import { endpointText } from "./text.js";

/** Where datagrams of local discovery go (PROTOCOL.md section 9.4). */
export interface LanAddress {
  readonly port: number;
  /** The address that reaches everybody. */
  readonly broadcast: string;
}

export const LAN_ADDRESS: LanAddress = { port: 8444, broadcast: "255.255.255.255" };

export interface LanDiscoveryOptions {
  readonly address: LanAddress;
  readonly scheduler: Scheduler;
  /** Seconds between two announcements. */
  readonly interval: number;
  readonly random: RandomBytes;
  /** Unix seconds */
  readonly clock: () => number;
  readonly logger: Logger;
}

const STREAM = 1;
/** Seconds by which the clock of a neighbour may differ. */
const TIME_LIMIT = 3600;
/** Seconds for which a neighbour is remembered. */
const LIFE_TIME = 300;
const MAX_NEIGHBOURS = 50;
/** Nodes that one machine may tell of. */
const MAX_PER_HOST = 4;

/** Nodes of the local network, which tell of themselves by UDP broadcast (PROTOCOL.md section 9.4). Objects are not taken that way. */
export class LanDiscovery {
  readonly #options: LanDiscoveryOptions;
  readonly #neighbours = new Map<string, { readonly endpoint: Endpoint; readonly heardAt: number }>();
  #socket: Socket | null = null;
  #ownPort = 0;

  constructor(options: LanDiscoveryOptions) {
    this.#options = options;
  }

  /** Resolves when it listens; without that there is a warning, and no discovery. @param tcpPort where we listen for peers; 0: nowhere */
  async start(tcpPort: number): Promise<void> {
    const { address, scheduler, interval, logger } = this.#options;
    this.#ownPort = tcpPort;
    const socket = createSocket({ type: "udp4", reuseAddr: true });
    const failed = (error: NodeJS.ErrnoException) => {
      logger.warn("no discovery on the local network", { reason: error.code ?? "socket_error" });
      this.#close();
    };
    this.#socket = socket;
    socket.on("error", failed);
    socket.on("message", (message, { address: host }) => this.#hear(message, host));
    await new Promise<void>((resolve) => {
      socket.once("close", resolve);
      socket.bind(address.port, "0.0.0.0", () => {
        socket.setBroadcast(true);
        resolve();
      });
    });
    if (this.#socket === null || tcpPort === 0) return;
    this.#tell();
    scheduler.every(interval, () => this.#tell());
  }

  async stop(): Promise<void> {
    const socket = this.#socket;
    if (socket === null) return;
    await new Promise<void>((resolve) => {
      socket.once("close", resolve);
      this.#close();
    });
  }

  /** A neighbour to connect to, half of the times when there is one; each only once. */
  take(isEligible: (endpoint: Endpoint) => boolean): Endpoint | null {
    const { scheduler, random } = this.#options;
    if (this.#neighbours.size === 0 || randomBelow(2, random) === 0) return null;
    for (const [key, { endpoint, heardAt }] of this.#neighbours) {
      const isAlive = scheduler.now() - heardAt <= LIFE_TIME;
      if (isAlive && !isEligible(endpoint)) continue;
      this.#neighbours.delete(key);
      if (isAlive) return endpoint;
    }
    return null;
  }

  #hasRoom(host: string): boolean {
    const since = this.#options.scheduler.now() - LIFE_TIME;
    for (const [key, { heardAt }] of this.#neighbours) if (heardAt < since) this.#neighbours.delete(key);
    const known = [...this.#neighbours.values()];
    if (known.filter(({ endpoint }) => endpoint.host === host).length >= MAX_PER_HOST) return false;
    return known.length < MAX_NEIGHBOURS;
  }

  #close(): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #tell(): void {
    const { address, clock, logger } = this.#options;
    const entry: AddrEntry = {
      time: Math.floor(clock()),
      stream: STREAM,
      services: Services.network,
      host: "127.0.0.1",
      port: this.#ownPort,
    };
    const packet = encodePacket("addr", encodeAddr([entry]));
    this.#socket?.send(packet, address.port, address.broadcast, (error) => {
      // Such as while there is no network at all.
      if (error !== null) logger.debug("not told on the local network", { error: error.message });
    });
  }

  /** It is the sender that listens on these ports, whatever addresses the datagram names. */
  #hear(message: Uint8Array, host: string): void {
    if (!isPrivateHost(host)) return;
    const { clock, scheduler } = this.#options;
    for (const port of toldPorts(message, clock())) {
      if (port === this.#ownPort && isOwnAddress(host)) continue;
      const endpoint = { host, port };
      const key = endpointText(endpoint);
      if (!this.#neighbours.has(key) && !this.#hasRoom(host)) return;
      this.#neighbours.set(key, { endpoint, heardAt: scheduler.now() });
    }
  }
}

/**
 * The ports that a datagram of a neighbour tells of, at most as many as are remembered of one machine; none for what cannot be read.
 * @param now Unix seconds
 */
export function toldPorts(message: Uint8Array, now: number): ReadonlySet<number> {
  const ports = new Set<number>();
  for (const { time, stream, host, port } of readEntries(message)) {
    if (ports.size === MAX_PER_HOST) break;
    if (stream !== STREAM || port === 0 || !isPrivateHost(host)) continue;
    if (Math.abs(now - time) <= TIME_LIMIT) ports.add(port);
  }
  return ports;
}

function readEntries(message: Uint8Array): readonly AddrEntry[] {
  try {
    const { command, payload } = decodePacket(new Uint8Array(message));
    return command === "addr" ? readAddresses(payload) : [];
  } catch {
    return [];
  }
}

function isOwnAddress(host: string): boolean {
  const interfaces = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return interfaces.some(({ address }) => address === host);
}
