/** Makes the transports that the configuration names. */
import { homedir } from "node:os";
import { createCommandTransport } from "../mail/transports/command.js";
import { createImapTransport } from "../mail/transports/imap.js";
import { createSmtpTransport } from "../mail/transports/smtp.js";
import type { Login, ServerAddress, Transport } from "../mail/transports/transport.js";
import { createWebhookTransport } from "../mail/transports/webhook.js";
import { systemClock } from "../store/stores.js";
import { type Config, ConfigError, isLoopback } from "./config/config.js";
import { type DeliveryConfig, hostOf } from "./config/delivery.js";
import { readText, secretReader } from "./config/secret.js";

/** Milliseconds. */
const CONNECT_TIMEOUT = 30_000;
/** RFC 5321 section 4.5.3.2.6: the answer to a mail may take ten minutes. */
const REPLY_TIMEOUT = 600_000;

interface Naming {
  /** How we name ourselves to servers. */
  readonly name: string;
}

export function createTransport(target: DeliveryConfig, { name }: Naming): Transport {
  const setting = `delivery "${target.name}"`;
  const timeouts = { connectTimeout: CONNECT_TIMEOUT, replyTimeout: REPLY_TIMEOUT };
  switch (target.type) {
    case "smtp":
    case "lmtp":
      return createSmtpTransport({
        ...timeouts,
        protocol: target.type,
        server: target.server.startsWith("unix:")
          ? { path: target.server.slice("unix:".length) }
          : serverAddress(setting, target),
        login: loginOf(setting, target),
        name,
        sender: target.sender === "original" ? null : target.sender,
      });
    case "imap": {
      const login = loginOf(setting, target);
      if (login === null) throw new ConfigError(setting, "an IMAP account has a username and a password");
      return createImapTransport({
        ...timeouts,
        server: serverAddress(setting, target),
        login,
        folder: target.folder,
      });
    }
    case "command":
      return createCommandTransport({
        command: target.command,
        timeLimit: target.time_limit * 1000,
        environment: { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: homedir(), LANG: "C.UTF-8" },
      });
    case "webhook":
      return createWebhookTransport({
        url: new URL(target.url),
        format: target.format,
        secret: secretReader(`${setting}.secret`, {
          file: target.secret_file,
          variable: target.secret_env,
        }),
        timeLimit: target.time_limit * 1000,
        authorities: authoritiesOf(setting, target.authorities_file),
        clock: systemClock,
      });
  }
}

/** The smarthost, or null when there is none. */
export function relayTransport(smtp: Config["smtp"], { name }: Naming): Transport | null {
  if (smtp.relay === "") return null;
  return createSmtpTransport({
    protocol: "smtp",
    server: serverAddress("smtp.relay", {
      server: smtp.relay,
      tls: smtp.relay_tls,
      authorities_file: smtp.relay_authorities_file,
    }),
    login: loginOf("smtp.relay_user", {
      username: smtp.relay_user,
      password_file: smtp.relay_password_file,
      password_env: smtp.relay_password_env,
    }),
    name,
    sender: null,
    connectTimeout: CONNECT_TIMEOUT,
    replyTimeout: REPLY_TIMEOUT,
  });
}

/**
 * Reads what the transports will need, so that what is missing is told before anything starts.
 * @throws ConfigError that names the setting
 */
export function checkSecrets({ delivery, smtp }: Config): void {
  for (const target of delivery) {
    const setting = `delivery "${target.name}"`;
    if ("username" in target) loginOf(setting, target)?.password();
    if (target.type === "webhook")
      secretReader(`${setting}.secret`, { file: target.secret_file, variable: target.secret_env })?.();
  }
  if (smtp.relay === "") return;
  const { relay_user: username, relay_password_file: password_file, relay_password_env: password_env } = smtp;
  loginOf("smtp.relay_user", { username, password_file, password_env })?.password();
}

function loginOf(
  setting: string,
  given: {
    readonly username?: string | undefined;
    readonly password_file?: string | undefined;
    readonly password_env?: string | undefined;
  },
): Login | null {
  const { username = "", password_file, password_env } = given;
  const password = secretReader(`${setting}.password`, { file: password_file, variable: password_env });
  return username === "" || password === null ? null : { username, password };
}

function serverAddress(
  setting: string,
  given: {
    readonly server: string;
    readonly tls: "auto" | "off" | "starttls" | "implicit";
    readonly authorities_file?: string | undefined;
  },
): ServerAddress {
  const host = hostOf(given.server);
  const port = Number(given.server.slice(given.server.lastIndexOf(":") + 1));
  const tls = given.tls === "auto" ? automaticTls(host, port) : given.tls;
  return { host, port, tls, authorities: authoritiesOf(setting, given.authorities_file) };
}

function automaticTls(host: string, port: number): ServerAddress["tls"] {
  if (port === 465 || port === 993) return "implicit";
  return isLoopback(host) ? "off" : "starttls";
}

function authoritiesOf(setting: string, file: string | undefined): string | null {
  return file === undefined || file === "" ? null : readText(`${setting}.authorities_file`, file);
}
