import type { AppPassword, AppPasswordStore, AppPasswordUse } from "../../gateway/logins/ports.js";
import { type MemoryTransactions, Table } from "./transactions.js";

export class MemoryAppPasswordStore implements AppPasswordStore {
  readonly #rows: Table<string, AppPassword>;

  constructor(private readonly transactions: MemoryTransactions) {
    this.#rows = new Table(transactions);
  }

  list(user: string): readonly AppPassword[] {
    const own = this.#rows.values().filter((row) => row.user === user);
    return own.sort((a, b) => a.created - b.created || (folded(a.label) < folded(b.label) ? -1 : 1));
  }

  get(user: string, label: string): AppPassword | null {
    return this.#rows.get(keyOf(user, label)) ?? null;
  }

  find(user: string, verifier: Uint8Array): AppPassword | null {
    return this.list(user).find((row) => Buffer.from(row.verifier).equals(verifier)) ?? null;
  }

  add(password: AppPassword): void {
    const key = keyOf(password.user, password.label);
    if (this.#rows.get(key) !== undefined)
      throw new Error(`there is an app password ${password.label} already`);
    this.#rows.set(key, { ...password });
  }

  used(user: string, label: string, lastUse: AppPasswordUse): void {
    const row = this.get(user, label);
    if (row !== null) this.#rows.set(keyOf(user, label), { ...row, lastUse });
  }

  remove(user: string, label: string): void {
    this.#rows.delete(keyOf(user, label));
  }

  removeUser(user: string): void {
    this.transactions.run(() => {
      for (const { label } of this.list(user)) this.remove(user, label);
    });
  }
}

function keyOf(user: string, label: string): string {
  return `${user}\0${folded(label)}`;
}

/** As SQLite's NOCASE does it. */
function folded(label: string): string {
  return label.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
