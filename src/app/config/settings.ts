/** Every setting: its type, default and sentence. The schema, `config/example.toml` and the environment's names all come from this table. */
import { availableParallelism } from "node:os";
import { z } from "zod";
import { EXCHANGE_SETTINGS } from "./exchange-settings.js";
import { parseProxy } from "./proxy.js";
import { type Setting, setting } from "./setting.js";

const LISTEN = /^(off|\[[0-9a-fA-F:.]+\]:\d{1,5}|[^\s:[\]]+:\d{1,5})$/;
const listen = z
  .string()
  .regex(LISTEN, 'write "host:port", "[IPv6]:port" or "off"')
  .refine(hasPossiblePort, "ports end at 65535");
const peer = z
  .string()
  .regex(/^(\[[0-9a-fA-F:.]+\]|[^\s:[\]]+):\d{1,5}$/, 'write "host:port"')
  .refine(hasPossiblePort, "ports end at 65535");
const whole = z.int().min(0);
const limit = whole.refine(
  (bytes) => bytes === 0 || bytes >= 10_000,
  "write 0 for no limit, or 10000 or more",
);
const tlsMode = z.enum(["off", "starttls", "implicit", "auto"]);

function hasPossiblePort(text: string): boolean {
  return text === "off" || Number(text.slice(text.lastIndexOf(":") + 1)) <= 65_535;
}

function isProxy(text: string): boolean {
  try {
    parseProxy(text);
    return true;
  } catch {
    return false;
  }
}

