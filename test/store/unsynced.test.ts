import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { type Database, openDatabase } from "../../src/store/database.js";
import { createSqliteStores } from "../../src/store/sqlite/stores.js";
import { SqliteTransactions } from "../../src/store/transactions.js";
import { mail, object } from "./contracts/values.js";

/** SQLite's words for "waits for the disk at each commit" and "does not" under write-ahead logging. */
const FULL = 2;
const NORMAL = 1;

let database: Database;
beforeEach(() => {
  database = openDatabase(":memory:");
});
afterEach(() => {
  database.close();
});

const level = () => database.pragma("synchronous", { simple: true });

test("only the commit itself does not wait for the disk: not what follows from it, nor what comes after a failure", () => {
  const transactions = new SqliteTransactions(database, () => {});
  const levels: unknown[] = [];
  transactions.runUnsynced(() => {
    levels.push(level());
    transactions.afterCommit(() => levels.push(level()));
  });
  expect(levels).toEqual([NORMAL, FULL]);
  const fail = () => {
    throw new Error("no");
  };
  expect(() => transactions.runUnsynced(fail)).toThrow("no");
  expect(level()).toBe(FULL);
});

test("within another transaction it is a part of that one", () => {
  const transactions = new SqliteTransactions(database, () => {});
  transactions.run(() => transactions.runUnsynced(() => expect(level()).toBe(FULL)));
  expect(level()).toBe(FULL);
});

test("an object of the network does not wait for the disk, one of ours does", () => {
  const waits: string[] = [];
  const watched = new Proxy(database, {
    get(target, property) {
      if (property === "pragma") return (text: string) => waits.push(text);
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const { inventory, objectQueue } = createSqliteStores(watched);
  inventory.addOwn(object(1));
  expect(waits).toEqual([]);
  objectQueue.markProcessed(inventory.add([object(2)]));
  expect(waits).toEqual([
    "synchronous = NORMAL",
    "synchronous = FULL",
    "synchronous = NORMAL",
    "synchronous = FULL",
  ]);
});

test("numbers of changes that a loss of power has undone are not given again", () => {
  const folder = mkdtempSync(join(tmpdir(), "store-unsynced-"));
  const open = () => openDatabase(join(folder, "bridge.db"));
  const first = open();
  const before = createSqliteStores(first).mailboxes;
  const mailbox = before.create("anna", "Sent", {});
  before.append(mailbox, [mail("one")], null);
  const told = before.status(mailbox).highestModSeq;
  first.close();
  const second = open();
  const after = createSqliteStores(second).mailboxes;
  // A client that was told of two changes more hears of what comes now.
  after.store(mailbox, [1], { action: "add", flags: ["\\Seen"] }, null);
  expect(after.snapshot(mailbox, "read-only").messages[0]?.modSeq).toBeGreaterThan(told + 2);
  second.close();
  rmSync(folder, { recursive: true });
});
