/** Brings what can be read of a damaged database into a new one, row by row. */
import type BetterSqlite from "better-sqlite3";
import type { PageFile } from "./pages.js";
import type { Row, Value } from "./records.js";
import { type TargetTable, targetTables } from "./tables.js";
import { type Root, type Tree, TreeReader } from "./trees.js";

export interface TableLoss {
  readonly table: string;
  readonly saved: number;
  /** Pages of it that are damaged; -1: it is not known where it stood. */
  readonly lostPages: number;
  readonly lostRows: number;
}

export interface CopiedRows {
  /** Of tables that something is missing of. */
  readonly losses: readonly TableLoss[];
  /** What the index `message_by_body` knows: body, mailbox, UID; it stands on pages of its own. */
  readonly indexed: readonly Row[];
}

const SCHEMA_PAGE = 1;
const MESSAGE_INDEX = "message_by_body";
const SEQUENCES = "sqlite_sequence";

/** @param target a new database with the same tables, in a transaction */
export function copyRows(file: PageFile, target: BetterSqlite.Database): CopiedRows {
  const reader = new TreeReader(file);
  const tables = targetTables(target);
  const roots = readSchema(reader);
  const trees = new Map<string, Tree>();
  const refused = new Map<string, number>();
  const indexed: Row[] = [];
  const sequences: Row[] = [];
  for (const root of roots) {
    const table = root.kind === "table" ? tables.get(root.name) : undefined;
    if (root.name === SEQUENCES) reader.read(root.page, "table", (row) => sequences.push(row));
    else if (table !== undefined) {
      const take = (row: Row) => {
        if (!table.put(row, "REPLACE")) refused.set(table.name, (refused.get(table.name) ?? 0) + 1);
      };
      trees.set(table.name, reader.read(root.page, table.kind, take));
    } else if (root.kind === "index") {
      reader.read(root.page, "index", (row) => root.name === MESSAGE_INDEX && indexed.push(row));
    }
  }
  const cut = [...tables.values()].filter(
    ({ name }) => name !== SEQUENCES && (trees.get(name)?.lostPages ?? 1) > 0,
  );
  if (cut.length > 0) adoptStray(reader, cut);
  keepSequences(target, sequences);
  return { losses: lossesOf(tables, trees, refused), indexed };
}

/** Empty when nothing of the schema can be read. */
export function readSchema(reader: TreeReader): Root[] {
  const roots = new Map<string, Root>();
  const take = ({ values }: Row) => {
    const [kind, name, , page] = values;
    if ((kind !== "table" && kind !== "index") || typeof name !== "string" || Number(page) <= 1) return;
    if (!roots.has(name)) roots.set(name, { kind, name, page: Number(page) });
  };
  const { lostPages } = reader.read(SCHEMA_PAGE, "table", take);
  // Only its beginning, as a rule: what stands on other pages is found by how it looks.
  if (lostPages > 0) reader.readLeavesOf(isSchemaRow, take);
  return [...roots.values()];
}

const SCHEMA_KINDS: ReadonlySet<unknown> = new Set(["table", "index", "trigger", "view"]);

function isSchemaRow({ values }: Row): boolean {
  const [kind, name, table, page, sql] = values;
  if (values.length !== 5 || !SCHEMA_KINDS.has(kind)) return false;
  const isText = typeof name === "string" && typeof table === "string";
  return isText && isWhole(page) && (sql === null || (typeof sql === "string" && sql.startsWith("CREATE ")));
}

function isWhole(value: Value | undefined): boolean {
  return typeof value === "bigint" || Number.isInteger(value);
}

/** Rows that no tree leads to any more; each goes where alone it fits. */
function adoptStray(reader: TreeReader, cut: readonly TargetTable[]): void {
  reader.skipFree();
  reader.readStray((row) => {
    const [table, ...others] = cut.filter((one) => one.fits(row));
    if (table !== undefined && others.length === 0) table.put(row, "IGNORE");
  });
}

/** Numbers that were given once are not given again. */
function keepSequences(target: BetterSqlite.Database, sequences: readonly Row[]): void {
  const raise = target.prepare("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?");
  const add = target.prepare("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)");
  for (const { values } of sequences) {
    const [name, last] = values;
    if (typeof name !== "string" || typeof last !== "bigint") continue;
    if (raise.run(last, name).changes === 0) add.run(name, last);
  }
}

function lossesOf(
  tables: ReadonlyMap<string, TargetTable>,
  trees: ReadonlyMap<string, Tree>,
  refused: ReadonlyMap<string, number>,
): TableLoss[] {
  return [...tables.values()].flatMap(({ name, saved }) => {
    if (name === SEQUENCES) return [];
    const tree = trees.get(name);
    const lostPages = tree?.lostPages ?? -1;
    const lostRows = (tree?.lostRows ?? 0) + (refused.get(name) ?? 0);
    return lostPages === 0 && lostRows === 0 ? [] : [{ table: name, saved, lostPages, lostRows }];
  });
}
