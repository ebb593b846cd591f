/** Saves what can be read of a damaged database into a new one. */
import { rmSync } from "node:fs";
import BetterSqlite from "better-sqlite3";
import { APPLICATION_ID, applyMigrations } from "../migrate.js";
import { migrations } from "../migrations/all.js";
import { storageFault } from "../storage-fault.js";
import { StoreError } from "../store-error.js";
import { copyRows, readSchema, type TableLoss } from "./copy-rows.js";
import { type MendedMail, mend } from "./mend.js";
import { PageFile } from "./pages.js";
import { TreeReader } from "./trees.js";

export interface SalvageResult extends MendedMail {
  /** Tables that something is missing of. */
  readonly losses: readonly TableLoss[];
  /** Identities whose private keys were saved. */
  readonly identities: number;
  readonly users: number;
  /** Whose mailboxes there are: also of logins that are lost. */
  readonly owners: readonly string[];
  readonly mails: number;
}

/** Of the pages: where the disk gives less, it is the disk that is to be saved first, and nothing is to stand in for what is on it. */
const MOST_REFUSED = 0.1;

/**
 * Reads the file and its log page by page, and writes what is in them into `target`, which is made. Neither the file nor its log is
 * changed. The caller has `target` written to the disk. @throws StoreError `foreign` when nothing in it is ours, `unusable` when the
 * disk does not give the log, or more than a tenth of the pages
 */
export function salvage(path: string, target: string, time: number): SalvageResult {
  const file = openPages(path);
  let database: BetterSqlite.Database | null = null;
  try {
    if (file.header !== null && file.header.applicationId !== APPLICATION_ID)
      throw new StoreError("foreign", "the database belongs to another program");
    for (const end of ["", "-wal", "-journal"]) rmSync(`${target}${end}`, { force: true });
    database = new BetterSqlite(target);
    prepare(database, versionOf(file));
    const made = database;
    return database.transaction(() => {
      const copied = copyRows(file, made);
      if (file.refused > file.pageCount * MOST_REFUSED) throw tooLittle(path);
      applyMigrations(made, migrations);
      const mended = mend(made, copied, time);
      const count = (table: string) => made.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number;
      const owners = made.prepare("SELECT DISTINCT user FROM mailbox").pluck().all() as string[];
      const result = { ...mended, losses: copied.losses, owners };
      const identities = made.prepare(IDENTITIES).pluck().get() as number;
      return { ...result, identities, users: count("user"), mails: count("message") };
    })();
  } finally {
    database?.close();
    file.close();
  }
}

/** What is not a key as it stands is sealed, and worth nothing without what opens it. */
const IDENTITIES = `
  SELECT count(*) FROM identity WHERE length(signing_private_key) = 32
    OR EXISTS (SELECT 1 FROM property WHERE name = 'keys.vault' AND value <> '')`;

function openPages(path: string): PageFile {
  try {
    return new PageFile(path);
  } catch (error) {
    throw storageFault(error) === "failing" ? tooLittle(path) : error;
  }
}

function tooLittle(path: string): StoreError {
  const advice = "copy its folder to another disk, with a program that passes over what cannot be read";
  return new StoreError("unusable", `the disk fails, and gives too little of ${path}: ${advice}`);
}

/** The tables as they were in the damaged file, so that rows fit. */
function prepare(database: BetterSqlite.Database, version: number): void {
  // It is made again if this does not come to its end.
  database.pragma("journal_mode = MEMORY");
  database.pragma("synchronous = OFF");
  database.pragma("foreign_keys = OFF");
  database.pragma("cache_size = -65536");
  applyMigrations(database, migrations.slice(0, version));
}

/** What the header says, unless the tables that are there say otherwise. */
function versionOf(file: PageFile): number {
  const named = file.header?.schemaVersion ?? migrations.length;
  const there = tableNames(
    readSchema(new TreeReader(file)).flatMap(({ kind, name }) => (kind === "table" ? [name] : [])),
  );
  const model = new BetterSqlite(":memory:");
  try {
    const fitting = migrations.flatMap((migration, index) => {
      applyMigrations(model, migrations.slice(0, index + 1));
      const names = model
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
        .pluck()
        .all() as string[];
      return tableNames(names) === there ? [migration.version] : [];
    });
    return fitting.includes(named) ? named : (fitting.at(-1) ?? migrations.length);
  } finally {
    model.close();
  }
}

function tableNames(names: readonly string[]): string {
  return names
    .filter((name) => !name.startsWith("sqlite_"))
    .sort()
    .join(" ");
}
