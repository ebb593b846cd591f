/** What every mail client has to know, whatever it calls it. */
import { type Config, isLoopback, parseEndpoint, type ServerConfig, tlsMode } from "../config/config.js";
import { publicName } from "../server-names.js";
import type { Endpoints } from "./start-lines.js";

export interface ClientFacts {
  readonly user: string;
  readonly domain: string;
  readonly identities: readonly ClientIdentity[];
  /** Null when switched off. */
  readonly imap: ServerFacts | null;
  readonly smtp: ServerFacts | null;
  /** Address of the web page, which is the address book's, too. */
  readonly web: string | null;
  /** Whether Thunderbird finds all this by itself. */
  readonly autoconfig: boolean;
  /** The authority to trust, a file in PEM; null where no server uses TLS. */
  readonly authority_file: string | null;
}

export interface ClientIdentity {
  readonly label: string;
  /** `BM-...@domain` */
  readonly mail_address: string;
}

export interface ServerFacts {
  readonly host: string;
  readonly port: number;
  readonly security: "off" | "starttls" | "implicit";
}

export interface ClientFactsInput {
  readonly config: Config;
  /** Where a running node listens; null without one. */
  readonly endpoints: Endpoints | null;
  readonly user: string;
  readonly identities: readonly ClientIdentity[];
  readonly authorityFile: string;
}

export function clientFacts({
  config,
  endpoints,
  user,
  identities,
  authorityFile,
}: ClientFactsInput): ClientFacts {
  const name = publicName(config);
  const facts = (kind: "imap" | "smtp" | "web", tls: ServerConfig["tls"]) =>
    serverFacts(name, `${kind}.listen`, endpoints ? endpoints[kind] : config[kind].listen, tls);
  const imap = facts("imap", config.imap.tls);
  const smtp = facts("smtp", config.smtp.tls);
  const web = facts("web", "auto");
  const usesTls = [imap, smtp, web].some((server) => server !== null && server.security !== "off");
  return {
    user,
    domain: config.mail.domain,
    identities,
    imap,
    smtp,
    web: web && `${web.security === "off" ? "http" : "https"}://${web.host}:${web.port}/`,
    autoconfig: Boolean(endpoints?.autoconfig),
    authority_file: usesTls ? authorityFile : null,
  };
}

/** @param listen "host:port"; null or "off" for none */
function serverFacts(
  name: string,
  setting: string,
  listen: string | null,
  tls: ServerConfig["tls"],
): ServerFacts | null {
  const endpoint = parseEndpoint(setting, listen ?? "off");
  if (endpoint === null) return null;
  const { host, port } = endpoint;
  return { host: reachableName(host, name), port, security: tlsMode(host, tls) };
}

/** What a client on this machine, or elsewhere, calls the host. */
function reachableName(host: string, name: string): string {
  if (isLoopback(host)) return "localhost";
  if (host === "0.0.0.0" || host === "::") return name;
  return host.includes(":") ? `[${host}]` : host;
}
