import type { Address } from "../bitmessage/protocol/address.js";
import type { NewMessage } from "../mail/imap/backend.js";
import { flattenAddresses, parseAddressList } from "../mail/mime/address.js";
import { findFields } from "../mail/mime/headers.js";
import { latin1Encode } from "../mail/mime/latin1.js";
import { parseMime } from "../mail/mime/parse.js";

const FIELDS = ["from", "to", "cc"] as const;

/** More are not looked at. */
const MOST_ADDRESSES = 100;

/** Whose mail it is that a client has put somewhere: of the own identity that it is from, or else to; null when it names none. */
export function ownIdentityOf({ digest }: NewMessage, isOwn: (address: Address) => boolean): Address | null {
  if (digest.header === null || !digest.header.includes("BM-")) return null;
  const root = parseMime(latin1Encode(digest.header));
  for (const field of FIELDS) {
    const locals = findFields(root, field)
      .flatMap(({ value }) => flattenAddresses(parseAddressList(value)))
      .map(({ local }) => local.replace(/\+.*$/s, "") as Address)
      .filter((local) => local.startsWith("BM-"));
    const found = [...new Set(locals)].slice(0, MOST_ADDRESSES).find(isOwn);
    if (found !== undefined) return found;
  }
  return null;
}
