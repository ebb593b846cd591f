import type { ContactStore } from "../../bitmessage/messaging/ports.js";
import type { Contact } from "../../bitmessage/messaging/types.js";
import type { Address } from "../../bitmessage/protocol/address.js";
import type { Database } from "../database.js";
import { toInteger } from "./values.js";

interface Row {
  user: string;
  address: Address;
  label: string;
  blocked: number;
}

export class SqliteContactStore implements ContactStore {
  readonly #statements;

  constructor(database: Database) {
    this.#statements = {
      list: database.prepare("SELECT * FROM contact WHERE user = ? ORDER BY address"),
      get: database.prepare("SELECT * FROM contact WHERE user = ? AND address = ?"),
      save: database.prepare("INSERT OR REPLACE INTO contact VALUES (?, ?, ?, ?)"),
      remove: database.prepare("DELETE FROM contact WHERE user = ? AND address = ?"),
      removeUser: database.prepare("DELETE FROM contact WHERE user = ?"),
    };
  }

  list(user: string): readonly Contact[] {
    return (this.#statements.list.all(user) as Row[]).map(fromRow);
  }

  get(user: string, address: Address): Contact | null {
    const row = this.#statements.get.get(user, address) as Row | undefined;
    return row ? fromRow(row) : null;
  }

  save(contact: Contact): void {
    const { user, address, label, blocked } = contact;
    this.#statements.save.run(user, address, label, toInteger(blocked));
  }

  remove(user: string, address: Address): void {
    this.#statements.remove.run(user, address);
  }

  removeUser(user: string): void {
    this.#statements.removeUser.run(user);
  }
}

function fromRow(row: Row): Contact {
  return { user: row.user, address: row.address, label: row.label, blocked: row.blocked === 1 };
}
