import type { Logger } from "../../logger.js";
import { toHex } from "../protocol/bytes.js";
import { customerOf } from "../protocol/host.js";
import { checkVersion, type VersionPacket } from "../protocol/messages/version.js";
import { ClockWatch } from "./clock-watch.js";
import type { Connection } from "./connection.js";
import { chooseToLeave } from "./crowding.js";
import { type Refusal, refusal } from "./handshake.js";
import { KeyedBudgets } from "./keyed-budgets.js";
import type { KnownNodes } from "./known-nodes.js";
import { isLoopback } from "./text.js";

/** Inbound connections of one host, or of one customer's network of IPv6; from this machine there may be any number (PROTOCOL.md section 5.3 number 4). */
const MAX_PER_HOST = 3;
/** Inbound connections at once that have not introduced themselves. */
const MAX_HALF_OPEN = 64;
/** Seconds within which PyBitmessage introduces itself; who takes longer makes room for a newcomer, whatever network they are of. */
const PATIENCE = 10;
/** Connections that one customer may begin: each costs us the list of all that we have. */
const ARRIVALS = { burst: 20, perSecond: 1 / 20 };
/** Connections over the limit that are still told so before they are closed (number 5). */
const COURTESY = 10;

export interface AdmissionOptions {
  readonly streams: readonly number[];
  readonly maxInbound: number;
  readonly knownNodes: KnownNodes;
  readonly connections: ReadonlySet<Connection>;
  /** Whether that host, or its network, has misbehaved too often of late. */
  isExcluded(host: string): boolean;
  /** Seconds on the monotonic clock. */
  readonly now: () => number;
  /** Unix seconds */
  readonly clock: () => number;
  readonly logger: Logger;
}

/** Who may come in, and who may stay (PROTOCOL.md section 5.3). */
export class Admission {
  readonly #options: AdmissionOptions;
  /** Those that are being closed to make room. */
  readonly #leaving = new WeakSet<Connection>();
  /** Those that have been let in, whether or not they have taken their place yet. */
  readonly #welcome = new WeakSet<Connection>();
  readonly #clockWatch: ClockWatch;
  readonly #arrivals = new KeyedBudgets(ARRIVALS);

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#clockWatch = new ClockWatch(options.logger);
  }

  /** Seconds by which most peers' clocks are ahead of ours; null while too few have told. */
  get clockOffset(): number | null {
    return this.#clockWatch.offset();
  }

  /** Whether a new TCP connection is answered at all. */
  mayAccept(host: string): boolean {
    if (this.#options.isExcluded(host)) return false;
    const inbound = this.#inbound();
    if (!isLoopback(host)) {
      if (countHost(inbound, host) > MAX_PER_HOST) return false;
      if (this.#arrivals.take(customerOf(host), 1, this.#options.now()) === 0) return false;
    }
    const halfOpen = inbound.filter(({ wasEstablished }) => !wasEstablished);
    const isFull = inbound.length >= this.#options.maxInbound + COURTESY || halfOpen.length >= MAX_HALF_OPEN;
    return !isFull || this.#makeRoom(chooseToLeave(host, halfOpen) ?? this.#slowest(halfOpen));
  }

  #slowest(halfOpen: readonly Connection[]): Connection | null {
    const [oldest] = [...halfOpen].sort((a, b) => a.since - b.since);
    return oldest !== undefined && oldest.since <= this.#options.clock() - PATIENCE ? oldest : null;
  }

  #makeRoom(leaving: Connection | null): boolean {
    if (leaving === null) return false;
    this.#leaving.add(leaving);
    leaving.cut("crowded_out");
    return true;
  }

  judge(connection: Connection, version: VersionPacket): Refusal | null {
    const { streams, clock, connections } = this.#options;
    const ownNonces = new Set([...connections].map(({ nonce }) => nonce));
    const now = Math.floor(clock());
    const code = checkVersion(version, { now, streams, ownNonces });
    // Those whom we have chosen: whoever comes in could tell anything, as often as wanted.
    if (connection.direction === "outbound" && code !== "connected_to_self")
      this.#clockWatch.note(connection.host, Number(version.timestamp) - now);
    if (code === "connected_to_self") this.#noteSelf(toHex(version.nonce));
    if (code !== null) return refusal(code);
    return connection.direction === "inbound" ? this.#judgeInbound(connection, version) : null;
  }

  #judgeInbound(connection: Connection, version: VersionPacket): Refusal | null {
    const inbound = this.#inbound();
    const { host } = connection;
    if (!isLoopback(host) && countHost(inbound, host) > MAX_PER_HOST) return refusal("too_many_from_host");
    // The text does not tell which: a peer need not learn whom we are connected to.
    if (this.#hasOutbound(host, version.sender.port)) return refusal("server_full");
    const guests = inbound.filter((guest) => this.#welcome.has(guest));
    if (guests.length >= this.#options.maxInbound && !this.#makeRoom(chooseToLeave(host, guests))) {
      return refusal("server_full");
    }
    this.#welcome.add(connection);
    return null;
  }

  #inbound(): Connection[] {
    return [...this.#options.connections].filter(
      (connection) => connection.direction === "inbound" && !this.#leaving.has(connection),
    );
  }

  #hasOutbound(host: string, port: number): boolean {
    for (const other of this.#options.connections) {
      const isThere = other.direction === "outbound" && other.state === "established";
      if (isThere && other.host === host && other.port === port) return true;
    }
    return false;
  }

  /** The outbound connection that our own nonce went out on leads to ourselves. */
  #noteSelf(nonce: string): void {
    for (const other of this.#options.connections) {
      if (other.direction === "outbound" && other.nonce === nonce) this.#options.knownNodes.markSelf(other);
    }
  }
}

function countHost(connections: readonly Connection[], host: string): number {
  const customer = customerOf(host);
  return connections.filter((connection) => connection.customer === customer).length;
}
