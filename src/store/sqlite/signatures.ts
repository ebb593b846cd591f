import type { SignatureStore } from "../../bitmessage/messaging/ports.js";
import type { Retained } from "../../gateway/ports.js";
import type { Database } from "../database.js";

export class SqliteSignatureStore implements SignatureStore, Retained {
  readonly #statements;

  constructor(database: Database) {
    this.#statements = {
      has: database.prepare("SELECT 1 FROM signature WHERE user = ? AND hash = ?").pluck(),
      add: database.prepare("INSERT OR REPLACE INTO signature VALUES (?, ?, ?)"),
      removeBefore: database.prepare(
        `DELETE FROM signature WHERE (user, hash) IN
           (SELECT user, hash FROM signature WHERE time < ? ORDER BY time LIMIT ?)`,
      ),
      removeUser: database.prepare("DELETE FROM signature WHERE user = ?"),
    };
  }

  has(user: string, signatureHash: Uint8Array): boolean {
    return this.#statements.has.get(user, signatureHash) !== undefined;
  }

  add(user: string, signatureHash: Uint8Array, time: number): void {
    this.#statements.add.run(user, signatureHash, time);
  }

  removeBefore(time: number, limit: number): number {
    return this.#statements.removeBefore.run(time, limit).changes;
  }

  removeUser(user: string): void {
    this.#statements.removeUser.run(user);
  }
}
