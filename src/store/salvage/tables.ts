/** Tables of a new database that rows of a damaged one are put into. */
import type BetterSqlite from "better-sqlite3";
import type { Row, Value } from "./records.js";

interface Column {
  readonly name: string;
  readonly type: string;
  readonly isRequired: boolean;
  /** A row that is older than the column may lack it. */
  readonly hasDefault: boolean;
  /** Computed: stands in the row, is not written. */
  readonly isGenerated: boolean;
  readonly isRowid: boolean;
}

export class TargetTable {
  readonly #columns: readonly Column[];
  readonly #statements = new Map<string, BetterSqlite.Statement>();
  saved = 0;

  constructor(
    private readonly database: BetterSqlite.Database,
    readonly name: string,
    /** What its rows are kept by. */
    readonly kind: "table" | "index",
  ) {
    this.#columns = readColumns(database, name, kind);
  }

  /** Whether the row could be one of this table, by its number of columns and their types. */
  fits({ rowid, values }: Row): boolean {
    if ((rowid === null) !== (this.kind === "index") || values.length > this.#columns.length) return false;
    return this.#columns.every((column, index) => {
      const value = values[index];
      return value === undefined ? !column.isRequired || column.hasDefault : isOfType(value, column);
    });
  }

  /** @param conflict what becomes of a row that is there already. False when the table does not take it */
  put(row: Row, conflict: "REPLACE" | "IGNORE"): boolean {
    const given = this.#columns.slice(0, row.values.length);
    const kept = given.flatMap((column, index) =>
      column.isGenerated ? [] : [{ column, value: row.values[index]! }],
    );
    const values = kept.map(({ column, value }) => (column.isRowid ? row.rowid : value));
    const names = kept.map(({ column }) => `"${column.name}"`);
    const sql = `INSERT OR ${conflict} INTO "${this.name}" (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`;
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    try {
      this.saved += statement.run(...values).changes;
      return true;
    } catch (error) {
      if (String((error as { code?: unknown }).code).startsWith("SQLITE_CONSTRAINT")) return false;
      throw error;
    }
  }
}

/** The tables of a database whose schema is whole. */
export function targetTables(database: BetterSqlite.Database): Map<string, TargetTable> {
  const rows = database
    .prepare("SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type = 'table'")
    .all() as { name: string; wr: number }[];
  const names = rows.filter(
    ({ name }) => name !== "sqlite_schema" && name !== "sqlite_stat1" && name !== "sqlite_stat4",
  );
  return new Map(
    names.map(({ name, wr }) => [name, new TargetTable(database, name, wr === 1 ? "index" : "table")]),
  );
}

interface ColumnRow {
  name: string;
  type: string;
  notnull: number;
  dflt_value: string | null;
  pk: number;
  hidden: number;
}

/** In the order in which they stand in a row: without rowids those of the key come first. */
function readColumns(database: BetterSqlite.Database, table: string, kind: "table" | "index"): Column[] {
  const rows = database
    .prepare('SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?)')
    .all(table) as ColumnRow[];
  const key = rows.filter(({ pk }) => pk > 0).sort((one, other) => one.pk - other.pk);
  const ordered = kind === "index" ? [...key, ...rows.filter(({ pk }) => pk === 0)] : rows;
  return ordered.map(({ name, type, notnull, dflt_value, pk, hidden }) => {
    const isRowid = kind === "table" && pk === 1 && key.length === 1 && type === "INTEGER";
    return {
      name,
      type,
      isRequired: (notnull === 1 || pk > 0) && !isRowid,
      hasDefault: dflt_value !== null,
      isGenerated: hidden > 1,
      isRowid,
    };
  });
}

function isOfType(value: Value, { type, isRequired, isRowid }: Column): boolean {
  if (value === null) return !isRequired;
  if (isRowid) return false;
  if (type === "TEXT") return typeof value === "string";
  if (type === "BLOB") return value instanceof Uint8Array;
  const isWhole = typeof value === "bigint" || Number.isInteger(value);
  return type === "INTEGER" ? isWhole : isWhole || typeof value === "number";
}
