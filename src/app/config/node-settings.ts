/** Settings about taking part in the network. */
import { z } from "zod";
import { listenSchema as listen, peerSchema as peer } from "./endpoint-schemas.js";
import { parseProxy } from "./proxy.js";
import { type Setting, setting } from "./setting.js";

const whole = z.int().min(0);
const limit = whole.refine(
  (bytes) => bytes === 0 || bytes >= 10_000,
  "write 0 for no limit, or 10000 or more",
);

function isProxy(text: string): boolean {
  try {
    parseProxy(text);
    return true;
  } catch {
    return false;
  }
}

export const NODE_SETTINGS: readonly Setting[] = [
  setting(
    "node.listen",
    "text",
    listen,
    "0.0.0.0:8444",
    'Where other nodes reach us; "[::]:8444" for IPv6 as well, "off" to take no connections.',
  ),
  setting(
    "node.connect",
    "list",
    z.array(peer),
    [],
    "When given, only these peers (host:port) are connected to, and there is no bootstrap.",
  ),
  setting(
    "node.trusted_peer",
    "text",
    z.union([z.literal(""), peer]),
    "",
    "When given, everything goes through this one peer (host:port): nobody else is connected to, let in, learned or told of.",
  ),
  setting(
    "node.relay_only",
    "switch",
    z.boolean(),
    false,
    "Keep and relay objects for others, and nothing else: no identities, no mail servers.",
  ),
  setting("node.bootstrap", "switch", z.boolean(), true, "Find first peers by the built-in list and by DNS."),
  setting("node.max_outbound", "number", whole.max(64), 8, "Connections that we open at most."),
  setting("node.max_inbound", "number", whole.max(10_000), 192, "Connections that we take at most."),
  setting(
    "node.tls",
    "switch",
    z.boolean(),
    true,
    "Encrypt connections with peers that can (anonymous, against listeners on the line).",
  ),
  setting(
    "node.dandelion",
    "number",
    whole.max(100),
    90,
    "Percent of objects that go on along a stem (Dandelion), so that nobody sees where they come from; 0 for no stems.",
  ),
  setting(
    "node.allow_private_peers",
    "switch",
    z.boolean(),
    false,
    "Learn and dial addresses of private networks; loopback peers in node.connect are always allowed.",
  ),
  setting(
    "node.lan_discovery",
    "switch",
    z.boolean(),
    false,
    "Find peers on the local network, and be found there, by broadcasts on UDP port 8444.",
  ),
  setting(
    "node.port_mapping",
    "switch",
    z.boolean(),
    false,
    "Ask the router (UPnP, NAT-PMP) to let other nodes in.",
  ),
  setting(
    "node.user_agent",
    "text",
    z.union([
      z.literal("generic"),
      z
        .string()
        .max(100)
        .regex(/^\/[A-Za-z]+:[0-9.]+[\w ().:;/-]*\/$/, 'write "/Name:Version/" or "generic"'),
    ]),
    "/BitmessageBridge:0.1.0/",
    'How we name ourselves to peers; "generic" for the name that most nodes have (PyBitmessage\'s).',
  ),
  setting(
    "node.proxy",
    "text",
    z
      .string()
      .refine(
        (text) => text === "" || isProxy(text),
        'write "socks5://[user:password@]host:port"; the host as an IP address',
      ),
    "",
    "SOCKS5 proxy for all outbound connections and names, such as Tor's socks5://127.0.0.1:9050; with it nothing listens but an onion service.",
  ),
  setting(
    "node.onion_only",
    "switch",
    z.boolean(),
    false,
    "Connect to onion services only; needs node.proxy.",
  ),
  setting(
    "node.onion_host",
    "text",
    z.string().regex(/^([a-z2-7]{56}\.onion)?$/, "write the 56 letters and .onion"),
    "",
    "The name of the onion service that leads to node.listen; it is told to the network.",
  ),
  setting("node.onion_port", "number", z.int().min(1).max(65_535), 8444, "The port of that onion service."),
  setting(
    "node.upload_limit",
    "number",
    limit,
    0,
    "Bytes per second sent to all peers together, at least 10000; 0 for no limit.",
  ),
  setting(
    "node.download_limit",
    "number",
    limit,
    0,
    "Bytes per second read from all peers together, at least 10000; 0 for no limit.",
  ),
  setting(
    "node.max_inventory",
    "number",
    whole.refine((bytes) => bytes === 0 || bytes >= 10_000_000, "write 0 for no limit, or 10000000 or more"),
    2_147_483_648,
    "Bytes of objects that are kept; beyond that what expires first has to go. 0 for no limit.",
  ),
];
