import type { ContactStore } from "../../bitmessage/messaging/ports.js";
import type { Contact } from "../../bitmessage/messaging/types.js";
import type { Address } from "../../bitmessage/protocol/address.js";
import type { Database } from "../database.js";
import { toInteger } from "./values.js";

interface Row {
  address: Address;
  label: string;
  blocked: number;
}

export class SqliteContactStore implements ContactStore {
  readonly #statements;

  constructor(database: Database) {
    this.#statements = {
      list: database.prepare("SELECT * FROM contact ORDER BY address"),
      get: database.prepare("SELECT * FROM contact WHERE address = ?"),
      save: database.prepare("INSERT OR REPLACE INTO contact VALUES (?, ?, ?)"),
      remove: database.prepare("DELETE FROM contact WHERE address = ?"),
    };
  }

  list(): readonly Contact[] {
    return (this.#statements.list.all() as Row[]).map(fromRow);
  }

  get(address: Address): Contact | null {
    const row = this.#statements.get.get(address) as Row | undefined;
    return row ? fromRow(row) : null;
  }

  save(contact: Contact): void {
    this.#statements.save.run(contact.address, contact.label, toInteger(contact.blocked));
  }

  remove(address: Address): void {
    this.#statements.remove.run(address);
  }
}

function fromRow(row: Row): Contact {
  return { address: row.address, label: row.label, blocked: row.blocked === 1 };
}
