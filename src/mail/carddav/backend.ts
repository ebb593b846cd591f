/** What the CardDAV server needs from its host: address books with cards. Synchronous, so that a condition and what it guards are one. */
import type { AuthenticatedUser, Authenticator } from "../sasl.js";

export interface CardDavBackend extends Pick<Authenticator, "authenticate"> {
  /** Those that the user sees; asked first in each request, so that the host can bring them up to date. */
  books(user: AuthenticatedUser): readonly Book[];
  /** By name of the resource, or null. */
  card(user: AuthenticatedUser, book: string, name: string): StoredCard | null;
  /** In the order of their last change. */
  cards(user: AuthenticatedUser, book: string): readonly StoredCard[];
  /** The same without their texts. */
  outlines(user: AuthenticatedUser, book: string): readonly CardOutline[];
  /**
   * What has changed after a revision, the last change of each card only, in the order of the changes; null for a revision that is not
   * reached yet, or not known any more. With 0 everything.
   */
  changes(user: AuthenticatedUser, book: string, since: number): Changes | null;
  /** Adds or replaces; returns what is kept, which may be more or less than what was given. @throws CardRefused */
  save(user: AuthenticatedUser, book: string, name: string, text: string): StoredCard;
  remove(user: AuthenticatedUser, book: string, name: string): void;
}

export interface Book {
  /** The part of the path that names it. */
  readonly name: string;
  readonly displayName: string;
  readonly description: string;
  readonly access: "read-write" | "read-only";
  /** Grows with each change within. */
  readonly revision: number;
}

export interface StoredCard {
  /** The last part of its path. */
  readonly name: string;
  readonly uid: string;
  /** One vCard, 3.0 or 4.0. */
  readonly text: string;
  readonly revision: number;
}

/** A card without its text, which may hold a picture. */
export type CardOutline = Omit<StoredCard, "text">;

export interface Changes {
  /** The book's. */
  readonly revision: number;
  readonly changes: readonly CardChange[];
}

export interface CardChange {
  readonly name: string;
  readonly revision: number;
  /** Null: removed. */
  readonly card: StoredCard | null;
}

/** The host does not take a card; the text is for people. */
export class CardRefused extends Error {
  constructor(text: string) {
    super(text);
    this.name = "CardRefused";
  }
}
