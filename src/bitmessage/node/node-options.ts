import type { Logger } from "../../logger.js";
import type { Difficulty } from "../protocol/pow-target.js";
import type { RandomBytes } from "../protocol/random.js";
import type { Endpoint } from "./known-nodes.js";
import type { LanAddress } from "./lan-discovery.js";
import type { OnionAnnouncer } from "./onion-publisher.js";
import type { PortMapper } from "./port-mapping.js";
import type { Inventory, KnownNodeStore, Resolver } from "./ports.js";
import type { SocksProxy } from "./proxy.js";
import type { NodeTimings } from "./timings.js";

export interface NodeOptions {
  /** Where to listen (port 0: any); null: no inbound connections. */
  readonly listen: Endpoint | null;
  /** When there are any: the only peers to connect to; no bootstrap, and no choosing among known nodes. */
  readonly connect: readonly Endpoint[];
  /** The only peer: nobody else is connected to, accepted, learned or told of. */
  readonly trustedPeer?: Endpoint | null;
  /** Where nodes of the local network are looked for; by default nowhere. */
  readonly lanDiscovery?: LanAddress | null;
  /** Asks the router to let others in where we listen; by default nobody does. */
  readonly portMapper?: PortMapper | null;
  /** Whether to look for first nodes in the built-in list and by DNS while none is known. */
  readonly bootstrap: boolean;
  readonly maxOutbound: number;
  readonly maxInbound: number;
  /** Whether to announce and use TLS (PROTOCOL.md section 6). */
  readonly tls: boolean;
  /** Whether nodes of local networks are learned and dialled. */
  readonly allowPrivatePeers: boolean;
  /** "/Name:Version/" */
  readonly userAgent: string;
  readonly streams: readonly [1];
  /** The least work of an object. */
  readonly minimum: Difficulty;
  readonly inventory: Inventory;
  /** Bytes of objects that are kept, beyond which those that expire first have to go; 0 (the default) for no limit. */
  readonly maxInventory?: number;
  readonly knownNodes: KnownNodeStore;
  readonly resolver: Resolver;
  readonly random: RandomBytes;
  /** Unix seconds */
  readonly clock: () => number;
  readonly logger: Logger;
  /** When given, all outbound connections go through it, and names are its business; the resolver is not asked. */
  readonly proxy?: SocksProxy | null;
  /** Whether only onion services are connected to; needs a proxy. */
  readonly onionOnly?: boolean;
  /** The name and port under which an onion service leads to where we listen. */
  readonly onion?: Endpoint | null;
  /** Publishes that name; without it the service is there for those who know it. */
  readonly onionAnnouncer?: OnionAnnouncer;
  /** How many of a hundred stem objects go on along a stem (PROTOCOL.md section 8.2); 0, the default: no stems. */
  readonly dandelion?: number;
  /** Bytes per second, all peers together; 0 (the default) for no limit. */
  readonly uploadLimit?: number;
  readonly downloadLimit?: number;
  /** The local address of outgoing connections, for several nodes on one machine. */
  readonly bindAddress?: string;
  readonly timings?: Partial<NodeTimings>;
  /** An object of ours has gone out: one that was published later may be looked into now. */
  readonly onOwnObjectSent?: () => void;
}
