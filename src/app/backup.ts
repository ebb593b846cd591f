/** Everything of a data directory in one file, and back. */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { type BackupFiles, reviveBackup, syncToDisk, writeBackup } from "../store/backup.js";
import { type Database, isInUse } from "../store/database.js";
import { replaceAlone } from "../store/salvage/alone.js";
import { createSqliteStores } from "../store/sqlite/stores.js";
import { StoreError } from "../store/store-error.js";
import { systemClock } from "../store/stores.js";
import { CommandError } from "./control/messages.js";
import { type DataDirectory, makeDataDirectory } from "./data-directory.js";
import { openOrExplain } from "./open-database.js";
import { writeDurably } from "./write-durably.js";

export interface BackupResult {
  readonly file: string;
  /** Octets. */
  readonly size: number;
}

export interface RestoreOptions {
  readonly file: string;
  readonly directory: DataDirectory;
  readonly existing: "refuse" | "replace";
}

export interface RestoreResult {
  readonly users: readonly string[];
  /** Messages that will be sent once the node runs, among them such as went out after the backup. */
  readonly waiting: number;
  /** Where the database that was there before is now; null when there was none. */
  readonly replaced: string | null;
}

/** @throws CommandError when the file is there already */
export async function backUp(
  database: Database,
  directory: DataDirectory,
  file: string,
): Promise<BackupResult> {
  if (existsSync(file)) throw new CommandError(`${file} is there already; a backup never overwrites`);
  const part = `${file}.part`;
  if (existsSync(part))
    throw new CommandError(
      `${part} is there: another backup is being made, or one was cut short; then delete it`,
    );
  await writeBackup(database, file, filesOf(directory));
  return { file, size: statSync(file).size };
}

/** Certificates, so that mail clients go on trusting, and the settings. */
function filesOf(directory: DataDirectory): BackupFiles {
  const certificates = existsSync(directory.certificates)
    ? readdirSync(directory.certificates).map((name) => join(directory.certificates, name))
    : [];
  const files = [directory.config, ...certificates].filter((path) => existsSync(path));
  return new Map(files.map((path) => [relative(directory.path, path), readFileSync(path)]));
}

/**
 * Fills a data directory from a backup. No node may run there. A database that is there is kept beside, and only with `replace`.
 * @throws CommandError when the file is no sound backup, or the directory holds a database already; nothing has changed then
 */
export function restore(options: RestoreOptions): RestoreResult {
  makeDataDirectory(options.directory);
  try {
    return replaceAlone(options.directory.database, () => restoreAlone(options));
  } catch (error) {
    if (error instanceof StoreError) throw new CommandError(error.message);
    throw error;
  }
}

function restoreAlone({ file, directory, existing }: RestoreOptions): RestoreResult {
  if (isInUse(directory.database))
    throw new CommandError(`${directory.database} is in use; stop the node, or the command, that runs there`);
  const occupied = existsSync(directory.database) && statSync(directory.database).size > 0;
  if (occupied && existing === "refuse") {
    throw new CommandError(`${directory.path} holds mail already; --replace puts it aside`, "wrong-use");
  }
  const fresh = `${directory.database}.restoring`;
  try {
    copyFileSync(file, fresh);
    chmodSync(fresh, 0o600);
    const { files, ...result } = revive(fresh, file);
    const replaced = occupied ? putAside(directory.database) : null;
    renameSync(fresh, directory.database);
    putFiles(directory, files);
    syncToDisk(directory.path);
    return { ...result, replaced };
  } finally {
    // With the copy that opening one of an older version makes.
    const name = basename(fresh);
    for (const left of readdirSync(directory.path).filter((one) => one.startsWith(name)))
      rmSync(join(directory.path, left), { force: true });
  }
}

function revive(fresh: string, file: string) {
  const database = openOrExplain(fresh);
  try {
    const files = reviveBackup(database, systemClock);
    const stores = createSqliteStores(database);
    const counts = Object.entries(stores.outbox.counts());
    const finished = new Set(["acknowledged", "failed", "cancelled", "sent"]);
    const waiting = counts.reduce((sum, [state, count]) => (finished.has(state) ? sum : sum + count), 0);
    return { files, waiting, users: stores.users.list().map(({ name }) => name) };
  } catch (error) {
    if (error instanceof StoreError) throw new CommandError(`${file}: ${error.message}`);
    throw error;
  } finally {
    database.close();
  }
}

/** With its log, without which it would not be whole. */
function putAside(database: string): string {
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const aside = `${database}.replaced-${time}`;
  // The log first: no other database must ever stand beside it.
  if (existsSync(`${database}-wal`)) renameSync(`${database}-wal`, `${aside}-wal`);
  renameSync(database, aside);
  return aside;
}

/** Settings that are there already stay: they are of this machine. */
function putFiles(directory: DataDirectory, files: BackupFiles): void {
  const settings = relative(directory.path, directory.config);
  const certificates = relative(directory.path, directory.certificates);
  for (const [name, content] of files) {
    const path = join(directory.path, name);
    const isCertificate = dirname(name) === certificates && /^[a-z-]+\.(pem|key)$/.test(basename(name));
    if (!isCertificate && !(name === settings && !existsSync(path))) continue;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeDurably(path, content, 0o600);
  }
}
