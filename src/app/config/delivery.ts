/** The `[[delivery]]` tables of the configuration: where received mail is handed on to. */
import { z } from "zod";
import { ConfigError, isLoopback } from "./config.js";

export type DeliveryConfig = z.infer<typeof delivery>;

const oneLine = z
  .string()
  .min(1, "is empty")
  .max(1000)
  .regex(/^[^\p{C}]*$/u, "has control characters");
const server = z
  .string()
  .regex(/^(\[[0-9a-fA-F:.]+\]|[^\s:[\]]+):\d{1,5}$/, 'write "host:port"')
  .refine((text) => isPort(text), "ports go from 1 to 65535");
const socket = z.string().regex(/^unix:\/./, 'write "host:port" or "unix:/path"');
const mailAddress = z.string().regex(/^[^\s<>@]+@[^\s<>@]+$/, "write a mail address");
const absolutePath = z.string().regex(/^\/[^\0]+$/, "write an absolute path");
const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "write the name of an environment variable");
const tls = z.enum(["auto", "off", "starttls", "implicit"]);
/** Its checksum is looked at where the rooms that can do so are loaded. */
const bitmessageAddress = z.string().regex(/^BM-[1-9A-HJ-NP-Za-km-z]{20,50}$/, "is no Bitmessage address");

const common = {
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, "use 1 to 32 of a-z, 0-9 and -"),
  users: z.array(oneLine).min(1, "is empty").optional(),
  addresses: z.array(bitmessageAddress).min(1, "is empty").optional(),
  kinds: z
    .array(z.enum(["message", "chan", "broadcast", "report"]))
    .min(1, "is empty")
    .default(["message", "chan", "broadcast", "report"]),
};
const protection = { tls: tls.default("auto"), authorities_file: absolutePath.optional() };
const login = {
  username: oneLine.optional(),
  password_file: absolutePath.optional(),
  password_env: variable.optional(),
};
const recipient = z
  .string()
  .regex(/^[^\s<>]+$/, 'write a mail address; "{user}" stands for the login')
  .optional();
const sender = z
  .union([z.literal("original"), z.literal(""), mailAddress], 'write "", "original" or a mail address')
  .default("");

const delivery = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.enum(["smtp", "lmtp"]),
    ...common,
    ...protection,
    ...login,
    server: z.union([server, socket], 'write "host:port" or "unix:/path"'),
    sender,
    recipient,
  }),
  z.strictObject({
    type: z.literal("imap"),
    ...common,
    ...protection,
    ...login,
    server,
    username: oneLine,
    folder: oneLine.default("INBOX"),
  }),
  z.strictObject({
    type: z.literal("command"),
    ...common,
    command: z.tuple([absolutePath], z.string().regex(/^[^\0]*$/)),
    time_limit: z.int().min(1).max(3600).default(60),
    recipient,
  }),
  z.strictObject({
    type: z.literal("webhook"),
    ...common,
    url: z.url({ protocol: /^https?$/, error: 'write "https://..."' }),
    format: z.enum(["rfc822", "json"]).default("rfc822"),
    secret_file: absolutePath.optional(),
    secret_env: variable.optional(),
    authorities_file: absolutePath.optional(),
    time_limit: z.int().min(1).max(3600).default(60),
    allow_plain: z.boolean().default(false),
    recipient,
  }),
]);

/**
 * Reads the tables.
 * @param place names the place of a key (null: the table) of the table with that index
 * @throws ConfigError with the place of the first thing that is wrong
 */
export function readDeliveries(
  tables: unknown,
  place: (index: number, key: string | null) => string,
): DeliveryConfig[] {
  if (!Array.isArray(tables))
    throw new ConfigError(place(0, null), "delivery targets are tables with two brackets: [[delivery]]");
  const names = new Set<string>();
  return tables.map((table, index) => {
    const target = readDelivery(table, (key) => place(index, key));
    if (names.has(target.name))
      throw new ConfigError(place(index, "name"), `another delivery target is called "${target.name}"`);
    names.add(target.name);
    return target;
  });
}

function readDelivery(table: unknown, place: (key: string | null) => string): DeliveryConfig {
  const result = delivery.safeParse(table);
  if (!result.success) {
    const issue = result.error.issues[0];
    if (issue?.code === "unrecognized_keys") {
      const key = issue.keys[0] ?? null;
      throw new ConfigError(place(key), `a delivery target of this type has no "${key}"`);
    }
    const key = String(issue?.path[0] ?? "");
    const isMissing = typeof table === "object" && table !== null && !Object.hasOwn(table, key);
    const text = isMissing ? "is missing" : (issue?.message ?? "not a possible value");
    throw new ConfigError(place(isMissing ? null : key), `delivery.${key}: ${text}`);
  }
  checkTogether(result.data, place);
  return result.data;
}

/** What no single key shows. */
function checkTogether(target: DeliveryConfig, place: (key: string | null) => string): void {
  if (target.name === "relay") throw new ConfigError(place("name"), '"relay" names the smarthost');
  if (target.type === "webhook") checkWebhook(target, place);
  if (target.type === "command" || target.type === "webhook") return;
  checkLogin(target, place);
  const isLocal = target.server.startsWith("unix:") || isLoopback(hostOf(target.server));
  if (target.tls === "off" && target.username !== undefined && !isLocal)
    throw new ConfigError(place("tls"), "a password goes over TLS only, except on this machine");
}

function checkLogin(
  target: {
    username?: string | undefined;
    password_file?: string | undefined;
    password_env?: string | undefined;
  },
  place: (key: string | null) => string,
): void {
  const { username, password_file, password_env } = target;
  const passwords = [password_file, password_env].filter((one) => one !== undefined).length;
  if (username === undefined && passwords > 0)
    throw new ConfigError(place(null), "there is a password, but no username");
  if (username !== undefined && passwords !== 1)
    throw new ConfigError(place("username"), "give the password with password_file or with password_env");
}

function checkWebhook(
  target: Extract<DeliveryConfig, { type: "webhook" }>,
  place: (key: string | null) => string,
): void {
  const url = new URL(target.url);
  if (url.username !== "" || url.password !== "")
    throw new ConfigError(place("url"), "a password in the URL would be in logs; use secret_file");
  if (target.secret_file !== undefined && target.secret_env !== undefined)
    throw new ConfigError(place("secret_file"), "give the secret with secret_file or with secret_env");
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (url.protocol === "http:" && !isLoopback(host) && !target.allow_plain)
    throw new ConfigError(place("url"), "mail goes over https only; allow_plain = true lifts that");
}

export function hostOf(text: string): string {
  return text.slice(0, text.lastIndexOf(":")).replace(/^\[|\]$/g, "");
}

function isPort(text: string): boolean {
  const port = Number(text.slice(text.lastIndexOf(":") + 1));
  return port >= 1 && port <= 65_535;
}
