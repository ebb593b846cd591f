/** What the tables, indexes and triggers of a database are, and what they should be. */
import { createHash } from "node:crypto";
import BetterSqlite from "better-sqlite3";
import { applyMigrations } from "./migrate.js";
import { migrations } from "./migrations/all.js";

/** As SQLite keeps it: a text of `CREATE`, or none for what SQLite makes by itself. */
export interface SchemaObject {
  readonly type: string;
  readonly name: string;
  readonly tbl_name: string;
  readonly sql: string | null;
}

/** `digestOf` what the migrations make: whoever adds one is told the new one by a test. */
export const SCHEMA_DIGEST = "33b45d34e1c922519ab9d8d21b908b5d4070ed42c4410a45c73766d09a394d7a";

export function objectsOf(database: BetterSqlite.Database): readonly SchemaObject[] {
  const sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name";
  return database.prepare(sql).all() as SchemaObject[];
}

/** What the migrations make, and more that is made afterwards. */
export function objectsOfMigrations(more = ""): readonly SchemaObject[] {
  const model = new BetterSqlite(":memory:");
  try {
    applyMigrations(model, migrations);
    model.exec(more);
    return objectsOf(model);
  } finally {
    model.close();
  }
}

export function digestOf(objects: readonly SchemaObject[]): string {
  return createHash("sha256").update(JSON.stringify(objects)).digest("hex");
}

/** Those of `objects` that are not, in every letter, among the others. */
export function objectsBeside(
  objects: readonly SchemaObject[],
  others: readonly SchemaObject[],
): readonly SchemaObject[] {
  const known = new Set(others.map((object) => JSON.stringify(object)));
  return objects.filter((object) => !known.has(JSON.stringify(object)));
}

/** Whether all that should be there is: SQLite takes a text in which a bit has turned for what was meant. */
export function isSchemaWhole(database: BetterSqlite.Database): boolean {
  const there = objectsOf(database);
  return digestOf(there) === SCHEMA_DIGEST || objectsBeside(objectsOfMigrations(), there).length === 0;
}
