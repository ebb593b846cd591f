import type { PropertyStore } from "../stores.js";
import { type MemoryTransactions, Table } from "./transactions.js";

export class MemoryPropertyStore implements PropertyStore {
  readonly #values: Table<string, string>;

  constructor(transactions: MemoryTransactions) {
    this.#values = new Table(transactions);
  }

  get(name: string): string | null {
    return this.#values.get(name) ?? null;
  }

  set(name: string, value: string): void {
    this.#values.set(name, value);
  }
}
