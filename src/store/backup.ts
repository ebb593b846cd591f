/** A copy of everything that is kept, made while the node runs; and what a copy needs before it is lived in again. */
import { closeSync, fsyncSync, linkSync, lstatSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import BetterSqlite from "better-sqlite3";
import type { Database } from "./database.js";
import { objectsBeside, objectsOf, objectsOfMigrations } from "./schema.js";
import { renewRevisions } from "./sqlite/cards.js";
import { StoreError } from "./store-error.js";

/** Small files that belong to the data, such as certificates: contents by name. */
export type BackupFiles = ReadonlyMap<string, Uint8Array>;

const FILES = "CREATE TABLE backup_file (name TEXT PRIMARY KEY, content BLOB NOT NULL) STRICT";

/**
 * Copies the database and some files beside it into one file that only its owner can read. It appears under its name when
 * it is whole and on disk. What is written meanwhile is in it, too, or not; never half.
 * @throws an EEXIST error when the file is there already, or that with `.part` behind its name, which one that is being made has
 */
export async function writeBackup(database: Database, path: string, files: BackupFiles): Promise<void> {
  const part = `${path}.part`;
  // Never into a file, or through a link, that somebody else has put there.
  closeSync(openSync(part, "wx", 0o600));
  try {
    await database.backup(part);
    addFiles(part, files);
    syncToDisk(part);
    giveName(part, path);
  } finally {
    rmSync(part, { force: true });
  }
  try {
    syncToDisk(dirname(path));
  } catch (error) {
    // Nobody is told that there is none while one stands there.
    rmSync(path, { force: true });
    throw error;
  }
}

/** What file systems without hard links answer, such as those of most USB sticks. */
const LINKLESS: ReadonlySet<unknown> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"]);

/** @throws an EEXIST error when something stands there already */
function giveName(part: string, path: string): void {
  try {
    // Unlike a renaming, fails where something stands already.
    linkSync(part, path);
  } catch (error) {
    if (!LINKLESS.has((error as { code?: unknown }).code)) throw error;
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined)
      throw Object.assign(new Error(`${path} is there already`), { code: "EEXIST" });
    renameSync(part, path);
  }
}

function addFiles(path: string, files: BackupFiles): void {
  const copy = new BetterSqlite(path);
  try {
    // One file without a log beside it.
    copy.pragma("journal_mode = DELETE");
    copy.exec(FILES);
    const insert = copy.prepare("INSERT INTO backup_file VALUES (?, ?)");
    for (const [name, content] of files) insert.run(name, content);
  } finally {
    copy.close();
  }
}

/** Makes what was renamed or written in a file or directory outlive a loss of power. */
export function syncToDisk(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Makes an opened copy fit to be lived in: takes the files out of it, and gives every mailbox a new UIDVALIDITY, since UIDs
 * that were given after the copy was made will be given again (RFC 9051 section 2.3.1.1); likewise what else clients know things by.
 * @throws StoreError `damaged` when SQLite finds the copy broken, or when it holds tables, triggers or the like that are not ours
 */
export function reviveBackup(database: Database, clock: () => number): BackupFiles {
  const finding = database.pragma("integrity_check(1)", { simple: true });
  if (finding !== "ok") throw new StoreError("damaged", `the copy is damaged: ${String(finding)}`);
  refuseForeignObjects(database);
  return database
    .transaction(() => {
      renewUidValidities(database, clock);
      renewRevisions(database, clock());
      renewEmailIds(database, clock());
      return takeFiles(database);
    })
    .immediate();
}

/** A trigger of whoever has made the copy would run here from now on, and could write private keys into a message that goes out. */
function refuseForeignObjects(database: Database): void {
  // Statistics of SQLite's are no stranger's.
  const known = objectsOfMigrations(`${FILES}; ANALYZE`);
  const [foreign] = objectsBeside(objectsOf(database), known);
  if (foreign !== undefined)
    throw new StoreError("damaged", `the copy holds a ${foreign.type} that no backup of this program has`);
}

function renewUidValidities(database: Database, clock: () => number): void {
  const name = "uid-validity";
  const last = (database.prepare("SELECT value FROM counter WHERE name = ?").pluck().get(name) ??
    0) as number;
  const base = Math.max(last, Math.floor(clock()));
  database.prepare("UPDATE mailbox SET uid_validity = ? + id").run(base);
  const highest = database.prepare("SELECT coalesce(max(uid_validity), ?) FROM mailbox").pluck().get(base);
  database.prepare("INSERT OR REPLACE INTO counter VALUES (?, ?)").run(name, highest);
}

/** EMAILID (RFC 8474 section 5.1) names a body for ever: those that were given after the copy was made are passed over, a thousand in each second. */
function renewEmailIds(database: Database, time: number): void {
  const next = BigInt(Math.floor(time * 1000));
  database
    .prepare(
      "INSERT INTO sqlite_sequence SELECT 'body', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'body')",
    )
    .run();
  database.prepare("UPDATE sqlite_sequence SET seq = max(seq + 1, ?) WHERE name = 'body'").run(next);
}

function takeFiles(database: Database): BackupFiles {
  const isThere = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'backup_file'").get();
  if (isThere === undefined) return new Map();
  const rows = database.prepare("SELECT name, content FROM backup_file").all() as {
    name: string;
    content: Uint8Array;
  }[];
  database.exec("DROP TABLE backup_file");
  return new Map(rows.map(({ name, content }) => [name, content]));
}
