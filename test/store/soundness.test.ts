import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import BetterSqlite from "better-sqlite3";
import { type Database, openDatabase } from "../../src/store/database.js";
import { applyMigrations } from "../../src/store/migrate.js";
import { migrations } from "../../src/store/migrations/all.js";
import { salvage } from "../../src/store/salvage/salvage.js";
import { findDamage } from "../../src/store/soundness.js";

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "soundness-"));
  path = join(folder, "bridge.db");
});

afterEach(() => rmSync(folder, { recursive: true }));

const failing = (code: string) =>
  ({
    pragma() {
      throw Object.assign(new Error(code), { code });
    },
  }) as unknown as Database;

test("a disk that fails and too little memory are no damage; what SQLite takes for damage is", () => {
  for (const code of ["SQLITE_IOERR_READ", "SQLITE_FULL", "SQLITE_NOMEM", "SQLITE_IOERR_NOMEM"])
    expect(() => findDamage(failing(code), "structure")).toThrow(code);
  for (const code of ["SQLITE_CORRUPT", "SQLITE_CORRUPT_VTAB", "SQLITE_IOERR_SHORT_READ"])
    expect(findDamage(failing(code), "structure")).toBe(code);
});

/** Its beginning cannot be read: EIO. */
const UNREADABLE = "/proc/self/mem";

(existsSync(UNREADABLE) ? test : test.skip)(
  "where the disk does not give the log, nothing is saved: what was written last would be missing",
  () => {
    openDatabase(path).close();
    symlinkSync(UNREADABLE, `${path}-wal`);
    expect(() => salvage(path, join(folder, "saved.db"), 1)).toThrow("the disk fails, and gives too little");
    expect(existsSync(join(folder, "saved.db"))).toBe(false);
  },
);

test("half a copy of an older database never has a copy's name, and none is left", () => {
  const older = new BetterSqlite(path);
  applyMigrations(older, migrations.slice(0, 2));
  older.close();
  // In the way, so that the copy cannot get its name.
  mkdirSync(`${path}.version-2`);
  writeFileSync(`${path}.version-2.part`, "left from a loss of power");
  expect(() => openDatabase(path)).toThrow("EISDIR");
  expect(existsSync(`${path}.version-2.part`)).toBe(false);
  rmSync(`${path}.version-2`, { recursive: true });
  openDatabase(path).close();
  const copy = new BetterSqlite(`${path}.version-2`, { readonly: true });
  expect(copy.pragma("integrity_check", { simple: true })).toBe("ok");
  copy.close();
});
