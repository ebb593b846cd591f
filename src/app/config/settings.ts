/** Every setting: its type, default and sentence. The schema, `config/example.toml` and the environment's names all come from this table. */
import { availableParallelism } from "node:os";
import { z } from "zod";
import { API_SETTINGS } from "./api-settings.js";
import { listenSchema as listen } from "./endpoint-schemas.js";
import { EXCHANGE_SETTINGS } from "./exchange-settings.js";
import { NODE_SETTINGS } from "./node-settings.js";
import { type Setting, setting } from "./setting.js";

const whole = z.int().min(0);
const tlsMode = z.enum(["off", "starttls", "implicit", "auto"]);

export const SETTINGS: readonly Setting[] = [
  ...NODE_SETTINGS,
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
    "web.autoconfig",
    "switch",
    z.boolean(),
    true,
    "Tell mail clients their settings on port 80 of loopback as well, where that port can be had: Thunderbird looks there.",
  ),
  ...API_SETTINGS,
  setting(
    "mail.domain",
    "text",
    z.string().regex(/^[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?$/i, "write a domain name"),
    "bm.localhost",
    "The domain behind our mail addresses.",
  ),
  setting(
    "mail.server_name",
    "text",
    z.string().regex(/^(?:[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?)?$/i, "write a host name"),
    "",
    "What mail clients on other machines call this one, for certificates and set-up; empty for the machine's own name.",
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
    z.enum(["auto", "native", "gpu", "wasm", "javascript"]),
    "auto",
    'What does the proof of work: "native" (compiled C), "gpu", "wasm", "javascript", or "auto" for the fastest here.',
  ),
  setting(
    "pow.threads",
    "number",
    whole.max(1024),
    0,
    "Threads for the proof of work; 0 for cores less one, at least one.",
  ),
  setting(
    "keys.passphrase_file",
    "text",
    z.string(),
    "",
    "File with the passphrase that private keys are encrypted with at rest; a systemd credential named bmbridge-passphrase does the same.",
  ),
  setting(
    "keys.start_locked",
    "switch",
    z.boolean(),
    false,
    "Start without the passphrase where nobody can be asked: mail is taken and kept, and nothing is sent or opened until the keys are unlocked on the web page, by mail to bridge@, or with keys unlock.",
  ),
  setting(
    "login.max_failures",
    "number",
    whole.max(1_000_000),
    20,
    "Wrong passwords for a login from one place, over all servers together, after which that place is locked out; 0 for never. App passwords work all the same.",
  ),
  setting(
    "login.lockout",
    "number",
    z.int().min(1).max(86_400),
    900,
    "Seconds that it is locked out, and after which wrong passwords are forgotten.",
  ),
  setting(
    "metrics.listen",
    "text",
    listen,
    "off",
    'Where Prometheus fetches /metrics, such as "127.0.0.1:9484"; on loopback only, as there is no login; "off" for none.',
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

/** Threads for the proof of work that `pow.threads = 0` stands for. */
export function defaultThreads(): number {
  return Math.max(1, availableParallelism() - 1);
}
