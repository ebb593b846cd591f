/** Whether a database is what it was when it was written. */
import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import type { Database } from "./database.js";
import { APPLICATION_ID } from "./migrate.js";
import { defineContentChecksum } from "./sqlite/content-checksum.js";
import { SqlitePropertyStore } from "./sqlite/properties.js";
import { storageFault } from "./storage-fault.js";

/** How much a check reads: `structure` all pages, `everything` compares indexes with their tables as well. */
export type CheckDepth = "structure" | "everything";

/**
 * What is wrong, in SQLite's words; null when nothing is. Reads the whole file. SQLite takes what the disk does not give for damage as well.
 * @throws the errors of a disk that is full or fails, and of too little memory: they tell nothing of the database
 */
export function findDamage(database: Database, depth: CheckDepth): string | null {
  const pragma = depth === "structure" ? "quick_check(1)" : "integrity_check(1)";
  try {
    const finding = database.pragma(pragma, { simple: true });
    if (finding !== "ok") return String(finding);
    return depth === "everything" ? findAlteredMail(database) : null;
  } catch (error) {
    const fault = storageFault(error);
    if ((fault !== null && fault !== "damaged") || isShortOfMemory(error)) throw error;
    return (error as Error).message;
  }
}

function isShortOfMemory(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return String(code).startsWith("SQLITE_NOMEM") || String(code).startsWith("SQLITE_IOERR_NOMEM");
}

function findAlteredMail(database: Database): string | null {
  defineContentChecksum(database);
  const sql = "SELECT count(*) FROM content WHERE checksum <> content_checksum(bytes)";
  const count = database.prepare(sql).pluck().get() as number;
  return count === 0 ? null : `${count} mails are not what was written`;
}

/** Something of a log is left of a program that did not end as it should. */
export function wasCutShort(path: string): boolean {
  return existsSync(`${path}-wal`) && statSync(`${path}-wal`).size > 0;
}

const BOOT = "system.boot";

/** In which run of the machine the database was last opened; null when that is not known. */
export function lastBoot(database: Database): string | null {
  return new SqlitePropertyStore(database).get(BOOT);
}

export function noteBoot(database: Database, boot: string): void {
  if (lastBoot(database) !== boot) new SqlitePropertyStore(database).set(BOOT, boot);
}

const PAGE = 4096;
const MAGIC = "SQLite format 3\0";
/** Of pages of tables and indexes, and the first octet of the others. */
const KINDS: ReadonlySet<number> = new Set([0, 2, 5, 10, 13]);
const LOOKED_AT = 64;

/** Whether a file that SQLite does not open was a database of ours: by its own mark, or else by what most of its pages look like. */
export function wasOurs(path: string): boolean {
  const { size } = statSync(path);
  const file = openSync(path, "r");
  try {
    const first = new Uint8Array(PAGE);
    readSync(file, first, 0, PAGE, 0);
    const view = new DataView(first.buffer);
    if (view.getUint32(68) === APPLICATION_ID) return true;
    if (size < 2 * PAGE || size % PAGE !== 0) return false;
    if (Buffer.from(first.subarray(0, MAGIC.length)).toString("latin1") === MAGIC) return false;
    const pages = Math.min(LOOKED_AT, size / PAGE - 1);
    const kind = new Uint8Array(1);
    let familiar = 0;
    for (let page = 1; page <= pages; page++) {
      readSync(file, kind, 0, 1, page * PAGE);
      if (KINDS.has(kind[0]!)) familiar++;
    }
    return familiar * 2 > pages;
  } finally {
    closeSync(file);
  }
}
