import { hostname } from "node:os";
import { type Config, isLoopback, parseEndpoint } from "./config/config.js";

/** Addresses that stand for every address of the machine. */
const EVERYWHERE: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);

/** What clients on other machines call this one. */
export function publicName(config: Config): string {
  return config.mail.server_name || hostname();
}

/** All names and addresses by which clients may reach our servers: what the certificate is for. */
export function serverNames(config: Config): string[] {
  const hosts = (["imap", "smtp", "web", "api"] as const)
    .map((name) => parseEndpoint(`${name}.listen`, config[name].listen)?.host ?? "localhost")
    .filter((host) => !isLoopback(host));
  const beyond = hosts.length === 0 ? [] : [publicName(config), hostname()];
  const named = hosts.filter((host) => !EVERYWHERE.has(host));
  return [
    ...new Set(["localhost", config.mail.domain, ...beyond, ...named].map((name) => name.toLowerCase())),
  ];
}
