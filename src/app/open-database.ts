import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Logger } from "../logger.js";
import { type Database, openDatabase } from "../store/database.js";
import { findDamage, lastBoot, noteBoot, wasCutShort } from "../store/soundness.js";
import { storageFault } from "../store/storage-fault.js";
import { StoreError } from "../store/store-error.js";
import { CommandError } from "./control/messages.js";
import { rescueDatabase, undoHalfRescue } from "./rescue.js";
import { STORAGE_TEXTS } from "./storage-texts.js";

/** As openDatabase, with refusals that are shown as they are. */
export function openOrExplain(path: string): Database {
  undoHalfRescue(path);
  try {
    return openDatabase(path);
  } catch (error) {
    if (error instanceof StoreError) throw new CommandError(error.message);
    throw error;
  }
}

/**
 * The same for a node, which goes on with what can be saved when the database is damaged. It is looked through when damage was noticed
 * while the node ran (`markSuspect`), and after the machine, and not only the program, has gone down.
 */
export function openOrRescue(
  path: string,
  options: { readonly domain: string; readonly logger: Logger },
): Database {
  const { domain, logger } = options;
  undoHalfRescue(path);
  // Twice: a disk that fails for a moment is no damage.
  const database = openUndamaged(path, logger) ?? openUndamaged(path, logger);
  if (database !== null) return database;
  rescueDatabase(path, domain, logger);
  const saved = openOrExplain(path);
  noteSound(saved, path);
  return saved;
}

/** Null when it is damaged, which it is then suspected of until it turns out to be sound. */
function openUndamaged(path: string, logger: Logger): Database | null {
  const cutShort = wasCutShort(path);
  let database: Database;
  try {
    database = openDatabase(path);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    if (error.code !== "damaged") throw new CommandError(error.message);
    logger.error(error.message);
    markSuspect(path);
    return null;
  }
  try {
    const finding = check(database, path, cutShort);
    if (finding === null) {
      noteSound(database, path);
      return database;
    }
    logger.error("the database is damaged", { finding });
    markSuspect(path);
  } catch (error) {
    database.close();
    const fault = storageFault(error);
    throw fault === null ? error : new CommandError(STORAGE_TEXTS[fault]);
  }
  database.close();
  return null;
}

/** What is wrong with it, as far as there is a reason to look. */
function check(database: Database, path: string, cutShort: boolean): string | null {
  if (existsSync(suspicion(path))) return findDamage(database, "everything");
  // Whoever is killed leaves what it has written to the system, which writes it down; a machine that goes down may not.
  const isSafe = !cutShort || lastBoot(database) === bootIdentity();
  return isSafe ? null : findDamage(database, "structure");
}

const suspicion = (path: string) => `${path}.suspect`;

/** The database is to be looked through at the next start. */
export function markSuspect(path: string): void {
  try {
    writeFileSync(suspicion(path), "", { mode: 0o600 });
  } catch {
    // Where nothing can be written the next start may meet the damage by itself.
  }
}

/** When it meets damage, the next start looks through the database and saves what can be. */
export async function suspectWhenDamaged<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (storageFault(error) === "damaged") markSuspect(path);
    throw error;
  }
}

function noteSound(database: Database, path: string): void {
  rmSync(suspicion(path), { force: true });
  const boot = bootIdentity();
  if (boot !== null) noteBoot(database, boot);
}

/** Of this run of the machine; null where the system does not tell. */
function bootIdentity(): string | null {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return null;
  }
}
