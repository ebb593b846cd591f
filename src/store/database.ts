/** The one SQLite file: opening, guarding, settings, migrations. */
import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fsyncSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
} from "node:fs";
import BetterSqlite from "better-sqlite3";
import { APPLICATION_ID, applyMigrations } from "./migrate.js";
import { migrations } from "./migrations/all.js";
import { isSchemaWhole } from "./schema.js";
import { wasOurs } from "./soundness.js";
import { type StorageFault, storageFault } from "./storage-fault.js";
import { StoreError } from "./store-error.js";

export type Database = BetterSqlite.Database;

/** How long to wait for a process that is just ending. */
const BUSY_MILLISECONDS = 2000;
const CACHE_KIBIBYTES = 32 * 1024;
/** More changes of one mailbox than can be on their way to the disk. */
const LOST_CHANGES = 2 ** 20;
const LARGEST_IDLE_LOG = 32 * 1024 * 1024;
/** Of 4 KiB. What is changed again and again goes from the log into the file once; more would be more to read after a crash. */
const PAGES_BETWEEN_CHECKPOINTS = 4000;

/**
 * Opens the database, makes it when it is not there, and brings it up to date. The file is readable by its owner only, and
 * locked for as long as it is open: the operating system lifts the lock when the process ends, however it ends.
 * @param path a file, or ":memory:"
 * @throws StoreError `in-use` when another process (or this one) has it open, `newer` when a newer program has written it,
 *   `foreign` when it is something else, `damaged` or `unusable` when it, or the disk, is
 */
export function openDatabase(path: string, options: { readonly busyMilliseconds?: number } = {}): Database {
  let database: Database;
  try {
    if (path !== ":memory:") makePrivate(path);
    database = new BetterSqlite(path, { timeout: options.busyMilliseconds ?? BUSY_MILLISECONDS });
  } catch (error) {
    throw explain(error, path);
  }
  try {
    configure(database);
    if (path !== ":memory:") keepBeforeUpgrade(database, path);
    applyMigrations(database, migrations);
    if (path !== ":memory:" && !isSchemaWhole(database))
      throw new StoreError("damaged", FAULTS.damaged(path));
    passOverLostChanges(database);
  } catch (error) {
    database.close();
    throw explain(error, path);
  }
  return database;
}

/** Whether a process has it open, if it is a database at all. */
export function isInUse(path: string): boolean {
  if (!existsSync(path)) return false;
  let database: Database | null = null;
  try {
    database = new BetterSqlite(path, { timeout: 0, readonly: true, fileMustExist: true });
    database.prepare("SELECT count(*) FROM sqlite_schema").get();
    return false;
  } catch (error) {
    return String((error as { code?: unknown }).code).startsWith("SQLITE_BUSY");
  } finally {
    database?.close();
  }
}

/** Through no link. SQLite gives the log beside the database the same mode. */
function makePrivate(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  // Whoever closes a file gives up the locks that this process has on it by way of SQLite.
  if (found?.isFile() && (found.mode & 0o777) === 0o600) return;
  const flags = constants.O_CREAT | constants.O_APPEND | constants.O_WRONLY | constants.O_NOFOLLOW;
  const file = openSync(path, flags, 0o600);
  try {
    fchmodSync(file, 0o600);
  } finally {
    closeSync(file);
  }
}

/** An older program can go on with the copy, should the newer one not please. */
function keepBeforeUpgrade(database: Database, path: string): void {
  const version = database.pragma("user_version", { simple: true }) as number;
  const isOurs = database.pragma("application_id", { simple: true }) === APPLICATION_ID;
  if (!isOurs || version >= (migrations.at(-1)?.version ?? 0)) return;
  const copy = `${path}.version-${version}`;
  const part = `${copy}.part`;
  // What is left of an upgrade that was cut short; SQLite writes into empty files only.
  rmSync(part, { force: true });
  makePrivate(part);
  try {
    database.prepare("VACUUM INTO ?").run(part);
    // SQLite does not.
    syncFile(part);
    renameSync(part, copy);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
}

function syncFile(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function configure(database: Database): void {
  // Before the first access, so that write-ahead logging goes without shared memory and nobody else gets in.
  database.pragma("locking_mode = EXCLUSIVE");
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = FULL");
  // On macOS only this waits for the disk itself, as Node's own fsync does.
  database.pragma("fullfsync = ON");
  database.pragma("foreign_keys = ON");
  database.pragma("trusted_schema = OFF");
  database.pragma("temp_store = MEMORY");
  database.pragma(`cache_size = -${CACHE_KIBIBYTES}`);
  database.pragma(`wal_autocheckpoint = ${PAGES_BETWEEN_CHECKPOINTS}`);
  database.pragma(`journal_size_limit = ${LARGEST_IDLE_LOG}`);
}

/**
 * Clients may have been told of changes that a loss of power has undone (`runUnsynced`): their MODSEQs are not given again, or a client
 * would take other changes for those (RFC 7162 section 3.1).
 */
function passOverLostChanges(database: Database): void {
  database.prepare("UPDATE mailbox SET highest_mod_seq = highest_mod_seq + ?").run(LOST_CHANGES);
}

function explain(error: unknown, path: string): unknown {
  const { code } = error as { code?: unknown };
  if (typeof code !== "string") return error;
  if (code.startsWith("SQLITE_BUSY")) {
    return new StoreError("in-use", `the database ${path} is in use by another process`);
  }
  const fault = storageFault(error);
  if (code === "SQLITE_NOTADB" && !wasOurs(path))
    return new StoreError("foreign", `the file ${path} is not a database`);
  return fault === null
    ? error
    : new StoreError(fault === "damaged" ? "damaged" : "unusable", FAULTS[fault](path));
}

const FAULTS: Readonly<Record<StorageFault, (path: string) => string>> = {
  full: (path) => `there is no room on the disk of ${path}`,
  "read-only": (path) =>
    `the database ${path} cannot be written to: its file system is read-only, or it is not yours`,
  failing: (path) => `the database ${path} cannot be read or written: the disk fails, or it is not yours`,
  damaged: (path) => `the database ${path} is damaged; bmbridge salvage saves what can be read`,
};
