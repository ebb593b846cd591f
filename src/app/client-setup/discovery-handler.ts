/**
 * The addresses at which mail clients look for settings by themselves: Thunderbird's autoconfig and Outlook's autodiscover. Open to
 * everybody who reaches the server, so they tell where the servers are, and nothing of who has which address.
 */
import { HttpError, type HttpHandler, type HttpRequest, type HttpResponse } from "../../http/message.js";
import type { XmlElement } from "../../mail/carddav/xml.js";
import { parseXml, XmlError } from "../../mail/carddav/xml-parser.js";
import type { ClientFacts } from "./client-facts.js";
import { autoconfig, autodiscover } from "./xml-documents.js";

type Facts = Omit<ClientFacts, "user" | "identities">;

const AUTOCONFIG = new Set(["/mail/config-v1.1.xml", "/.well-known/autoconfig/mail/config-v1.1.xml"]);
const AUTODISCOVER = "/autodiscover/autodiscover.xml";
const MAX_REQUEST = 16 * 1024;

export function isDiscovery({ path }: HttpRequest): boolean {
  return AUTOCONFIG.has(path) || path.toLowerCase() === AUTODISCOVER;
}

export function createDiscoveryHandler(facts: () => Facts): HttpHandler {
  return async (request) => {
    const { method, path } = request;
    if (AUTOCONFIG.has(path)) {
      if (method !== "GET" && method !== "HEAD")
        throw new HttpError(405, "Read only.", { Allow: "GET, HEAD" });
      return xml(autoconfig(facts()));
    }
    if (method !== "POST") throw new HttpError(405, "Send a request by POST.", { Allow: "POST" });
    const address = mailAddressOf(await request.body(MAX_REQUEST));
    return xml(autodiscover(facts(), address));
  };
}

function xml(body: string): HttpResponse {
  return { status: 200, headers: { "Content-Type": "text/xml; charset=utf-8" }, body };
}

/** What an Autodiscover request asks for ([MS-OXDSCLI] section 2.2.3.1.1). @throws HttpError 400 */
function mailAddressOf(bytes: Uint8Array): string {
  try {
    const address = find(parseXml(bytes), "EMailAddress")?.text.trim() ?? "";
    if (/^[^\s@]{1,100}@[^\s@]{1,200}$/.test(address)) return address;
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
  }
  throw new HttpError(400, "The request has no mail address.");
}

function find(element: XmlElement, name: string): XmlElement | null {
  if (element.name === name) return element;
  for (const one of element.children) {
    const found = find(one, name);
    if (found !== null) return found;
  }
  return null;
}
