import type { SignatureStore } from "../../bitmessage/messaging/ports.js";
import type { Database } from "../database.js";

export class SqliteSignatureStore implements SignatureStore {
  readonly #statements;

  constructor(database: Database) {
    this.#statements = {
      has: database.prepare("SELECT 1 FROM signature WHERE user = ? AND hash = ?").pluck(),
      add: database.prepare("INSERT OR IGNORE INTO signature VALUES (?, ?, ?)"),
      removeUser: database.prepare("DELETE FROM signature WHERE user = ?"),
    };
  }

  has(user: string, signatureHash: Uint8Array): boolean {
    return this.#statements.has.get(user, signatureHash) !== undefined;
  }

  add(user: string, signatureHash: Uint8Array, time: number): void {
    this.#statements.add.run(user, signatureHash, time);
  }

  removeUser(user: string): void {
    this.#statements.removeUser.run(user);
  }
}
