/** Brings a database up to date: numbered steps, each in a transaction of its own together with its number. */
import type BetterSqlite from "better-sqlite3";
import { StoreError } from "./store-error.js";

export interface Migration {
  /** 1, 2, 3 and so on: the `user_version` of the database after it. */
  readonly version: number;
  readonly apply: (database: BetterSqlite.Database) => void;
}

/** "BMBr": tells our databases from those of other programs. */
export const APPLICATION_ID = 0x424d4272;

/** @throws StoreError `newer` or `foreign`; the database is unchanged then */
export function applyMigrations(database: BetterSqlite.Database, migrations: readonly Migration[]): void {
  const current = numberPragma(database, "user_version");
  const newest = migrations.at(-1)?.version ?? 0;
  refuseForeign(database, current);
  if (current > newest) {
    throw new StoreError(
      "newer",
      `the database has version ${current}, but this program knows versions up to ${newest}: use a newer program`,
    );
  }
  for (const migration of migrations) {
    if (migration.version > current) applyOne(database, migration);
  }
}

function applyOne(database: BetterSqlite.Database, migration: Migration): void {
  database
    .transaction(() => {
      migration.apply(database);
      database.pragma(`application_id = ${APPLICATION_ID}`);
      database.pragma(`user_version = ${migration.version}`);
    })
    .immediate();
}

function refuseForeign(database: BetterSqlite.Database, version: number): void {
  const id = numberPragma(database, "application_id");
  if (id === APPLICATION_ID) return;
  const tables = database.prepare("SELECT count(*) FROM sqlite_schema").pluck().get() as number;
  if (id !== 0 || version !== 0 || tables > 0) {
    throw new StoreError("foreign", "the database belongs to another program");
  }
}

function numberPragma(database: BetterSqlite.Database, name: string): number {
  return database.pragma(name, { simple: true }) as number;
}
