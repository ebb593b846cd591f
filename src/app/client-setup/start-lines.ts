/** What a person types into a mail client. */
import { type Config, isLoopback, type ServerConfig, tlsMode } from "../config/config.js";

export interface Endpoints {
  /** "host:port", or null when off. */
  readonly p2p: string | null;
  readonly imap: string | null;
  readonly smtp: string | null;
  readonly web: string | null;
  /** Where Thunderbird finds its settings by itself, when that could be had. */
  readonly autoconfig?: string | null;
  /** Why it could not be had. */
  readonly autoconfigMissing?: string | null;
  /** PyBitmessage's API. */
  readonly api?: string | null;
  /** Of Prometheus. */
  readonly metrics?: string | null;
}

export interface ClientSettingsInput {
  readonly config: Config;
  readonly endpoints: Endpoints;
  /** Only after the very first start. */
  readonly first: { readonly user: string; readonly password: string; readonly address: string } | null;
}

/** The lines printed by `bmbridge start`. */
export function clientSettings(input: ClientSettingsInput): string[] {
  const { config, endpoints, first } = input;
  if (config.node.relay_only) {
    return ["This node relays only.", `  Bitmessage      ${endpoints.p2p ?? "takes no connections"}`];
  }
  const lines: string[] = [];
  if (first !== null) {
    lines.push(
      "Welcome to Bitmessage Bridge. Your login and your first address are made; the password is shown only now:",
      "",
      `  your address  ${first.address}@${config.mail.domain}`,
      `  user name     ${first.user}`,
      `  password      ${first.password}`,
      "",
    );
  }
  lines.push("Settings for a mail client:");
  lines.push(`  reading (IMAP)  ${server(endpoints.imap, config.imap.tls)}`);
  lines.push(`  sending (SMTP)  ${server(endpoints.smtp, config.smtp.tls)}`);
  if (endpoints.autoconfig)
    lines.push("  Thunderbird     finds these by itself, from your address and password");
  if (endpoints.autoconfigMissing)
    lines.push(
      `  Thunderbird     is told these by hand: it would look at port 80 of loopback, and ${endpoints.autoconfigMissing};`,
      "                  bmbridge client-settings thunderbird says what to do",
    );
  if (endpoints.web !== null) {
    const scheme = isLoopback(hostOf(endpoints.web)) ? "http" : "https";
    const url = `${scheme}://${endpoints.web}/`;
    lines.push(`  address book    ${url} (CardDAV), user name and password`);
    lines.push(`  web page        ${url} to look and to manage, with the same`);
  }
  if (endpoints.api) {
    const scheme = isLoopback(hostOf(endpoints.api)) ? "http" : "https";
    lines.push(
      `  programs        ${scheme}://${endpoints.api}/ (PyBitmessage's API), api.username and its password`,
    );
  }
  if (endpoints.metrics) lines.push(`  metrics         http://${endpoints.metrics}/metrics (Prometheus)`);
  lines.push(`  Bitmessage      ${endpoints.p2p ?? "takes no connections"}`);
  return lines;
}

function hostOf(endpoint: string): string {
  return endpoint.slice(0, endpoint.lastIndexOf(":")).replace(/^\[|\]$/g, "");
}

function server(endpoint: string | null, tls: ServerConfig["tls"]): string {
  if (endpoint === null) return "off";
  const colon = endpoint.lastIndexOf(":");
  const host = endpoint.slice(0, colon);
  const mode = tlsMode(hostOf(endpoint), tls);
  const security = { off: "none", starttls: "STARTTLS", implicit: "TLS" }[mode];
  return `server ${host}, port ${endpoint.slice(colon + 1)}, security ${security}, user name and password`;
}
