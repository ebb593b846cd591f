import { LAN_ADDRESS } from "../../bitmessage/node/lan-discovery.js";
import type { NodeOptions } from "../../bitmessage/node/node-options.js";
import { type Config, parseEndpoint } from "../config/config.js";
import { parseProxy } from "../config/proxy.js";
import { createPortMapper } from "./port-mapper.js";

/** How most nodes name themselves. */
const GENERIC_USER_AGENT = "/PyBitmessage:0.6.3.2/";

type FromConfig = Omit<
  NodeOptions,
  "minimum" | "inventory" | "knownNodes" | "resolver" | "random" | "clock" | "logger"
>;

/** What the configuration says of the node; the rest is wiring. */
export function networkOptions({ node, network, send }: Config): FromConfig {
  const trusted = node.trusted_peer === "" ? null : parseEndpoint("node.trusted_peer", node.trusted_peer);
  return {
    listen: parseEndpoint("node.listen", node.listen),
    connect: node.connect.flatMap((peer) => parseEndpoint("node.connect", peer) ?? []),
    trustedPeer: trusted,
    lanDiscovery: node.lan_discovery ? LAN_ADDRESS : null,
    portMapper: node.port_mapping ? createPortMapper() : null,
    // A private network has no public entrances.
    bootstrap: node.bootstrap && network.name === "main",
    maxOutbound: trusted === null ? node.max_outbound : 1,
    maxInbound: node.max_inbound,
    maxInventory: node.max_inventory,
    tls: node.tls,
    dandelion: node.dandelion,
    timings: { publishLater: send.ack_delay },
    allowPrivatePeers: node.allow_private_peers,
    userAgent: node.user_agent === "generic" ? GENERIC_USER_AGENT : node.user_agent,
    proxy: node.proxy === "" ? null : parseProxy(node.proxy),
    onionOnly: node.onion_only,
    uploadLimit: node.upload_limit,
    downloadLimit: node.download_limit,
    onion: node.onion_host === "" ? null : { host: node.onion_host, port: node.onion_port },
    streams: [1],
  };
}
