/** The book of a user's contacts: the contacts are what counts, and the cards follow them; a card that a client writes changes both. */
import type { ContactStore } from "../../bitmessage/messaging/ports.js";
import type { Contact } from "../../bitmessage/messaging/types.js";
import type { Address } from "../../bitmessage/protocol/address.js";
import { formatVCard, parseVCard, textValues } from "../../mail/carddav/vcard.js";
import type { AddressBook } from "../addresses.js";
import { harmlessLine } from "../forms/harmless.js";
import { readCard, withoutAddresses } from "./card-addresses.js";
import { labelOfCard, makeCardText, renameCard, uidOf } from "./card-text.js";
import type { CardOutline, CardStore, KeptCard } from "./ports.js";

export interface ContactCardsOptions {
  readonly contacts: Pick<ContactStore, "list" | "get" | "save" | "remove">;
  readonly cards: CardStore;
  readonly addresses: AddressBook;
}

const BOOK = "contacts";

/** All within the caller's transaction. */
export class ContactCards {
  constructor(private readonly options: ContactCardsOptions) {}

  /** Makes the cards follow what has become of the contacts by other ways: commands, mail, folders, the web page. */
  refresh(user: string): void {
    const contacts = new Map(this.options.contacts.list(user).map((contact) => [contact.address, contact]));
    const shown = new Set<Address>();
    for (const card of this.options.cards.outlines(user, BOOK)) {
      this.#follow(card, contacts);
      for (const address of card.addresses) shown.add(address);
    }
    for (const contact of contacts.values()) if (!shown.has(contact.address)) this.#makeCard(contact);
  }

  save(user: string, name: string, text: string): KeptCard {
    const { cards, contacts, addresses } = this.options;
    const card = parseVCard(text);
    const read = readCard(user, card, text, addresses);
    const before = cards.get(user, BOOK, name);
    const [uid = ""] = textValues(card, "UID");
    const label = labelOfCard(card);
    cards.save({ user, book: BOOK, name, uid, text: read.text, label, addresses: read.addresses });
    for (const address of read.addresses) {
      const known = contacts.get(user, address);
      contacts.save({
        user,
        address,
        label: label || (known?.label ?? ""),
        blocked: known?.blocked ?? false,
      });
    }
    this.#forget(user, before?.addresses ?? []);
    this.refresh(user);
    return cards.get(user, BOOK, name)!;
  }

  remove(user: string, name: string): void {
    const { cards } = this.options;
    const card = cards.get(user, BOOK, name);
    cards.remove(user, BOOK, name);
    this.#forget(user, card?.addresses ?? []);
  }

  /** Contacts that no card shows any more; one that is blocked stays so, without a name. */
  #forget(user: string, addresses: readonly Address[]): void {
    const { cards, contacts } = this.options;
    const shown = new Set(cards.outlines(user, BOOK).flatMap((card) => card.addresses));
    for (const address of addresses) {
      const contact = shown.has(address) ? null : contacts.get(user, address);
      if (contact?.blocked) contacts.save({ ...contact, label: "" });
      else if (contact) contacts.remove(user, address);
    }
  }

  #follow(outline: CardOutline, contacts: ReadonlyMap<Address, Contact>): void {
    const { user, name, addresses } = outline;
    const { cards } = this.options;
    const gone = new Set(addresses.filter((address) => !contacts.has(address)));
    if (gone.size > 0) {
      const left = this.#withdraw(cards.get(user, BOOK, name)!, gone);
      // Another address is the first now, whose label is the card's.
      if (left !== null) this.#follow(left, contacts);
      return;
    }
    const [first] = addresses;
    const label = first === undefined ? "" : labelOf(contacts.get(first)!);
    if (label === "" || label === outline.label) return;
    const card = cards.get(user, BOOK, name)!;
    cards.save({ ...card, label, text: renameCard(card.text, label) });
  }

  /** What is left of the card; null when that is nothing to reach somebody by, and the card goes with its contact. */
  #withdraw(card: KeptCard, gone: ReadonlySet<Address>): CardOutline | null {
    const { cards, addresses } = this.options;
    const parsed = parseVCard(card.text);
    const lines = withoutAddresses(card.user, parsed, gone, addresses);
    if (!lines.some(({ name }) => REACHES.has(name))) {
      cards.remove(card.user, BOOK, card.name);
      return null;
    }
    const left = card.addresses.filter((address) => !gone.has(address));
    const changed = { ...card, text: formatVCard({ ...parsed, lines }), addresses: left };
    cards.save(changed);
    return changed;
  }

  #makeCard(contact: Contact): void {
    const { user, address } = contact;
    const label = labelOf(contact);
    // Blocked and without a name: on the block list only.
    if (label === "") return;
    const uid = uidOf(`contact ${address}`);
    const mailAddress = this.options.addresses.mailAddress(address);
    const text = makeCardText({ uid, label, mailAddress, note: `Bitmessage address: ${address}` });
    this.options.cards.save({
      user,
      book: BOOK,
      name: `${address}.vcf`,
      uid,
      text,
      label,
      addresses: [address],
    });
  }
}

const REACHES = new Set(["EMAIL", "TEL", "ADR", "IMPP", "URL"]);

function labelOf({ label }: Contact): string {
  return harmlessLine(label, 100);
}
