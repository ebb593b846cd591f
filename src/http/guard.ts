/** Which requests are looked at: those that a page of somebody else cannot have made (RFC 9110 section 7.2, W3C Fetch Metadata). */
import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import { HttpError } from "./message.js";

/** Goes with every answer; a handler may set the same fields otherwise. */
export const PROTECTIVE_HEADERS: Readonly<Record<string, string>> = {
  "Cache-Control": "no-store",
  "Content-Security-Policy":
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
};

/** The host's name of a Host header without its port, in lower case; null when it is none. */
export function hostName(host: string): string | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(host);
  return (match?.[1] ?? match?.[2])?.toLowerCase() ?? null;
}

/**
 * Against DNS rebinding, where a stranger's name is made to lead here: only names that are ours, and addresses, which are no names.
 * @param names in lower case; `localhost` and all below it are ours anyway
 */
export function isOwnHost(host: string, names: readonly string[]): boolean {
  const name = hostName(host);
  if (name === null) return false;
  return isIP(name) !== 0 || name === "localhost" || name.endsWith(".localhost") || names.includes(name);
}

const READING = new Set(["GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT"]);

/**
 * Against requests that pages of other origins make in the name of the person: browsers tell where a request comes from, programs
 * say nothing of it. @throws HttpError 403
 */
export function refuseForeignOrigin(method: string, host: string, headers: IncomingHttpHeaders): void {
  const origin = headers.origin;
  if (origin !== undefined && originHost(origin) !== host.toLowerCase()) throw foreign();
  const site = headers["sec-fetch-site"];
  if (site === undefined || site === "same-origin" || site === "none") return;
  const isNavigation =
    READING.has(method) &&
    headers["sec-fetch-mode"] === "navigate" &&
    headers["sec-fetch-dest"] === "document";
  if (!isNavigation) throw foreign();
}

function originHost(origin: string): string | null {
  try {
    return new URL(origin).host;
  } catch {
    return null;
  }
}

function foreign(): HttpError {
  return new HttpError(403, "This request comes from another site.");
}
