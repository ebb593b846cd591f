import { afterEach, beforeEach, expect, test } from "@jest/globals";
import BetterSqlite from "better-sqlite3";
import { applyMigrations } from "../../src/store/migrate.js";
import { migrations } from "../../src/store/migrations/all.js";
import { createSqliteStores } from "../../src/store/sqlite/stores.js";
import { address, contact, filled, identity, subscription } from "./contracts/values.js";

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

test("4: identities, chans and subscriptions stay their owner's; what was seen was seen by all", () => {
  databaseOfVersion(
    3,
    `INSERT INTO user VALUES ('anna', 'x', 1), ('berta', 'x', 2);
     INSERT INTO identity VALUES ('BM-chan', 4, 1, zeroblob(32), zeroblob(65), zeroblob(32), zeroblob(65), zeroblob(20), 'general', 0,
       1, 'pass', 'berta', '1000', '1000', 1, 7, 0, 100);
     INSERT INTO subscription VALUES ('BM-news', 'News', 0, 'anna');
     INSERT INTO signature VALUES (zeroblob(32), 5);`,
  );
  applyMigrations(database, migrations);
  const { identities, subscriptions, signatures } = createSqliteStores(database);
  const kept = identity("chan", {
    user: "berta",
    label: "general",
    passphrase: "pass",
    chan: true,
    enabled: false,
  });
  expect(identities.list()).toEqual([
    {
      ...kept,
      keys: { signing: pairOf(0), encryption: pairOf(0), ripe: filled(20, 0) },
      difficulty: { trialsPerByte: 1000n, extraBytes: 1000n },
      lastPubkeySent: 7,
    },
  ]);
  expect(subscriptions.list()).toEqual([subscription("news", { label: "News", enabled: false })]);
  for (const user of ["anna", "berta"]) expect(signatures.has(user, filled(32, 0))).toBe(true);
  subscriptions.save(subscription("news", { user: "berta" }));
  identities.save(identity("chan", { user: "anna", chan: true }));
  expect(identities.owners(address("chan"))).toHaveLength(2);
});

function pairOf(value: number) {
  return { privateKey: filled(32, value), publicKey: filled(65, value) };
}
