/** Saves what can be read of a damaged database into a new one. */
import { rmSync } from "node:fs";
import BetterSqlite from "better-sqlite3";
import { APPLICATION_ID, applyMigrations } from "../migrate.js";
import { migrations } from "../migrations/all.js";
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

/**
 * Reads the file and its log page by page, and writes what is in them into `target`, which is made. Neither the file nor its log is
 * changed. The caller has `target` written to the disk. @throws StoreError `foreign` when nothing in it is ours
 */
export function salvage(path: string, target: string, time: number): SalvageResult {
  const file = new PageFile(path);
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
      applyMigrations(made, migrations);
      const mended = mend(made, copied, time);
      const count = (table: string) => made.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number;
      const owners = made.prepare("SELECT DISTINCT user FROM mailbox").pluck().all() as string[];
      const result = { ...mended, losses: copied.losses, owners };
      return { ...result, identities: count("identity"), users: count("user"), mails: count("message") };
    })();
  } finally {
    database?.close();
    file.close();
  }
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
