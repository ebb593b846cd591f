/** The address books as CardDAV shows them. */
import type { Transactions } from "../../bitmessage/messaging/ports.js";
import type {
  Book,
  CardChange,
  CardDavBackend,
  CardOutline,
  Changes,
  StoredCard,
} from "../../mail/carddav/backend.js";
import type { AuthenticatedUser, Authenticator, Credentials } from "../../mail/sasl.js";
import { ContactCards, type ContactCardsOptions } from "./contact-cards.js";
import { OwnCards, type OwnCardsOptions } from "./own-cards.js";
import type { BookName, CardStore, KeptCard } from "./ports.js";

export interface CardBackendOptions extends ContactCardsOptions, OwnCardsOptions {
  readonly logins: Pick<Authenticator, "authenticate">;
  readonly transactions: Transactions;
}

export function createCardBackend(options: CardBackendOptions): CardDavBackend {
  return new CardBackend(options);
}

const BOOKS: readonly Omit<Book & { readonly name: BookName }, "revision">[] = [
  {
    name: "contacts",
    displayName: "Bitmessage",
    description: "Your contacts in the Bitmessage Bridge",
    access: "read-write",
  },
  {
    name: "own",
    displayName: "Bitmessage: own addresses",
    description: "Your own addresses, chans and subscriptions",
    access: "read-only",
  },
];

class CardBackend implements CardDavBackend {
  readonly #options: CardBackendOptions;
  readonly #cards: CardStore;
  readonly #contactCards: ContactCards;
  readonly #ownCards: OwnCards;

  constructor(options: CardBackendOptions) {
    this.#options = options;
    this.#cards = options.cards;
    this.#contactCards = new ContactCards(options);
    this.#ownCards = new OwnCards(options);
  }

  authenticate(credentials: Credentials): Promise<AuthenticatedUser | null> {
    return this.#options.logins.authenticate(credentials);
  }

  books({ name: user }: AuthenticatedUser): readonly Book[] {
    return this.#options.transactions.run(() => {
      this.#contactCards.refresh(user);
      this.#ownCards.refresh(user);
      return BOOKS.map((book) => ({ ...book, revision: this.#cards.revision(user, book.name) }));
    });
  }

  card({ name: user }: AuthenticatedUser, book: string, name: string): StoredCard | null {
    return isBook(book) ? this.#cards.get(user, book, name) : null;
  }

  cards({ name: user }: AuthenticatedUser, book: string): readonly StoredCard[] {
    return isBook(book) ? this.#cards.list(user, book) : [];
  }

  outlines({ name: user }: AuthenticatedUser, book: string): readonly CardOutline[] {
    return isBook(book) ? this.#cards.outlines(user, book) : [];
  }

  changes({ name: user }: AuthenticatedUser, book: string, since: number): Changes | null {
    if (!isBook(book)) return null;
    const revision = this.#cards.revision(user, book);
    const removed = this.#cards.removedSince(user, book, since);
    if (since > revision || removed === null) return null;
    const kept = this.#cards.outlines(user, book).filter((outline) => outline.revision > since);
    const changes: CardChange[] = [
      ...kept.map(({ name, revision: own }) => ({
        name,
        revision: own,
        card: this.#cards.get(user, book, name),
      })),
      ...removed.map((one) => ({ ...one, card: null })),
    ];
    return { revision, changes: changes.sort((a, b) => a.revision - b.revision) };
  }

  save({ name: user }: AuthenticatedUser, _book: string, name: string, text: string): KeptCard {
    return this.#options.transactions.run(() => this.#contactCards.save(user, name, text));
  }

  remove({ name: user }: AuthenticatedUser, _book: string, name: string): void {
    this.#options.transactions.run(() => this.#contactCards.remove(user, name));
  }
}

function isBook(name: string): name is BookName {
  return BOOKS.some((book) => book.name === name);
}
