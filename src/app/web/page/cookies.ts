/** Cookies (RFC 6265): two, neither readable by a script. */
import type { HttpRequest } from "../../../http/message.js";

export const SESSION_COOKIE = "bmbridge_session";
export const LANGUAGE_COOKIE = "bmbridge_language";

export function readCookie(request: HttpRequest, name: string): string | null {
  for (const pair of (request.header("cookie") ?? "").split(";")) {
    const equals = pair.indexOf("=");
    if (equals >= 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
  }
  return null;
}

/** Until the browser is closed, or for so many seconds; 0 removes it. */
export function cookie(request: HttpRequest, name: string, value: string, maxAge?: number): string {
  const parts = [`${name}=${value}`, "Path=/", "HttpOnly", "SameSite=Strict"];
  if (request.protection === "tls") parts.push("Secure");
  if (maxAge !== undefined) parts.push(`Max-Age=${maxAge}`);
  return parts.join("; ");
}
