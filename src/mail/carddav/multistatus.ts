/** 207 Multi-Status (RFC 4918 section 13): for each resource the properties that it has and those that it has not. */
import type { HttpResponse } from "../../http/message.js";
import { xmlResponse } from "./dav-error.js";
import type { PropertyName } from "./properties.js";
import { dav, node, type XmlNode } from "./xml.js";

export const OK = "HTTP/1.1 200 OK";
export const NOT_FOUND = "HTTP/1.1 404 Not Found";
export const FORBIDDEN = "HTTP/1.1 403 Forbidden";
export const INSUFFICIENT_STORAGE = "HTTP/1.1 507 Insufficient Storage";

export function multistatus(responses: readonly XmlNode[], ...more: XmlNode[]): HttpResponse {
  return xmlResponse(207, dav("multistatus", ...responses, ...more));
}

/** A resource of which nothing is told but a status. */
export function statusResponse(href: string, status: string, ...more: XmlNode[]): XmlNode {
  return dav("response", dav("href", href), dav("status", status), ...more);
}

/** What was found stands first: some clients look no further. */
export function propertyResponse(
  href: string,
  found: readonly XmlNode[],
  missing: readonly PropertyName[],
  missingStatus: string = NOT_FOUND,
): XmlNode {
  const stats: XmlNode[] = [];
  if (found.length > 0 || missing.length === 0) stats.push(propertyStatus(found, OK));
  const absent = missing.map(({ namespace, name }) => node(namespace, name));
  if (absent.length > 0) stats.push(propertyStatus(absent, missingStatus));
  return dav("response", dav("href", href), ...stats);
}

function propertyStatus(properties: readonly XmlNode[], status: string): XmlNode {
  return dav("propstat", dav("prop", ...properties), dav("status", status));
}
