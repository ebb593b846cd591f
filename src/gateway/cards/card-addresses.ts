/** The Bitmessage addresses in a card: read, repaired, and said what is wrong with them. */
import type { Address } from "../../bitmessage/protocol/address.js";
import {
  type ContentLine,
  escapeText,
  formatVCard,
  unescapeText,
  type VCard,
} from "../../mail/carddav/vcard.js";
import { SmtpError } from "../../mail/smtp/error.js";
import type { AddressBook } from "../addresses.js";
import { tellProblems } from "./card-text.js";

export interface ReadCard {
  /** As it is kept. */
  readonly text: string;
  readonly addresses: readonly Address[];
}

const LOOKS_LIKE_ADDRESS = /^bm-/i;

/**
 * Reads a card that a person wrote. An address without a domain gets ours, one in the wrong case the right one; of one that cannot be
 * right the card's note tells, since a client shows nobody why a card is refused. Unchanged where nothing is amiss.
 */
export function readCard(user: string, card: VCard, text: string, book: AddressBook): ReadCard {
  const addresses = new Set<Address>();
  const problems: string[] = [];
  const read = card.lines.map((line) => {
    if (line.name !== "EMAIL") return line;
    const written = unescapeText(line.value)
      .trim()
      .replace(/^mailto:/i, "");
    if (!LOOKS_LIKE_ADDRESS.test(written)) return line;
    const address = resolve(user, written, book);
    if (typeof address !== "string") {
      problems.push(address.problem);
      return line;
    }
    addresses.add(address);
    return keepsAddress(written, address) ? line : { ...line, value: escapeText(book.mailAddress(address)) };
  });
  const lines = tellProblems(read, problems);
  const isChanged =
    lines.length !== card.lines.length || lines.some((line, index) => line !== card.lines[index]);
  return { text: isChanged ? formatVCard({ ...card, lines }) : text, addresses: [...addresses] };
}

/** Whether what is written can be written to as it is. */
function keepsAddress(written: string, address: Address): boolean {
  return written.startsWith(`${address}@`) || written.startsWith(`${address}+`);
}

function resolve(user: string, written: string, book: AddressBook): Address | { readonly problem: string } {
  try {
    const destination = book.resolve(user, written);
    if (destination.kind === "address") return destination.address;
    return { problem: `${written} cannot be written to.` };
  } catch (error) {
    if (!(error instanceof SmtpError)) throw error;
    return { problem: `${error.message}.` };
  }
}

/** The lines without the mail addresses that are these. */
export function withoutAddresses(
  user: string,
  card: VCard,
  gone: ReadonlySet<Address>,
  book: AddressBook,
): ContentLine[] {
  return card.lines.filter((line) => {
    if (line.name !== "EMAIL") return true;
    const written = unescapeText(line.value)
      .trim()
      .replace(/^mailto:/i, "");
    if (!LOOKS_LIKE_ADDRESS.test(written)) return true;
    const address = resolve(user, written, book);
    return typeof address !== "string" || !gone.has(address);
  });
}
