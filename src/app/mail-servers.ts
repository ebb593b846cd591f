/** The IMAP and SMTP servers as configured: where they listen, and how they are protected. */
import type { Logger } from "../logger.js";
import { createImapServer } from "../mail/imap/server.js";
import { createSubmissionServer } from "../mail/smtp/server.js";
import type { TrustedServersOptions } from "../mail/smtp/trusted-servers.js";
import { loadServerCertificate } from "./certificates.js";
import {
  type Config,
  ConfigError,
  type Endpoint,
  formatEndpoint,
  isLoopback,
  parseEndpoint,
  type ServerConfig,
  tlsMode,
} from "./config/config.js";
import { readText } from "./config/secret.js";
import type { DataDirectory } from "./data-directory.js";
import { LOCKED } from "./key-gate.js";
import { portHolder } from "./port-holder.js";
import { serverNames } from "./server-names.js";
import type { Services } from "./services.js";
import type { StorageHealth } from "./storage-health.js";
import type { StorageRefusals } from "./storage-refusals.js";

export interface MailServers {
  /** ConfigError names the setting whose address cannot be had. */
  start(): Promise<{ readonly imap: string | null; readonly smtp: string | null }>;
  stop(): Promise<void>;
  /** Open ones. */
  connections(): { readonly imap: number; readonly smtp: number };
}

export interface MailServersOptions {
  readonly config: Config;
  readonly directory: DataDirectory;
  readonly services: Services;
  readonly refusals: StorageRefusals;
  readonly health: Pick<StorageHealth, "trouble">;
  readonly logger: Logger;
}

interface Server {
  start(): Promise<Endpoint>;
  stop(): Promise<void>;
  connections(): number;
}

export function createMailServers(options: MailServersOptions): MailServers {
  const imap = createImap(options);
  const smtp = createSmtp(options);
  const running: Server[] = [];
  const start = async (setting: string, server: Server | null) => {
    if (server === null) return null;
    const endpoint = await listening(setting, () => server.start());
    running.push(server);
    return endpoint;
  };
  return {
    start: async () => ({ imap: await start("imap.listen", imap), smtp: await start("smtp.listen", smtp) }),
    connections: () => ({ imap: imap?.connections() ?? 0, smtp: smtp?.connections() ?? 0 }),
    async stop() {
      await Promise.all(running.splice(0).map((server) => server.stop()));
    },
  };
}

/** Starts something that listens; resolves with "host:port", or null when it does not listen. */
export async function listening(
  setting: string,
  start: () => Promise<Endpoint | null>,
): Promise<string | null> {
  try {
    const endpoint = await start();
    return endpoint === null ? null : formatEndpoint(endpoint);
  } catch (error) {
    const { code = "", port, address } = error as NodeJS.ErrnoException & { port?: number; address?: string };
    if (code === "EADDRINUSE" && port !== undefined)
      throw new ConfigError(setting, portTaken(setting, address ?? "127.0.0.1", port));
    const reason = REASONS[code];
    if (reason === undefined) throw error;
    throw new ConfigError(setting, reason);
  }
}

function portTaken(setting: string, host: string, port: number): string {
  const another = formatEndpoint({ host, port }).replace(/\d+$/, "PORT");
  return `port ${port} is in use by ${portHolder(port) ?? "another program"}; choose another: --set ${setting}=${another}`;
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "the port is in use by another program",
  EACCES: "this user may not listen on that port",
  EADDRNOTAVAIL: "this machine does not have that address",
  ENOTFOUND: "the host is not known",
  EAI_AGAIN: "the host is not known",
};

/** APPEND takes what fits into a mail store of ordinary size. */
const APPEND_LIMIT = 64 * 1024 * 1024;

function createImap({
  config,
  directory,
  services,
  refusals,
  health,
  logger,
}: MailServersOptions): Server | null {
  const listen = parseEndpoint("imap.listen", config.imap.listen);
  if (listen === null) return null;
  return createImapServer({
    backend: services.backend,
    listen,
    ...protection("imap", config, listen, directory),
    appendLimit: APPEND_LIMIT,
    id: { name: "bitmessage-bridge" },
    explain: refusals.imap,
    alert: () => health.trouble()?.text ?? (services.keyGate.state === "locked" ? LOCKED : null),
    logger: logger.child({ room: "imap" }),
  });
}

function createSmtp({ config, directory, services, refusals, logger }: MailServersOptions): Server | null {
  const listen = parseEndpoint("smtp.listen", config.smtp.listen);
  if (listen === null) return null;
  const protectedBy = protection("smtp", config, listen, directory);
  return createSubmissionServer({
    handler: services.submission,
    listen,
    ...protectedBy,
    trustedServers: trustedServers(config, protectedBy),
    name: config.mail.domain,
    explain: refusals.smtp,
    logger: logger.child({ room: "smtp" }),
  });
}

/** A certificate can be asked for over TLS only. */
function trustedServers({ smtp }: Config, { tls }: Protection): TrustedServersOptions {
  const file = smtp.trusted_authorities_file;
  if (file !== "" && tls.mode === "off")
    throw new ConfigError("smtp.trusted_authorities_file", 'needs smtp.tls "starttls" or "implicit"');
  const authorities = file === "" ? null : readText("smtp.trusted_authorities_file", file);
  return { networks: smtp.trusted_networks, authorities };
}

interface Protection {
  readonly tls:
    | { readonly mode: "off" }
    | { readonly mode: "starttls" | "implicit"; readonly key: string; readonly cert: string };
  readonly requireTls: boolean;
}

/** Plain on loopback, TLS everywhere else; passwords never go in the clear over a real network. */
function protection(
  name: "imap" | "smtp",
  config: Config,
  listen: Endpoint,
  directory: DataDirectory,
): Protection {
  const settings: ServerConfig = config[name];
  const loopback = isLoopback(listen.host);
  const mode = tlsMode(listen.host, settings.tls);
  const requireTls = settings.require_tls || !loopback;
  if (mode === "off") {
    if (requireTls)
      throw new ConfigError(`${name}.tls`, "may be off only on loopback and without require_tls");
    return { tls: { mode }, requireTls };
  }
  const { key, certificate } = loadServerCertificate(directory.certificates, serverNames(config), new Date());
  return { tls: { mode, key, cert: certificate }, requireTls };
}
