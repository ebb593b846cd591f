import type { DeliveryConfig } from "./delivery.js";

/** The configuration as the program uses it. */
export interface Config {
  readonly node: {
    readonly listen: string;
    readonly connect: readonly string[];
    readonly trusted_peer: string;
    readonly relay_only: boolean;
    readonly lan_discovery: boolean;
    readonly port_mapping: boolean;
    readonly max_inventory: number;
    readonly bootstrap: boolean;
    readonly max_outbound: number;
    readonly max_inbound: number;
    readonly tls: boolean;
    readonly dandelion: number;
    readonly allow_private_peers: boolean;
    readonly user_agent: string;
    readonly proxy: string;
    readonly onion_only: boolean;
    readonly onion_host: string;
    readonly onion_port: number;
    readonly upload_limit: number;
    readonly download_limit: number;
  };
  readonly network: {
    readonly name: string;
    readonly min_trials_per_byte: number;
    readonly min_extra_bytes: number;
  };
  readonly imap: ServerConfig & { readonly layout: "combined" | "split" };
  readonly smtp: ServerConfig & {
    readonly trusted_networks: readonly string[];
    readonly trusted_authorities_file: string;
    readonly relay: string;
    readonly relay_tls: "auto" | "off" | "starttls" | "implicit";
    readonly relay_user: string;
    readonly relay_password_file: string;
    readonly relay_password_env: string;
    readonly relay_authorities_file: string;
  };
  readonly web: { readonly listen: string; readonly autoconfig: boolean };
  readonly api: {
    readonly listen: string;
    readonly username: string;
    readonly password_file: string;
    readonly variant: "xml" | "json" | "legacy";
    readonly notify_path: string;
    readonly user: string;
  };
  readonly mail: {
    readonly domain: string;
    readonly server_name: string;
    readonly expire_days: number;
    /** `owner=mail address` */
    readonly addresses: readonly string[];
  };
  readonly handover: {
    readonly retry_after: number;
    readonly delay_warning: number;
    readonly give_up_after: number;
  };
  readonly delivery: readonly DeliveryConfig[];
  readonly send: {
    readonly ttl: number;
    readonly max_work: number;
    readonly delay_warning: number;
    readonly delivered_reports: boolean;
    readonly give_up_after: number;
    readonly ack_delay: number;
    readonly thread_headers: boolean;
    readonly attachments: "extended" | "inline" | "refuse";
    readonly auto_reply_limit: number;
  };
  readonly pow: {
    readonly engine: "auto" | "native" | "gpu" | "wasm" | "javascript";
    readonly threads: number;
  };
  readonly login: { readonly max_failures: number; readonly lockout: number };
  readonly keys: { readonly passphrase_file: string; readonly start_locked: boolean };
  readonly metrics: { readonly listen: string };
  readonly log: {
    readonly level: "debug" | "info" | "warn" | "error";
    readonly format: "pretty" | "json" | "auto";
  };
}

export interface ServerConfig {
  readonly listen: string;
  readonly tls: "off" | "starttls" | "implicit" | "auto";
  readonly require_tls: boolean;
}

/** What is wrong with the configuration, named by its setting. */
export class ConfigError extends Error {
  constructor(
    /** `section.key`, or the file. */
    readonly setting: string,
    text: string,
  ) {
    super(`${setting}: ${text}`);
    this.name = "ConfigError";
  }
}

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Reads "host:port" or "[IPv6]:port"; null for "off". ConfigError when the port is out of range. */
export function parseEndpoint(setting: string, text: string): Endpoint | null {
  if (text === "off") return null;
  const colon = text.lastIndexOf(":");
  const port = Number(text.slice(colon + 1));
  if (port > 65_535) throw new ConfigError(setting, `port ${port} is above 65535`);
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ""), port };
}

export function formatEndpoint(endpoint: Endpoint): string {
  return endpoint.host.includes(":")
    ? `[${endpoint.host}]:${endpoint.port}`
    : `${endpoint.host}:${endpoint.port}`;
}

export function isLoopback(host: string): boolean {
  return /^127\./.test(host) || host === "::1" || host === "localhost" || host.endsWith(".localhost");
}

/** How a server at that host is protected: plain on loopback, TLS everywhere else, unless the setting says otherwise. */
export function tlsMode(host: string, setting: ServerConfig["tls"]): "off" | "starttls" | "implicit" {
  if (setting !== "auto") return setting;
  return isLoopback(host) ? "off" : "implicit";
}
