import type { Address } from "../../bitmessage/protocol/address.js";
import type { Capability, CapabilityStore, Preference, PreferenceStore } from "../../gateway/ports.js";
import type { Database } from "../database.js";

export class SqliteCapabilityStore implements CapabilityStore {
  readonly #statements;

  constructor(database: Database) {
    this.#statements = {
      get: database.prepare("SELECT capability FROM capability WHERE address = ?").pluck(),
      set: database.prepare("INSERT OR REPLACE INTO capability VALUES (?, ?)"),
    };
  }

  get(address: Address): Capability | null {
    return (this.#statements.get.get(address) as Capability | undefined) ?? null;
  }

  set(address: Address, capability: Capability): void {
    this.#statements.set.run(address, capability);
  }
}

interface Row {
  attachments: Preference["attachments"];
  encoding: Preference["encoding"];
  maximum_work: number | null;
}

export class SqlitePreferenceStore implements PreferenceStore {
  readonly #statements;

  constructor(database: Database) {
    this.#statements = {
      get: database.prepare(
        "SELECT attachments, encoding, maximum_work FROM preference WHERE user = ? AND address = ?",
      ),
      set: database.prepare("INSERT OR REPLACE INTO preference VALUES (?, ?, ?, ?, ?)"),
      remove: database.prepare("DELETE FROM preference WHERE user = ? AND address = ?"),
      removeUser: database.prepare("DELETE FROM preference WHERE user = ?"),
    };
  }

  get(user: string, address: Address): Preference | null {
    const row = this.#statements.get.get(user, address) as Row | undefined;
    if (row === undefined) return null;
    return { attachments: row.attachments, encoding: row.encoding, maximumWork: row.maximum_work };
  }

  set(user: string, address: Address, preference: Preference): void {
    const { attachments, encoding, maximumWork } = preference;
    this.#statements.set.run(user, address, attachments, encoding, maximumWork);
  }

  remove(user: string, address: Address): void {
    this.#statements.remove.run(user, address);
  }

  removeUser(user: string): void {
    this.#statements.removeUser.run(user);
  }
}
