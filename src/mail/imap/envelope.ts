import { type AddressGroup, type Mailbox, parseAddressList } from "../mime/address.js";
import { findField, findFields, unfold } from "../mime/headers.js";
import type { MimePart } from "../mime/parse.js";
import { formatNstring, formatString } from "./format-string.js";

/** The ENVELOPE of a message (RFC 9051 section 7.5.2), octets in a binary string. Encoded words stay as they are. */
export function formatEnvelope(part: Pick<MimePart, "fields">): string {
  const from = formatAddresses(part, "from");
  const sender = formatAddresses(part, "sender");
  const replyTo = formatAddresses(part, "reply-to");
  const items = [
    formatField(part, "date"),
    formatField(part, "subject"),
    from,
    // RFC 9051: a missing or empty Sender or Reply-To is the From.
    sender === "NIL" ? from : sender,
    replyTo === "NIL" ? from : replyTo,
    formatAddresses(part, "to"),
    formatAddresses(part, "cc"),
    formatAddresses(part, "bcc"),
    formatField(part, "in-reply-to"),
    formatField(part, "message-id"),
  ];
  return `(${items.join(" ")})`;
}

/** An ENVELOPE without anything, for a message that is not read. */
export const emptyEnvelope = `(${Array(10).fill("NIL").join(" ")})`;

function formatField(part: Pick<MimePart, "fields">, name: string): string {
  const field = findField(part, name);
  return field === null ? "NIL" : formatNstring(unfold(field.value));
}

function formatAddresses(part: Pick<MimePart, "fields">, name: string): string {
  const addresses = findFields(part, name)
    .flatMap((field) => parseAddressList(field.value))
    .map(formatAddress)
    .join("");
  return addresses === "" ? "NIL" : `(${addresses})`;
}

function formatAddress(address: Mailbox | AddressGroup): string {
  if (address.kind === "group") {
    const members = address.members.map(formatAddress).join("");
    return `(NIL NIL ${formatString(address.name)} NIL)${members}(NIL NIL NIL NIL)`;
  }
  // A host of NIL would mean a group, so an address without a domain has an empty one.
  const { name, route, local, domain } = address;
  return `(${formatNstring(name)} ${formatNstring(route)} ${formatString(local)} ${formatString(domain ?? "")})`;
}
