import type { SignatureStore } from "../../bitmessage/messaging/ports.js";
import type { Database } from "../database.js";

export class SqliteSignatureStore implements SignatureStore {
  readonly #statements;

  constructor(database: Database) {
    this.#statements = {
      has: database.prepare("SELECT 1 FROM signature WHERE hash = ?").pluck(),
      add: database.prepare("INSERT OR IGNORE INTO signature VALUES (?, ?)"),
    };
  }

  has(signatureHash: Uint8Array): boolean {
    return this.#statements.has.get(signatureHash) !== undefined;
  }

  add(signatureHash: Uint8Array, time: number): void {
    this.#statements.add.run(signatureHash, time);
  }
}
