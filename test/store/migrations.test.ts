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

test("8: whose mail a message is stands in its header", () => {
  databaseOfVersion(
    4,
    `INSERT INTO user VALUES ('anna', 'x', 1);
     INSERT INTO identity SELECT column1, 4, 1, zeroblob(32), zeroblob(65), zeroblob(32), zeroblob(65), zeroblob(20), '', 1,
       0, NULL, 'anna', '1000', '1000', 1, 7, 0, 100 FROM (VALUES ('BM-one'), ('BM-two'));
     INSERT INTO mailbox (id, user, name, uid_validity) VALUES (1, 'anna', 'INBOX', 1);
     INSERT INTO flag_set VALUES (1, '[]');`,
  );
  const headers: readonly (readonly [string | null, string | null])[] = [
    ["From: BM-bob@bm.localhost\r\nTo: BM-two@bm.localhost\r\nX-Bitmessage-Hash: 00\r\n\r\n", "BM-two"],
    ["From: BM-one@bm.localhost\r\nTo: BM-two@bm.localhost\r\nX-Bitmessage-Hash: 00\r\n\r\n", "BM-two"],
    ["From: =?utf-8?Q?A?=\r\n <BM-one@bm.localhost>\r\nTo: BM-two@bm.localhost\r\n\r\n", "BM-one"],
    ['From: "Bitmessage Bridge" <bridge@bm.localhost>\r\nTo: BM-one@bm.localhost\r\n\r\n', "BM-one"],
    ["Subject: To: BM-one\r\n\r\n", null],
    [null, null],
  ];
  for (const [index, [header]] of headers.entries()) {
    const id = index + 1;
    database.prepare("INSERT INTO body VALUES (?, NULL, 9, NULL, NULL, '', '', '', ?)").run(id, header);
    database.prepare("INSERT INTO message VALUES (1, ?, 1, 1, ?, 9, 0, 0, 0)").run(id, id);
  }
  applyMigrations(database, migrations);
  const identities = database.prepare("SELECT identity FROM body ORDER BY id").pluck().all();
  expect(identities).toEqual(headers.map(([, identity]) => identity));
  const { mailboxes } = createSqliteStores(database);
  expect(mailboxes.ofIdentity(mailboxes.find("anna", "INBOX")!, address("two"), 1)).toEqual([
    { uid: 1, size: 9 },
    { uid: 2, size: 9 },
  ]);
});
