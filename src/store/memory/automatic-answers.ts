import type { AutomaticAnswerLog } from "../../gateway/ports.js";
import { type MemoryTransactions, Sequence, Table } from "./transactions.js";

interface Row {
  readonly id: number;
  readonly user: string;
  readonly correspondent: string;
  readonly time: number;
}

export class MemoryAutomaticAnswerLog implements AutomaticAnswerLog {
  readonly #rows: Table<number, Row>;
  readonly #ids: Sequence;

  constructor(private readonly transactions: MemoryTransactions) {
    this.#rows = new Table(transactions);
    this.#ids = new Sequence(transactions);
  }

  add(user: string, correspondent: string, time: number): void {
    const id = this.#ids.next();
    this.#rows.set(id, { id, user, correspondent, time });
  }

  countAfter(user: string, correspondent: string, time: number): number {
    return this.#rows
      .values()
      .filter((row) => row.user === user && row.correspondent === correspondent && row.time > time).length;
  }

  removeBefore(time: number, limit: number): number {
    return removeOldest(this.transactions, this.#rows, (row) => row.id, { before: time, limit });
  }

  removeUser(user: string): void {
    this.transactions.run(() => {
      for (const { id } of this.#rows.values().filter((row) => row.user === user)) this.#rows.delete(id);
    });
  }
}

/** Removes the oldest rows from before a time, at most so many; returns how many. */
export function removeOldest<Key, Value extends { readonly time: number }>(
  transactions: MemoryTransactions,
  rows: Table<Key, Value>,
  keyOf: (row: Value) => Key,
  { before, limit }: { readonly before: number; readonly limit: number },
): number {
  const old = rows.values().filter((row) => row.time < before);
  const oldest = old.sort((left, right) => left.time - right.time).slice(0, limit);
  transactions.run(() => {
    for (const row of oldest) rows.delete(keyOf(row));
  });
  return oldest.length;
}
