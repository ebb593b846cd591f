/** REPORT: addressbook-multiget and addressbook-query (RFC 6352 section 8), sync-collection (RFC 6578). */
import { HttpError, type HttpResponse } from "../../http/message.js";
import { type AddressDataRequest, addressData, readAddressDataRequest } from "./address-data.js";
import type { Book, StoredCard } from "./backend.js";
import { createCardFilter } from "./card-filter.js";
import { DavError } from "./dav-error.js";
import { INSUFFICIENT_STORAGE, multistatus, NOT_FOUND, statusResponse } from "./multistatus.js";
import { type PropertyName, syncToken } from "./properties.js";
import { describeProperties, propertiesIn } from "./propfind.js";
import type { Resource, Resources } from "./resources.js";
import { CARDDAV, child, children, DAV, dav, type XmlElement, type XmlNode } from "./xml.js";

type Report = (book: Book, resources: Resources, request: XmlElement) => HttpResponse;

const REPORTS: ReadonlyMap<string, Report> = new Map([
  [`${CARDDAV} addressbook-multiget`, multiget],
  [`${CARDDAV} addressbook-query`, query],
  [`${DAV} sync-collection`, syncCollection],
]);

export function report(resource: Resource, resources: Resources, request: XmlElement | null): HttpResponse {
  if (request === null) throw new HttpError(400, "The report is missing.");
  const work = REPORTS.get(`${request.namespace} ${request.name}`);
  if (work === undefined || resource.kind !== "book") throw new DavError(403, DAV, "supported-report");
  return work(resource.book, resources, request);
}

function multiget(book: Book, resources: Resources, request: XmlElement): HttpResponse {
  const describe = describer(book, resources, request);
  // Each once: a card named thousands of times would be told as often.
  const hrefs = new Set(children(request, DAV, "href").map(({ text }) => text.trim()));
  return multistatus(
    [...hrefs].map((href) => {
      const found = resources.findHref(href);
      const isWithin = found?.kind === "card" && found.book.name === book.name;
      return isWithin ? describe(found.card) : statusResponse(href, NOT_FOUND);
    }),
  );
}

function query(book: Book, resources: Resources, request: XmlElement): HttpResponse {
  const describe = describer(book, resources, request);
  const matches = createCardFilter(child(request, CARDDAV, "filter"));
  const limit = readLimit(child(request, CARDDAV, "limit"), CARDDAV);
  const found = resources.backend.cards(resources.user, book.name).filter(({ text }) => matches(text));
  const responses = found.slice(0, limit).map(describe);
  return multistatus(found.length > limit ? [...responses, truncated(book, resources)] : responses);
}

function syncCollection(book: Book, resources: Resources, request: XmlElement): HttpResponse {
  const level = child(request, DAV, "sync-level")?.text.trim() ?? "1";
  if (level !== "1" && level !== "infinite") throw new HttpError(400, "The sync-level is 1 or infinite.");
  const since = readToken(child(request, DAV, "sync-token")?.text.trim() ?? "");
  const describe = describer(book, resources, request);
  const limit = readLimit(child(request, DAV, "limit"), DAV);
  const changed = resources.backend.changes(resources.user, book.name, since);
  if (changed === null) throw invalidToken();
  // Who has nothing yet need not hear what has gone.
  const all = changed.changes.filter(({ card }) => since > 0 || card !== null);
  const told = all.slice(0, limit);
  const responses = told.map(({ name, card }) =>
    card === null ? statusResponse(resources.cardHref(book, name), NOT_FOUND) : describe(card),
  );
  const isWhole = told.length === all.length;
  const reached = isWhole ? changed.revision : (told.at(-1)?.revision ?? since);
  return multistatus(
    isWhole ? responses : [...responses, truncated(book, resources)],
    dav("sync-token", syncToken(reached)),
  );
}

/** RFC 6578 section 3.2. Thunderbird starts afresh on 400 only, and others look at the condition. */
function invalidToken(): DavError {
  return new DavError(400, DAV, "valid-sync-token");
}

/** 0 for none. */
function readToken(token: string): number {
  if (token === "") return 0;
  const digits = /^urn:bmbridge:sync:(\d{1,15})$/.exec(token)?.[1];
  if (digits === undefined) throw invalidToken();
  return Number(digits);
}

/** RFC 5323 section 5.17, RFC 6578 section 3.7. */
function readLimit(element: XmlElement | null, namespace: string): number {
  const text = element === null ? null : (child(element, namespace, "nresults")?.text.trim() ?? null);
  if (text === null) return Number.POSITIVE_INFINITY;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new HttpError(400, "nresults is a number above 0.");
  return Number(text);
}

function truncated(book: Book, resources: Resources): XmlNode {
  const error = dav("error", dav("number-of-matches-within-limits"));
  return statusResponse(resources.href({ kind: "book", book }), INSUFFICIENT_STORAGE, error);
}

/** Characters of cards in one answer, which is made in memory. */
const MOST_DATA = 256 * 1024 * 1024;

/** How a card is told, by the DAV:prop of the request. */
function describer(book: Book, resources: Resources, request: XmlElement): (card: StoredCard) => XmlNode {
  const wanted = propertiesIn(request);
  const data = wanted.find(isAddressData);
  const format: AddressDataRequest | null = data === undefined ? null : readAddressDataRequest(data);
  const names: readonly PropertyName[] = wanted.filter((name) => !isAddressData(name));
  let octets = 0;
  return (card) => {
    octets += format === null ? 0 : card.text.length;
    if (octets > MOST_DATA) throw new HttpError(507, "Ask for fewer cards at once.");
    const more = format === null ? [] : [addressData(card.text, format)];
    return describeProperties({ kind: "card", book, card }, resources, names, more);
  };
}

function isAddressData({ namespace, name }: PropertyName): boolean {
  return namespace === CARDDAV && name === "address-data";
}
