import type { SecondLook, SecondLookStore } from "../../bitmessage/messaging/ports.js";
import type { Address } from "../../bitmessage/protocol/address.js";
import type { Database } from "../database.js";

export class SqliteSecondLookStore implements SecondLookStore {
  readonly #statements;

  constructor(database: Database) {
    this.#statements = {
      list: database.prepare("SELECT kind, address, position AS after FROM second_look"),
      save: database.prepare("INSERT OR REPLACE INTO second_look VALUES (?, ?, ?)"),
      remove: database.prepare("DELETE FROM second_look WHERE kind = ? AND address = ?"),
    };
  }

  list(): readonly SecondLook[] {
    return this.#statements.list.all() as SecondLook[];
  }

  save({ kind, address, after }: SecondLook): void {
    this.#statements.save.run(kind, address, after);
  }

  remove(kind: SecondLook["kind"], address: Address): void {
    this.#statements.remove.run(kind, address);
  }
}
