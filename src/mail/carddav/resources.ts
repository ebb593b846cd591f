/** Which path is which resource. */
import { readTarget } from "../../http/request.js";
import type { AuthenticatedUser } from "../sasl.js";
import type { Book, CardDavBackend, StoredCard } from "./backend.js";

/** All paths of the server are below this one. */
export const ROOT = "/dav";

export type Resource =
  | { readonly kind: "root" }
  | { readonly kind: "principal" }
  | { readonly kind: "home" }
  | { readonly kind: "book"; readonly book: Book }
  | { readonly kind: "card"; readonly book: Book; readonly card: StoredCard };

/** A card's place, whether there is a card or not. */
export interface Place {
  readonly book: Book;
  readonly name: string;
}

/** The resources that one user sees, as they are while nothing is waited for; those of others are not there. */
export class Resources {
  #books: readonly Book[] | null = null;

  constructor(
    readonly backend: CardDavBackend,
    readonly user: AuthenticatedUser,
  ) {}

  /** @param segments of the path, with ROOT */
  find(segments: readonly string[]): Resource | null {
    const [first, collection, name, bookName, cardName, ...rest] = trimmed(segments);
    if (first === "" || first === undefined) return { kind: "root" };
    if (`/${first}` !== ROOT || rest.length > 0) return null;
    if (collection === undefined) return { kind: "root" };
    if (name !== this.user.name) return null;
    if (collection === "principals" && bookName === undefined) return { kind: "principal" };
    if (collection !== "addressbooks") return null;
    if (bookName === undefined) return { kind: "home" };
    const book = this.#book(bookName);
    if (book === null || cardName === undefined) return book && { kind: "book", book };
    const card = this.backend.card(this.user, book.name, cardName);
    return card && { kind: "card", book, card };
  }

  /** Where a card would be; null when no card can be there. */
  place(segments: readonly string[]): Place | null {
    const [first, collection, user, bookName, name, ...rest] = segments;
    if (`/${first}` !== ROOT || collection !== "addressbooks" || user !== this.user.name) return null;
    const book = bookName === undefined ? null : this.#book(bookName);
    return book === null || !name || rest.length > 0 ? null : { book, name };
  }

  /** By the text of a DAV:href, a path or a whole address. */
  findHref(href: string): Resource | null {
    try {
      return this.find(readTarget(href).segments);
    } catch {
      return null;
    }
  }

  /** What is directly within. */
  members(resource: Resource): Resource[] {
    if (resource.kind === "root") return [{ kind: "principal" }, { kind: "home" }];
    if (resource.kind === "home") return this.#all().map((book) => ({ kind: "book", book }));
    if (resource.kind !== "book") return [];
    const { book } = resource;
    return this.backend.cards(this.user, book.name).map((card) => ({ kind: "card", book, card }));
  }

  href(resource: Resource): string {
    const name = encodeURIComponent(this.user.name);
    const home = `${ROOT}/addressbooks/${name}/`;
    switch (resource.kind) {
      case "root":
        return `${ROOT}/`;
      case "principal":
        return `${ROOT}/principals/${name}/`;
      case "home":
        return home;
      case "book":
        return `${home}${encodeURIComponent(resource.book.name)}/`;
      case "card":
        return this.cardHref(resource.book, resource.card.name);
    }
  }

  cardHref(book: Book, name: string): string {
    return `${this.href({ kind: "book", book })}${encodeURIComponent(name)}`;
  }

  #book(name: string): Book | null {
    return this.#all().find((book) => book.name === name) ?? null;
  }

  #all(): readonly Book[] {
    this.#books ??= this.backend.books(this.user);
    return this.#books;
  }
}

function trimmed(segments: readonly string[]): readonly string[] {
  return segments.at(-1) === "" ? segments.slice(0, -1) : segments;
}
