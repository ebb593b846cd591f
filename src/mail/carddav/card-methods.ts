/** GET, PUT and DELETE of a card (RFC 6352 section 6.3). */
import { HttpError, type HttpRequest, type HttpResponse } from "../../http/message.js";
import { acceptedVersion, cardAs } from "./address-data.js";
import { type Book, CardRefused, type StoredCard } from "./backend.js";
import { DavError } from "./dav-error.js";
import { etagOf, MAX_CARD } from "./properties.js";
import type { Place, Resource, Resources } from "./resources.js";
import { parseVCard, textValues, VCardError } from "./vcard.js";
import { CARDDAV, DAV, dav } from "./xml.js";

/** Longest name of a card, characters. */
const LONGEST_NAME = 255;
/** Cards of one book. */
const MOST_CARDS = 20_000;

export function getCard(request: HttpRequest, resource: Resource | null): HttpResponse {
  if (resource === null) throw new HttpError(404, "There is no such card.");
  if (resource.kind !== "card") {
    const body =
      "This address is for address book programs (CardDAV). Give it to yours, with your name and password.\n";
    return { status: 200, headers: { "Content-Type": "text/plain; charset=utf-8" }, body };
  }
  const { card } = resource;
  const etag = etagOf(card);
  const headers = { ETag: etag, "Content-Type": "text/vcard; charset=utf-8" };
  if (listsTag(request.header("if-none-match"), etag)) return { status: 304, headers };
  const version = acceptedVersion(request.header("accept"));
  return {
    status: 200,
    headers,
    body: version === null ? card.text : cardAs(card.text, { version, properties: null }),
  };
}

/** The text of the card that is put, after what can be refused without reading it. */
export async function readCard(request: HttpRequest, resources: Resources): Promise<string> {
  const { book, name } = cardPlace(request, resources);
  refuseReadOnly(book);
  const type = (request.header("content-type") ?? "text/vcard").split(";")[0]?.trim().toLowerCase() ?? "";
  if (!["text/vcard", "text/x-vcard", "text/directory"].includes(type))
    throw new DavError(415, CARDDAV, "supported-address-data");
  if (name.length > LONGEST_NAME) throw new HttpError(403, "The name of the card is too long.");
  return decode(await request.body(MAX_CARD));
}

/** Nothing waits from the look at the conditions until the card is kept. */
export function putCard(request: HttpRequest, text: string, resources: Resources): HttpResponse {
  const { backend, user } = resources;
  const { book, name } = cardPlace(request, resources);
  const before = backend.card(user, book.name, name);
  checkConditions(request, before);
  refuseSecondUid(resources, { book, name }, readUid(text));
  const kept = inWords(() => backend.save(user, book.name, name, text));
  // RFC 6352 section 6.3.2.3: a tag only where the client has the very octets.
  const headers = kept.text === text ? { ETag: etagOf(kept) } : {};
  return { status: before === null ? 201 : 204, headers };
}

export function deleteCard(request: HttpRequest, resources: Resources): HttpResponse {
  const { backend, user } = resources;
  const { book, name } = cardPlace(request, resources);
  const card = backend.card(user, book.name, name);
  if (card === null) throw new HttpError(404, "There is no such card.");
  refuseReadOnly(book);
  checkConditions(request, card);
  backend.remove(user, book.name, name);
  return { status: 204 };
}

function cardPlace({ segments }: HttpRequest, resources: Resources): Place {
  const place = resources.place(segments);
  if (place !== null) return place;
  throw resources.find(segments) === null
    ? new HttpError(404, "There is no such address book.")
    : new HttpError(403, "Only cards can be changed here.");
}

function inWords<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof CardRefused) throw new HttpError(403, error.message);
    throw error;
  }
}

function refuseReadOnly(book: Book): void {
  if (book.access === "read-only") throw new DavError(403, DAV, "need-privileges");
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new DavError(403, CARDDAV, "valid-address-data", "it is not UTF-8");
  }
}

function readUid(text: string): string {
  try {
    const [uid, ...others] = textValues(parseVCard(text), "UID");
    if (!uid || others.length > 0) throw new VCardError("it needs one UID");
    return uid;
  } catch (error) {
    if (!(error instanceof VCardError)) throw error;
    throw new DavError(403, CARDDAV, "valid-address-data", error.message);
  }
}

/** RFC 6352 section 6.3.2.1: no-uid-conflict */
function refuseSecondUid(resources: Resources, { book, name }: Place, uid: string): void {
  const cards = resources.backend.outlines(resources.user, book.name);
  const other = cards.find((card) => card.uid === uid && card.name !== name);
  if (other !== undefined) {
    throw new DavError(409, CARDDAV, "no-uid-conflict", dav("href", resources.cardHref(book, other.name)));
  }
  if (cards.length >= MOST_CARDS && !cards.some((card) => card.name === name))
    throw new HttpError(507, `An address book holds at most ${MOST_CARDS} cards.`);
}

/** RFC 9110 section 13.1. */
function checkConditions(request: HttpRequest, card: StoredCard | null): void {
  const match = request.header("if-match");
  const noneMatch = request.header("if-none-match");
  const etag = card === null ? null : etagOf(card);
  const failed =
    (match !== null && !listsTag(match, etag)) || (noneMatch !== null && listsTag(noneMatch, etag));
  if (failed) throw new HttpError(412, "The card has been changed by somebody else.");
}

function listsTag(list: string | null, etag: string | null): boolean {
  if (list === null || etag === null) return false;
  return list.split(",").some((one) => ["*", etag, `W/${etag}`].includes(one.trim()));
}
