import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import BetterSqlite from "better-sqlite3";
import { openDatabase } from "../../src/store/database.js";
import { APPLICATION_ID, applyMigrations } from "../../src/store/migrate.js";
import { migrations } from "../../src/store/migrations/all.js";
import { digestOf, objectsOfMigrations, SCHEMA_DIGEST } from "../../src/store/schema.js";
import { createSqliteStores } from "../../src/store/sqlite/stores.js";
import { mail, object } from "./contracts/values.js";

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "store-"));
  path = join(folder, "bridge.db");
});

afterEach(() => rmSync(folder, { recursive: true }));

function codeOf(work: () => void): unknown {
  try {
    work();
  } catch (error) {
    return (error as { code: unknown }).code;
  }
  return null;
}

describe("opening", () => {
  test("the file and its log are for the owner only, durable and locked", () => {
    writeFileSync(path, "", { mode: 0o644 });
    const database = openDatabase(path);
    createSqliteStores(database).inventory.add([object(1)]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(`${path}-wal`).mode & 0o777).toBe(0o600);
    expect(database.pragma("synchronous", { simple: true })).toBe(2);
    expect(database.pragma("fullfsync", { simple: true })).toBe(1);
    expect(database.pragma("journal_mode", { simple: true })).toBe("wal");
    expect(database.pragma("foreign_keys", { simple: true })).toBe(1);
    expect(codeOf(() => openDatabase(path, { busyMilliseconds: 0 }))).toBe("in-use");
    database.close();
    openDatabase(path, { busyMilliseconds: 0 }).close();
    expect(existsSync(`${path}-wal`)).toBe(false);
  });

  test("stays locked against other processes when this one tries to open it again", () => {
    const database = openDatabase(path);
    expect(codeOf(() => openDatabase(path, { busyMilliseconds: 0 }))).toBe("in-use");
    const sqlite = createRequire(import.meta.url).resolve("better-sqlite3");
    const look = `new (require(${JSON.stringify(sqlite)}))(${JSON.stringify(path)}, { timeout: 0 }).pragma("user_version")`;
    const other = spawnSync(process.execPath, ["-e", look], { encoding: "utf8" });
    expect(other.stderr).toContain("SQLITE_BUSY");
    database.close();
  });

  test("something else is refused and left alone", () => {
    writeFileSync(path, "this is a diary, not a database".repeat(100));
    expect(codeOf(() => openDatabase(path))).toBe("foreign");
    const other = join(folder, "other.db");
    const database = new BetterSqlite(other);
    database.exec("CREATE TABLE diary (text)");
    database.close();
    expect(codeOf(() => openDatabase(other))).toBe("foreign");
    const again = new BetterSqlite(other);
    expect(again.prepare("SELECT count(*) FROM sqlite_schema").pluck().get()).toBe(1);
    again.close();
  });

  test("one whose own description has been changed by the disk is damaged, though SQLite reads it", () => {
    openDatabase(path).close();
    const bytes = readFileSync(path);
    const column = bytes.lastIndexOf("internal_zone");
    bytes[column + 3]! ^= 1;
    writeFileSync(path, bytes);
    expect(codeOf(() => openDatabase(path))).toBe("damaged");
  });

  test("what somebody adds to it by hand is no damage", () => {
    const database = openDatabase(path);
    database.exec("CREATE INDEX own ON mailbox (size); ANALYZE");
    database.close();
    openDatabase(path).close();
  });

  test("an older one is kept beside before it is brought up to date, for its owner only", () => {
    const older = new BetterSqlite(path);
    applyMigrations(older, migrations.slice(0, 2));
    older.exec("INSERT INTO property VALUES ('mark', 'before')");
    older.close();
    openDatabase(path).close();
    const copy = `${path}.version-2`;
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    const kept = new BetterSqlite(copy);
    expect(kept.pragma("user_version", { simple: true })).toBe(2);
    expect(kept.prepare("SELECT value FROM property WHERE name = 'mark'").pluck().get()).toBe("before");
    kept.close();
    rmSync(copy);
    openDatabase(path).close();
    expect(existsSync(copy)).toBe(false);
  });

  test("what was written is there the next time; numbers go on", () => {
    let database = openDatabase(path);
    const first = createSqliteStores(database).mailboxes;
    const inbox = first.create("anna", "INBOX", {});
    first.append(inbox, [mail("a"), mail("b")]);
    first.expunge(inbox, [2], "any", null);
    first.create("anna", "x", {});
    const x = first.status(first.find("anna", "x")!);
    first.remove("anna", "x");
    const before = first.snapshot(inbox, "read-only");
    database.close();
    database = openDatabase(path);
    const second = createSqliteStores(database, { clock: () => 0 }).mailboxes;
    const now = second.snapshot(inbox, "read-only");
    expect(now).toEqual({ ...before, highestModSeq: now.highestModSeq });
    expect(now.highestModSeq).toBeGreaterThan(before.highestModSeq);
    expect(second.append(inbox, [mail("c")]).uids).toEqual([3]);
    const again = second.status(second.create("anna", "x", {}));
    expect(again.uidValidity).toBeGreaterThan(x.uidValidity);
    expect(again.id).not.toBe(x.id);
    database.close();
  });
});

describe("migrations", () => {
  test("make what is compared at each start", () => {
    expect(SCHEMA_DIGEST).toBe(digestOf(objectsOfMigrations()));
  });

  test("are numbered from one without gaps", () => {
    expect(migrations.map((migration) => migration.version)).toEqual(migrations.map((_, index) => index + 1));
  });

  test("a database of a newer program is refused and unchanged", () => {
    openDatabase(path).close();
    const database = new BetterSqlite(path);
    database.pragma("user_version = 999");
    database.close();
    expect(codeOf(() => openDatabase(path))).toBe("newer");
    expect(() => openDatabase(path)).toThrow("version 999");
  });

  test("only the missing steps run, each whole or not at all", () => {
    const database = new BetterSqlite(":memory:");
    const ran: number[] = [];
    const step = (version: number, sql: string) => ({
      version,
      apply: (one: BetterSqlite.Database) => {
        ran.push(version);
        one.exec(sql);
      },
    });
    const steps = [
      step(1, "CREATE TABLE a (x)"),
      step(2, "CREATE TABLE b (x)"),
      step(3, "CREATE TABLE c (x); nonsense"),
    ];
    applyMigrations(database, steps.slice(0, 1));
    expect(() => applyMigrations(database, steps)).toThrow("nonsense");
    const tables = database.prepare("SELECT name FROM sqlite_schema ORDER BY name").pluck().all();
    expect([tables, database.pragma("user_version", { simple: true })]).toEqual([["a", "b"], 2]);
    expect(ran).toEqual([1, 2, 3]);
    expect(database.pragma("application_id", { simple: true })).toBe(APPLICATION_ID);
    database.close();
  });
});
