import type { AppPassword, AppPasswordStore, AppPasswordUse } from "../../gateway/logins/ports.js";
import type { Database } from "../database.js";
import { whereThereIsRoom } from "../storage-fault.js";
import { plainBytes } from "./values.js";

interface Row {
  user: string;
  label: string;
  verifier: Uint8Array;
  scram_salt: Uint8Array;
  scram_iterations: number;
  scram_stored_key: Uint8Array;
  scram_server_key: Uint8Array;
  services: string;
  created: number;
  last_used: number | null;
  last_service: string | null;
  last_address: string | null;
}

export class SqliteAppPasswordStore implements AppPasswordStore {
  readonly #statements;

  constructor(database: Database) {
    this.#statements = {
      list: database.prepare("SELECT * FROM app_password WHERE user = ? ORDER BY created, label"),
      get: database.prepare("SELECT * FROM app_password WHERE user = ? AND label = ?"),
      find: database.prepare("SELECT * FROM app_password WHERE user = ? AND verifier = ?"),
      add: database.prepare(`INSERT INTO app_password VALUES (:user, :label, :verifier, :scram_salt, :scram_iterations,
        :scram_stored_key, :scram_server_key, :services, :created, :last_used, :last_service, :last_address)`),
      used: database.prepare(
        "UPDATE app_password SET last_used = ?, last_service = ?, last_address = ? WHERE user = ? AND label = ?",
      ),
      remove: database.prepare("DELETE FROM app_password WHERE user = ? AND label = ?"),
      removeUser: database.prepare("DELETE FROM app_password WHERE user = ?"),
    };
  }

  list(user: string): readonly AppPassword[] {
    return (this.#statements.list.all(user) as Row[]).map(fromRow);
  }

  get(user: string, label: string): AppPassword | null {
    const row = this.#statements.get.get(user, label) as Row | undefined;
    return row ? fromRow(row) : null;
  }

  find(user: string, verifier: Uint8Array): AppPassword | null {
    const row = this.#statements.find.get(user, verifier) as Row | undefined;
    return row ? fromRow(row) : null;
  }

  add(password: AppPassword): void {
    this.#statements.add.run(toRow(password));
  }

  used(user: string, label: string, { time, service, address }: AppPasswordUse): void {
    whereThereIsRoom(() => this.#statements.used.run(time, service, address, user, label));
  }

  remove(user: string, label: string): void {
    this.#statements.remove.run(user, label);
  }

  removeUser(user: string): void {
    this.#statements.removeUser.run(user);
  }
}

function toRow({ user, label, verifier, scram, services, created, lastUse }: AppPassword): Row {
  return {
    user,
    label,
    verifier,
    scram_salt: scram.salt,
    scram_iterations: scram.iterations,
    scram_stored_key: scram.storedKey,
    scram_server_key: scram.serverKey,
    services: services.join(" "),
    created,
    last_used: lastUse?.time ?? null,
    last_service: lastUse?.service ?? null,
    last_address: lastUse?.address ?? null,
  };
}

function fromRow(row: Row): AppPassword {
  const { last_used: time, last_service: service, last_address: address } = row;
  return {
    user: row.user,
    label: row.label,
    verifier: plainBytes(row.verifier),
    scram: {
      salt: plainBytes(row.scram_salt),
      iterations: row.scram_iterations,
      storedKey: plainBytes(row.scram_stored_key),
      serverKey: plainBytes(row.scram_server_key),
    },
    services: row.services.split(" ") as unknown as AppPassword["services"],
    created: row.created,
    lastUse:
      time === null ? null : { time, service: service as AppPasswordUse["service"], address: address ?? "" },
  };
}
