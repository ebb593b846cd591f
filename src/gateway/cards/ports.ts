/** What is kept of the address books that CardDAV clients see. */
import type { Address } from "../../bitmessage/protocol/address.js";

export type BookName = "contacts" | "own";

export interface Card {
  readonly user: string;
  readonly book: BookName;
  /** The last part of its path. */
  readonly name: string;
  readonly uid: string;
  /** One vCard. */
  readonly text: string;
  /** What the person is called in it, one harmless line. */
  readonly label: string;
  /** The Bitmessage addresses in it. */
  readonly addresses: readonly Address[];
}

export interface KeptCard extends Card {
  readonly revision: number;
}

/** A card without its text, which may hold a picture. */
export type CardOutline = Omit<KeptCard, "text">;

/** A name under which there was a card. */
export interface RemovedCard {
  readonly name: string;
  readonly revision: number;
}

/** Cards by user, book and name. Each change gives the next revision of its book; what is removed leaves its name and revision. */
export interface CardStore {
  /** In the order of their revisions. */
  list(user: string, book: BookName): readonly KeptCard[];
  /** The same without the texts. */
  outlines(user: string, book: BookName): readonly CardOutline[];
  get(user: string, book: BookName, name: string): KeptCard | null;
  /** Of a book in which nothing ever was, that which it begins with: 0, unless the cards are those of a restored backup. */
  revision(user: string, book: BookName): number;
  /** Removed since that revision, in the order of their revisions; null when it is one from before the backup was restored. 0 is none. */
  removedSince(user: string, book: BookName, revision: number): readonly RemovedCard[] | null;
  /** Adds or replaces. */
  save(card: Card): KeptCard;
  /** Nothing happens when it is not there. */
  remove(user: string, book: BookName, name: string): void;
  removeUser(user: string): void;
}
