import type { Database } from "../database.js";
import type { PropertyStore } from "../stores.js";

export class SqlitePropertyStore implements PropertyStore {
  readonly #statements;

  constructor(database: Database) {
    this.#statements = {
      get: database.prepare("SELECT value FROM property WHERE name = ?").pluck(),
      set: database.prepare("INSERT OR REPLACE INTO property VALUES (?, ?)"),
    };
  }

  get(name: string): string | null {
    return (this.#statements.get.get(name) as string | undefined) ?? null;
  }

  set(name: string, value: string): void {
    this.#statements.set.run(name, value);
  }
}