export const SETTINGS: readonly Setting[] = [
  setting(
    "node.listen",
    "text",
    listen,
    "0.0.0.0:8444",
    'Where other nodes reach us; "off" to take no connections.',
  ),
  setting(
    "node.connect",
    "list",
    z.array(peer),
    [],
    "When given, only these peers (host:port) are connected to, and there is no bootstrap.",
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
    "node.user_agent",
    "text",
    z
      .string()
      .max(100)
      .regex(/^\/[A-Za-z]+:[0-9.]+[\w ().:;/-]*\/$/),
    "/BitmessageBridge:0.1.0/",
    "How we name ourselves to peers.",
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
    "network.name",
    "text",
    z.string().regex(/^[a-z0-9-]{1,32}$/, "use 1 to 32 of a-z, 0-9 and -"),
    "main",
    "The network that the data belongs to; any name but main is a private one, which has no public entrances.",
  ),
  setting(
    "network.min_trials_per_byte",
    "number",
    whole.min(1),
    1000,
    "Least work per byte; lower only for a private network, which then needs another name.",
  ),
  setting(
    "network.min_extra_bytes",
    "number",
    whole.min(1),
    1000,
    "Bytes added to each object when work is reckoned; lower only for a private network.",
  ),
  setting("imap.listen", "text", listen, "127.0.0.1:1143", 'Where mail clients read; "off" for no IMAP.'),
  setting(
    "imap.tls",
    "text",
    tlsMode,
    "auto",
    '"off", "starttls" or "implicit"; "auto" is off on loopback and implicit elsewhere.',
  ),
  setting(
    "imap.require_tls",
    "switch",
    z.boolean(),
    false,
    "Refuse passwords on connections without TLS; always so when listening beyond loopback.",
  ),
  setting(
    "imap.layout",
    "text",
    z.enum(["combined", "split"]),
    "combined",
    '"combined": one INBOX for all identities; "split": a folder for each, Identities/LABEL. A change moves the mail.',
  ),
  setting("smtp.listen", "text", listen, "127.0.0.1:1025", 'Where mail clients send; "off" for no SMTP.'),
  setting(
    "smtp.tls",
    "text",
    tlsMode,
    "auto",
    '"off", "starttls" or "implicit"; "auto" is off on loopback and implicit elsewhere.',
  ),
  setting(
    "smtp.require_tls",
    "switch",
    z.boolean(),
    false,
    "Refuse passwords on connections without TLS; always so when listening beyond loopback.",
  ),
  setting(
    "web.listen",
    "text",
    listen,
    "127.0.0.1:8025",
    'Where the web page and the address book (CardDAV) are, with TLS beyond loopback; "off" for none.',
  ),
  setting(
    "mail.domain",
    "text",
    z.string().regex(/^[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?$/i, "write a domain name"),
    "bm.localhost",
    "The domain behind our mail addresses.",
  ),
  setting(
    "mail.expire_days",
    "number",
    whole.max(36_500),
    0,
    "Days after which mail is removed from Trash and Junk; 0 for never.",
  ),
  setting(
    "send.ttl",
    "number",
    z.int().min(3600).max(2_419_200),
    345_600,
    "Seconds that a message lives on the network, 3600 to 2419200.",
  ),
  setting(
    "send.max_work",
    "number",
    z.number().min(0),
    0,
    "Most trials that one message may cost; 0 for no limit.",
  ),
  setting(
    "send.delay_warning",
    "number",
    whole,
    86_400,
    "Seconds without the recipient's key after which a delay report is written; 0 for never.",
  ),
  setting(
    "send.delivered_reports",
    "switch",
    z.boolean(),
    false,
    "Write a report for each delivery, also where the mail does not ask for one.",
  ),
  setting(
    "send.give_up_after",
    "number",
    whole,
    2_419_200,
    "Seconds after which sending ends for good; 0 for never.",
  ),
  setting(
    "send.ack_delay",
    "number",
    whole.max(86_400),
    60,
    "Acknowledgements wait a random time of up to so many seconds, so that their time does not tell where a message has arrived.",
  ),
  setting(
    "send.thread_headers",
    "switch",
    z.boolean(),
    true,
    "Send Message-ID and References along, so that threads hold.",
  ),
  setting(
    "send.attachments",
    "text",
    z.enum(["extended", "inline", "refuse"]),
    "extended",
    'How attachments travel: "extended" encoding, "inline" in the text as older clients read them, or "refuse".',
  ),
  setting(
    "send.auto_reply_limit",
    "number",
    whole,
    20,
    "Automatic answers that one correspondent gets within an hour, so that two programs cannot answer each other for ever; 0 for no limit.",
  ),
  ...EXCHANGE_SETTINGS,
  setting(
    "pow.engine",
    "text",
    z.enum(["auto", "native", "wasm", "javascript"]),
    "auto",
    'What does the proof of work: "native" (compiled C), "wasm", "javascript", or "auto" for the fastest here.',
  ),
  setting(
    "pow.threads",
    "number",
    whole.max(1024),
    0,
    "Threads for the proof of work; 0 for cores less one, at least one.",
  ),
  setting("log.level", "text", z.enum(["debug", "info", "warn", "error"]), "info", "What is logged."),
  setting(
    "log.format",
    "text",
    z.enum(["pretty", "json", "auto"]),
    "auto",
    '"pretty" for people, "json" for programs, "auto" for pretty on a terminal.',
  ),
];

/**
 * Settings of the interface that later versions give a meaning to. They are known, so that one configuration serves all versions;
 * a value that asks for what is not there is refused where ignoring it could harm (`refuse`), else warned about.
 */
export const FUTURE_SETTINGS: readonly (Setting & { readonly otherwise: "refuse" | "warn" })[] = [
  {
    ...setting(
      "node.lan_discovery",
      "switch",
      z.boolean(),
      false,
      "Find peers on the local network. Not in this version.",
    ),
    otherwise: "warn",
  },
  {
    ...setting(
      "keys.passphrase_file",
      "text",
      z.string(),
      "",
      "File with the passphrase that encrypts private keys at rest. Not in this version.",
    ),
    otherwise: "refuse",
  },
];

export const ALL_SETTINGS: readonly Setting[] = [...SETTINGS, ...FUTURE_SETTINGS];

/** Threads for the proof of work that `pow.threads = 0` stands for. */
export function defaultThreads(): number {
  return Math.max(1, availableParallelism() - 1);
}
