/** The card within a report, in the version and with the properties that the client asks for (RFC 6352 section 10.4). */
import { DavError } from "./dav-error.js";
import { formatVCard, parseVCard } from "./vcard.js";
import { asVersion, type VCardVersion } from "./vcard-version.js";
import { CARDDAV, card, children, type XmlElement, type XmlNode } from "./xml.js";

export interface AddressDataRequest {
  readonly version: VCardVersion;
  /** In capitals; null for all. */
  readonly properties: ReadonlySet<string> | null;
}

/** @throws DavError 403 supported-address-data */
export function readAddressDataRequest(element: XmlElement): AddressDataRequest {
  const type = element.attributes.get("content-type") ?? "text/vcard";
  const version = element.attributes.get("version") ?? "3.0";
  if (type.toLowerCase() !== "text/vcard" || (version !== "3.0" && version !== "4.0"))
    throw new DavError(403, CARDDAV, "supported-address-data");
  const names = children(element, CARDDAV, "prop").map((one) =>
    (one.attributes.get("name") ?? "").toUpperCase(),
  );
  return { version, properties: names.length === 0 ? null : new Set(names) };
}

export function addressData(text: string, request: AddressDataRequest): XmlNode {
  return card("address-data", cardAs(text, request));
}

/** A card in another version; as it stands where it has that one already. */
export function cardAs(text: string, { version, properties }: AddressDataRequest): string {
  const stored = parseVCard(text);
  if (properties === null && stored.version === version) return text;
  const { lines } = asVersion(stored, version);
  return formatVCard({
    version,
    lines: properties === null ? lines : lines.filter(({ name }) => properties.has(name)),
  });
}

/** The version that an Accept header prefers, or null where it does not say. */
export function acceptedVersion(accept: string | null): VCardVersion | null {
  const ranges = (accept ?? "").toLowerCase().split(",");
  const cards = ranges.filter((range) => /^\s*text\/vcard\s*(;|$)/.test(range));
  const versions = cards.map((range) => /version\s*=\s*"?([\d.]+)/.exec(range)?.[1]);
  if (versions.includes("4.0")) return "4.0";
  return versions.includes("3.0") ? "3.0" : null;
}
