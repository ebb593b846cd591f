import type { SubscriptionStore } from "../../bitmessage/messaging/ports.js";
import type { Subscription } from "../../bitmessage/messaging/types.js";
import type { Address } from "../../bitmessage/protocol/address.js";
import type { Database } from "../database.js";
import { toInteger } from "./values.js";

interface Row {
  address: Address;
  label: string;
  enabled: number;
  user: string;
}

export class SqliteSubscriptionStore implements SubscriptionStore {
  readonly #statements;

  constructor(database: Database) {
    this.#statements = {
      list: database.prepare("SELECT * FROM subscription ORDER BY address, user"),
      get: database.prepare("SELECT * FROM subscription WHERE user = ? AND address = ?"),
      save: database.prepare("INSERT OR REPLACE INTO subscription VALUES (?, ?, ?, ?)"),
      remove: database.prepare("DELETE FROM subscription WHERE user = ? AND address = ?"),
    };
  }

  list(): readonly Subscription[] {
    return (this.#statements.list.all() as Row[]).map(fromRow);
  }

  get(user: string, address: Address): Subscription | null {
    const row = this.#statements.get.get(user, address) as Row | undefined;
    return row ? fromRow(row) : null;
  }

  save(subscription: Subscription): void {
    const { address, label, enabled, user } = subscription;
    this.#statements.save.run(user, address, label, toInteger(enabled));
  }

  remove(user: string, address: Address): void {
    this.#statements.remove.run(user, address);
  }
}

function fromRow(row: Row): Subscription {
  return { address: row.address, label: row.label, enabled: row.enabled === 1, user: row.user };
}
