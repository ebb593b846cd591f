/** A CardDAV server (RFC 6352) as a handler of HTTP requests; the host provides a backend. */
import { HttpError, type HttpHandler, type HttpRequest, type HttpResponse } from "../../http/message.js";
import type { CardDavBackend } from "./backend.js";
import { basicLogin } from "./basic-login.js";
import { deleteCard, getCard, putCard, readCard } from "./card-methods.js";
import { COMPLIANCE, DavError } from "./dav-error.js";
import { propfind, proppatch } from "./propfind.js";
import { report } from "./report.js";
import { Resources, ROOT } from "./resources.js";
import type { XmlElement } from "./xml.js";
import { parseXml, XmlError } from "./xml-parser.js";

export interface CardDavOptions {
  readonly backend: CardDavBackend;
}

/** Largest XML body: a multiget of thousands of cards. */
const MAX_XML = 4 * 1024 * 1024;
const METHODS = ["OPTIONS", "GET", "HEAD", "PUT", "DELETE", "PROPFIND", "PROPPATCH", "REPORT"];
const OPTIONS_HEADERS = { Allow: METHODS.join(", "), DAV: COMPLIANCE };

/** Whether a request is the address book's: below its root, at the well-known address, or WebDAV at the very top (RFC 6764 section 6). */
export function isCardDav({ method, path }: HttpRequest): boolean {
  if (path === ROOT || path.startsWith(`${ROOT}/`) || isWellKnown(path)) return true;
  return path === "/" && (method === "PROPFIND" || method === "OPTIONS");
}

function isWellKnown(path: string): boolean {
  return path === "/.well-known/carddav" || path === "/.well-known/carddav/";
}

export function createCardDavHandler({ backend }: CardDavOptions): HttpHandler {
  return async (request) => {
    if (isWellKnown(request.path)) return { status: 301, headers: { Location: `${ROOT}/` } };
    if (request.method === "OPTIONS") return { status: 200, headers: OPTIONS_HEADERS };
    const user = await basicLogin(request, backend);
    try {
      return await answer(request, () => new Resources(backend, user));
    } catch (error) {
      if (error instanceof DavError) return error.response();
      throw error;
    }
  };
}

/** @param look the resources as they are now: after each wait anew */
async function answer(request: HttpRequest, look: () => Resources): Promise<HttpResponse> {
  const { segments, method } = request;
  switch (method) {
    case "GET":
    case "HEAD":
      return getCard(request, look().find(segments));
    case "PUT":
      return putCard(request, await readCard(request, look()), look());
    case "DELETE":
      return deleteCard(request, look());
    case "PROPFIND":
    case "PROPPATCH":
    case "REPORT":
      return answerXml(request, await readXml(request), look());
    default:
      throw new HttpError(405, "This method is not served here.", OPTIONS_HEADERS);
  }
}

function answerXml(request: HttpRequest, xml: XmlElement | null, resources: Resources): HttpResponse {
  const resource = resources.find(request.segments);
  if (resource === null) throw new HttpError(404, "There is no such address book or card.");
  if (request.method === "REPORT") return report(resource, resources, xml);
  if (request.method === "PROPPATCH") return proppatch(resource, resources, xml);
  return propfind(resource, resources, xml, request.header("depth"));
}

async function readXml(request: HttpRequest): Promise<XmlElement | null> {
  const bytes = await request.body(MAX_XML);
  if (bytes.length === 0) return null;
  try {
    return parseXml(bytes);
  } catch (error) {
    if (error instanceof XmlError) throw new HttpError(400, `The XML is not taken: ${error.message}.`);
    throw error;
  }
}
