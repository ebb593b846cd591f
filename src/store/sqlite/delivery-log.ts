import type { DeliveryLog } from "../../gateway/ports.js";
import type { Database } from "../database.js";

export class SqliteDeliveryLog implements DeliveryLog {
  readonly #statements;

  constructor(database: Database) {
    this.#statements = {
      has: database.prepare("SELECT 1 FROM delivery WHERE user = ? AND hash = ?").pluck(),
      removeUser: database.prepare("DELETE FROM delivery WHERE user = ?"),
      removeBefore: database.prepare(
        `DELETE FROM delivery WHERE (user, hash) IN
           (SELECT user, hash FROM delivery WHERE time < ? ORDER BY time LIMIT ?)`,
      ),
      add: database.prepare("INSERT OR IGNORE INTO delivery VALUES (?, ?, ?)"),
    };
  }

  has(user: string, hash: string): boolean {
    return this.#statements.has.get(user, hash) !== undefined;
  }

  add(user: string, hash: string, time: number): void {
    this.#statements.add.run(user, hash, time);
  }

  removeBefore(time: number, limit: number): number {
    return this.#statements.removeBefore.run(time, limit).changes;
  }

  removeUser(user: string): void {
    this.#statements.removeUser.run(user);
  }
}
