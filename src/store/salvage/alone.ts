/** One process at a time puts another database in the place of a damaged one. */
import { existsSync, rmSync } from "node:fs";
import BetterSqlite from "better-sqlite3";
import { StoreError } from "../store-error.js";

const LOCK = ".saving.lock";
/** For another's look at what a rescue has left, which is short. */
const PATIENCE_MILLISECONDS = 500;

/** Whether another process is, or was when it was killed. */
export function mayBeReplaced(path: string): boolean {
  return existsSync(path + LOCK);
}

/**
 * Does the work while no other process does such work on the database at `path`, nor opens it. The lock is SQLite's on an empty file: the system
 * lifts it when the process ends, however it ends. @throws StoreError `in-use` when another process is at it
 */
export function replaceAlone<T>(path: string, work: () => T): T {
  const lock = new BetterSqlite(path + LOCK, { timeout: PATIENCE_MILLISECONDS });
  try {
    lock.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    lock.close();
    if (!String((error as { code?: unknown }).code).startsWith("SQLITE_BUSY")) throw error;
    throw new StoreError(
      "in-use",
      `another process is about to replace ${path}, by what can be read of it or by a backup; wait for it`,
    );
  }
  try {
    return work();
  } finally {
    rmSync(path + LOCK, { force: true });
    lock.close();
  }
}
