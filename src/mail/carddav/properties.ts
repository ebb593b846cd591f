/** The properties of each kind of resource (RFC 4918 section 15, RFC 6352 sections 6 and 7, RFC 3744, RFC 6578 section 4). */
import { createHash } from "node:crypto";
import type { StoredCard } from "./backend.js";
import type { Resource, Resources } from "./resources.js";
import { CALENDARSERVER, CARDDAV, card, DAV, dav, type XmlNode } from "./xml.js";

/** Largest card, octets: one with a picture. */
export const MAX_CARD = 1024 * 1024;

export interface PropertyName {
  readonly namespace: string;
  readonly name: string;
}

type Content = readonly (XmlNode | string)[];

interface Property extends PropertyName {
  /** Told by `allprop`. */
  readonly common?: "common";
  /** Null when the resource has no such property. */
  read(resource: Resource, resources: Resources): Content | null;
}

/** The strong validator of a card's octets. */
export function etagOf({ text }: StoredCard): string {
  return `"${createHash("sha256").update(text).digest("hex").slice(0, 32)}"`;
}

/** RFC 6578 section 4: an URI that means nothing to others. */
export function syncToken(revision: number): string {
  return `urn:bmbridge:sync:${revision}`;
}

const href = (path: string) => dav("href", path);
const ofBook =
  (read: (book: (Resource & { kind: "book" })["book"]) => Content) =>
  (resource: Resource): Content | null =>
    resource.kind === "book" ? read(resource.book) : null;
const ofCard =
  (read: (stored: StoredCard) => Content) =>
  (resource: Resource): Content | null =>
    resource.kind === "card" ? read(resource.card) : null;

function resourceType({ kind }: Resource): Content {
  if (kind === "card") return [];
  if (kind === "principal") return [dav("collection"), dav("principal")];
  return kind === "book" ? [dav("collection"), card("addressbook")] : [dav("collection")];
}

function displayName(resource: Resource, { user }: Resources): Content | null {
  if (resource.kind === "book") return [resource.book.displayName];
  return resource.kind === "principal" ? [user.name] : null;
}

function privileges(resource: Resource): Content {
  const isWritable =
    (resource.kind === "book" || resource.kind === "card") && resource.book.access === "read-write";
  const names = ["read", "read-current-user-privilege-set", ...(isWritable ? WRITING : [])];
  return names.map((name) => dav("privilege", dav(name)));
}

const WRITING = ["write", "write-content", "bind", "unbind"];

function reports(resource: Resource): Content {
  if (resource.kind !== "book") return [];
  const names = [card("addressbook-query"), card("addressbook-multiget"), dav("sync-collection")];
  return names.map((name) => dav("supported-report", dav("report", name)));
}

const principal = (_resource: Resource, resources: Resources): Content => [
  href(resources.href({ kind: "principal" })),
];
const ADDRESS_DATA_TYPES = ["3.0", "4.0"];
const COLLATIONS = ["i;ascii-casemap", "i;octet", "i;unicode-casemap"];

function addressDataType(version: string): XmlNode & { attributes: Record<string, string> } {
  return { ...card("address-data-type"), attributes: { "content-type": "text/vcard", version } };
}

const common = "common";

const PROPERTIES: readonly Property[] = [
  { namespace: DAV, name: "resourcetype", common, read: resourceType },
  { namespace: DAV, name: "displayname", common, read: displayName },
  { namespace: DAV, name: "getetag", common, read: ofCard((stored) => [etagOf(stored)]) },
  { namespace: DAV, name: "getcontenttype", common, read: ofCard(() => ["text/vcard; charset=utf-8"]) },
  {
    namespace: DAV,
    name: "getcontentlength",
    common,
    read: ofCard(({ text }) => [String(Buffer.byteLength(text))]),
  },
  { namespace: DAV, name: "current-user-principal", read: principal },
  {
    namespace: DAV,
    name: "principal-URL",
    read: (resource, resources) => (resource.kind === "principal" ? principal(resource, resources) : null),
  },
  { namespace: DAV, name: "owner", read: principal },
  { namespace: DAV, name: "current-user-privilege-set", read: privileges },
  { namespace: DAV, name: "supported-report-set", read: reports },
  { namespace: DAV, name: "sync-token", read: ofBook(({ revision }) => [syncToken(revision)]) },
  { namespace: CALENDARSERVER, name: "getctag", read: ofBook(({ revision }) => [syncToken(revision)]) },
  {
    namespace: CARDDAV,
    name: "addressbook-home-set",
    read: ({ kind }, resources) => (kind === "principal" ? [href(resources.href({ kind: "home" }))] : null),
  },
  { namespace: CARDDAV, name: "addressbook-description", read: ofBook(({ description }) => [description]) },
  { namespace: CARDDAV, name: "max-resource-size", read: ofBook(() => [String(MAX_CARD)]) },
  {
    namespace: CARDDAV,
    name: "supported-address-data",
    read: ofBook(() => ADDRESS_DATA_TYPES.map(addressDataType)),
  },
  {
    namespace: CARDDAV,
    name: "supported-collation-set",
    read: ofBook(() => COLLATIONS.map((collation) => card("supported-collation", collation))),
  },
];

/** The names that `allprop` (only common ones) or `propname` tell of a resource. */
export function propertyNames(
  resource: Resource,
  resources: Resources,
  which: "common" | "all",
): PropertyName[] {
  return PROPERTIES.filter((property) => which === "all" || property.common !== undefined).filter(
    (property) => property.read(resource, resources) !== null,
  );
}

/** The content of a property, or null when the resource does not have it. */
export function readProperty(
  { namespace, name }: PropertyName,
  resource: Resource,
  resources: Resources,
): Content | null {
  const property = PROPERTIES.find((one) => one.namespace === namespace && one.name === name);
  return property?.read(resource, resources) ?? null;
}
