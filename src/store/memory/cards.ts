import type {
  BookName,
  Card,
  CardOutline,
  CardStore,
  KeptCard,
  RemovedCard,
} from "../../gateway/cards/ports.js";
import { type MemoryTransactions, Table } from "./transactions.js";

interface Row {
  readonly user: string;
  readonly book: BookName;
  readonly name: string;
  readonly revision: number;
  /** Null: removed. */
  readonly card: KeptCard | null;
}

export class MemoryCardStore implements CardStore {
  readonly #rows: Table<string, Row>;

  constructor(transactions: MemoryTransactions) {
    this.#rows = new Table(transactions);
  }

  list(user: string, book: BookName): readonly KeptCard[] {
    return this.#of(user, book).flatMap(({ card }) => card ?? []);
  }

  outlines(user: string, book: BookName): readonly CardOutline[] {
    return this.list(user, book).map(({ text: _text, ...outline }) => outline);
  }

  get(user: string, book: BookName, name: string): KeptCard | null {
    return this.#rows.get(keyOf(user, book, name))?.card ?? null;
  }

  revision(user: string, book: BookName): number {
    return this.#of(user, book).at(-1)?.revision ?? 0;
  }

  removedSince(user: string, book: BookName, since: number): readonly RemovedCard[] | null {
    const removed = this.#of(user, book).filter(({ card, revision }) => card === null && revision > since);
    return removed.map(({ name, revision }) => ({ name, revision }));
  }

  save(card: Card): KeptCard {
    const { user, book, name, uid, text, label, addresses } = card;
    const revision = this.revision(user, book) + 1;
    const kept = { user, book, name, uid, text, label, addresses: [...addresses], revision };
    this.#rows.set(keyOf(user, book, name), { user, book, name, revision, card: kept });
    return kept;
  }

  remove(user: string, book: BookName, name: string): void {
    if (this.get(user, book, name) === null) return;
    const revision = this.revision(user, book) + 1;
    this.#rows.set(keyOf(user, book, name), { user, book, name, revision, card: null });
  }

  removeUser(user: string): void {
    for (const row of this.#rows.values())
      if (row.user === user) this.#rows.delete(keyOf(row.user, row.book, row.name));
  }

  #of(user: string, book: BookName): Row[] {
    return this.#rows
      .values()
      .filter((row) => row.user === user && row.book === book)
      .sort((left, right) => left.revision - right.revision);
  }
}

function keyOf(user: string, book: BookName, name: string): string {
  return JSON.stringify([user, book, name]);
}
