import { afterEach, describe, expect, test } from "@jest/globals";
import { type Database, openDatabase } from "../../src/store/database.js";
import { createSqliteStores } from "../../src/store/sqlite/stores.js";
import type { StoreOptions } from "../../src/store/stores.js";
import { storesContract } from "./contracts/all.js";
import { mail, witness } from "./contracts/values.js";

const open: Database[] = [];

afterEach(() => {
  for (const database of open.splice(0)) database.close();
});

function database(): Database {
  const made = openDatabase(":memory:");
  open.push(made);
  return made;
}

describe("stores in SQLite", () =>
  storesContract((options?: StoreOptions) => createSqliteStores(database(), options)));

describe("content", () => {
  const count = (from: Database, table: string) =>
    from.prepare(`SELECT count(*) FROM ${table}`).pluck().get();

  test("is kept once for all copies and goes with the last of them", () => {
    const made = database();
    const { mailboxes } = createSqliteStores(made);
    const [inbox, other] = [mailboxes.create("anna", "INBOX", {}), mailboxes.create("anna", "other", {})];
    mailboxes.append(inbox, [mail("a"), mail("b")]);
    mailboxes.copy(inbox, [1, 2], other);
    mailboxes.copy(inbox, [1], inbox);
    expect([count(made, "content"), count(made, "body")]).toEqual([2, 2]);
    mailboxes.expunge(inbox, "all", "any", null);
    expect(count(made, "content")).toBe(2);
    mailboxes.expunge(other, [1], "any", null);
    expect([count(made, "content"), count(made, "body")]).toEqual([1, 1]);
    mailboxes.remove("anna", "other");
    expect([count(made, "content"), count(made, "body")]).toEqual([0, 0]);
  });

  test("of expunged messages that were still held is cleared away at the next start", () => {
    const made = database();
    const { mailboxes } = createSqliteStores(made);
    const inbox = mailboxes.create("anna", "INBOX", {});
    mailboxes.subscribe(inbox, witness());
    mailboxes.append(inbox, [mail("a"), mail("b")]);
    mailboxes.expunge(inbox, [1], "any", null);
    expect([count(made, "content"), count(made, "departed")]).toEqual([2, 1]);
    createSqliteStores(made);
    expect([count(made, "content"), count(made, "departed")]).toEqual([1, 0]);
  });
});

describe("queries", () => {
  /** The plan of a statement, as SQLite tells it. */
  function plan(made: Database, sql: string): string {
    const rows = made.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[];
    return rows.map((row) => row.detail).join("; ");
  }

  test.each([
    ["SELECT hash, bytes FROM object WHERE processed = 0 ORDER BY id LIMIT 5", "object_unprocessed"],
    ["SELECT bytes FROM object WHERE tag = x'00' AND type = 1 AND expires > 5", "object_by_tag"],
    [
      "SELECT hash FROM object WHERE expires > 1 AND stream = 1 ORDER BY expires, hash",
      "COVERING INDEX object_by_expiry",
    ],
    ["DELETE FROM object WHERE expires < 1 AND processed = 1", "object_by_expiry"],
    ["SELECT id FROM outbox WHERE active = 1 ORDER BY created, position", "outbox_active"],
    ["SELECT id FROM outbox WHERE sender = 'a' ORDER BY created DESC, position DESC", "outbox_by_sender"],
    [
      "SELECT id FROM submission WHERE user = 'a' AND message_id = 'b' AND created >= 1",
      "submission_by_message_id",
    ],
    [
      "SELECT m.uid FROM body b CROSS JOIN message m ON m.body_id = b.id WHERE b.message_id = 'a' AND m.mailbox_id = 1",
      "SEARCH b USING COVERING INDEX body_by_message_id (message_id=?); SEARCH m USING COVERING INDEX message_by_body",
    ],
  ])("%s uses an index", (sql, index) => {
    const text = plan(database(), sql);
    expect(text).toContain(index);
    expect(text).not.toContain("TEMP B-TREE");
  });
});
