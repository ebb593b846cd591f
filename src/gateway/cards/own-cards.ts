/** The book of a user's own addresses, chans and subscriptions, for the completion of addresses; clients only read it. */
import type { Address } from "../../bitmessage/protocol/address.js";
import type { AddressBook } from "../addresses.js";
import { harmlessLine } from "../forms/harmless.js";
import { makeCardText, uidOf } from "./card-text.js";
import type { Card, CardStore } from "./ports.js";

interface Labelled {
  readonly user: string;
  readonly address: Address;
  readonly label: string;
  readonly enabled: boolean;
}

export interface OwnCardsOptions {
  readonly identities: { list(): readonly (Labelled & { readonly chan: boolean })[] };
  readonly subscriptions: { list(): readonly Labelled[] };
  readonly cards: CardStore;
  readonly addresses: AddressBook;
  /** Of our mail addresses. */
  readonly domain: string;
}

const BOOK = "own";

/** Names that stand for something, by which nobody else is called. */
const SPECIAL = [
  {
    name: "broadcast",
    label: "Broadcast",
    note: "Goes to everybody who follows the address that you write from.",
  },
  { name: "bridge", label: "Bitmessage Bridge", note: "Administration by mail; write the subject: help" },
] as const;

export class OwnCards {
  constructor(private readonly options: OwnCardsOptions) {}

  /** Within the caller's transaction. */
  refresh(user: string): void {
    const { cards } = this.options;
    const wanted = new Map(this.#wanted(user).map((card) => [card.name, card]));
    for (const { name } of cards.outlines(user, BOOK)) if (!wanted.has(name)) cards.remove(user, BOOK, name);
    for (const card of wanted.values()) {
      if (cards.get(user, BOOK, card.name)?.text !== card.text) cards.save(card);
    }
  }

  #wanted(user: string): Card[] {
    const { identities, subscriptions } = this.options;
    const isShown = (one: Labelled) => one.user === user && one.enabled;
    return [
      ...this.#special(user),
      ...identities
        .list()
        .filter(isShown)
        .map((identity) => this.#card(identity, identity.chan ? "Chan" : "Your own address")),
      ...subscriptions
        .list()
        .filter(isShown)
        .map((one) => this.#card(one, "You follow this address")),
    ];
  }

  #card({ user, address, label }: Labelled, what: string): Card {
    const mailAddress = this.options.addresses.mailAddress(address);
    const name = harmlessLine(label, 100) || address;
    return make({
      user,
      name: `${address}.vcf`,
      label: name,
      mailAddress,
      note: `${what}: ${address}`,
      addresses: [address],
    });
  }

  /** Those that mail can be sent to. */
  #special(user: string): Card[] {
    const { addresses, domain } = this.options;
    return SPECIAL.flatMap(({ name, label, note }) => {
      const mailAddress = `${name}@${domain}`;
      try {
        addresses.resolve(user, mailAddress);
      } catch {
        return [];
      }
      return make({ user, name: `${name}.vcf`, label, mailAddress, note, addresses: [] });
    });
  }
}

function make(values: {
  readonly user: string;
  readonly name: string;
  readonly label: string;
  readonly mailAddress: string;
  readonly note: string;
  readonly addresses: readonly Address[];
}): Card {
  const { user, name, label, mailAddress, note, addresses } = values;
  const uid = uidOf(`own ${mailAddress}`);
  return {
    user,
    book: BOOK,
    name,
    uid,
    text: makeCardText({ uid, label, mailAddress, note }),
    label,
    addresses,
  };
}
