import type { ImportLog } from "../../gateway/ports.js";
import type { Database } from "../database.js";

export class SqliteImportLog implements ImportLog {
  readonly #statements;

  constructor(database: Database) {
    this.#statements = {
      has: database.prepare("SELECT 1 FROM imported WHERE user = ? AND key = ?").pluck(),
      add: database.prepare("INSERT OR IGNORE INTO imported VALUES (?, ?)"),
      removeUser: database.prepare("DELETE FROM imported WHERE user = ?"),
    };
  }

  has(user: string, key: string): boolean {
    return this.#statements.has.get(user, key) !== undefined;
  }

  add(user: string, key: string): void {
    this.#statements.add.run(user, key);
  }

  removeUser(user: string): void {
    this.#statements.removeUser.run(user);
  }
}
