import { afterEach, beforeEach, expect, test } from "@jest/globals";
import BetterSqlite from "better-sqlite3";
import { applyMigrations } from "../../src/store/migrate.js";
import { migrations } from "../../src/store/migrations/all.js";
import { createSqliteStores } from "../../src/store/sqlite/stores.js";
import { contact } from "./contracts/values.js";

let database: BetterSqlite.Database;

beforeEach(() => {
  database = new BetterSqlite(":memory:");
  database.pragma("foreign_keys = ON");
});

afterEach(() => {
  database.close();
});

/** As a program of that time left it. */
function databaseOfVersion(version: number, rows: string): void {
  applyMigrations(database, migrations.slice(0, version));
  database.exec(rows);
}

test("3: contacts that all users shared are everybody's own", () => {
  databaseOfVersion(
    2,
    `INSERT INTO user VALUES ('anna', 'x', 1), ('berta', 'x', 2);
     INSERT INTO contact VALUES ('BM-carl', 'Carl', 0), ('BM-pest', '', 1);`,
  );
  applyMigrations(database, migrations);
  const { contacts } = createSqliteStores(database);
  for (const user of ["anna", "berta"]) {
    expect(contacts.list(user)).toEqual([
      contact("carl", { user, label: "Carl" }),
      contact("pest", { user, label: "", blocked: true }),
    ]);
  }
});
