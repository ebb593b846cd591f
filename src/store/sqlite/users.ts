import type { User, UserStore } from "../../gateway/ports.js";
import type { Database } from "../database.js";

interface Row {
  name: string;
  password_hash: string;
  created: number;
}

/** The login alone: its mail is in the other stores, which forget it by `removeUser`. */
export class SqliteUserStore implements UserStore {
  readonly #statements;

  constructor(database: Database) {
    this.#statements = {
      list: database.prepare("SELECT * FROM user ORDER BY name"),
      get: database.prepare("SELECT * FROM user WHERE name = ?"),
      save: database.prepare("INSERT OR REPLACE INTO user VALUES (?, ?, ?)"),
      remove: database.prepare("DELETE FROM user WHERE name = ?"),
    };
  }

  list(): readonly User[] {
    return (this.#statements.list.all() as Row[]).map(fromRow);
  }

  get(name: string): User | null {
    const row = this.#statements.get.get(name) as Row | undefined;
    return row ? fromRow(row) : null;
  }

  save(user: User): void {
    this.#statements.save.run(user.name, user.passwordHash, user.created);
  }

  remove(name: string): void {
    this.#statements.remove.run(name);
  }
}

function fromRow(row: Row): User {
  return { name: row.name, passwordHash: row.password_hash, created: row.created };
}
