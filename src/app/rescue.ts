/** A damaged database: what can be read of it is saved into a new one, the damaged one is kept beside, and people are told. */
import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname } from "node:path";
import { type Logger, silentLogger } from "../logger.js";
import { digestMessage } from "../mail/imap/make-digest.js";
import { syncToDisk } from "../store/backup.js";
import { openDatabase } from "../store/database.js";
import { mayBeReplaced, replaceAlone } from "../store/salvage/alone.js";
import { type SalvageResult, salvage } from "../store/salvage/salvage.js";
import { findDamage } from "../store/soundness.js";
import { createSqliteStores } from "../store/sqlite/stores.js";
import { storageFault } from "../store/storage-fault.js";
import { StoreError } from "../store/store-error.js";
import type { Stores } from "../store/stores.js";
import { systemClock } from "../store/stores.js";
import { CommandError } from "./control/messages.js";
import { composeRescueReport } from "./rescue-report.js";
import { STORAGE_TEXTS } from "./storage-texts.js";

export interface Rescue {
  readonly result: SalvageResult;
  /** Where the damaged database is now. */
  readonly kept: string;
}

const SAVING = ".saving";
const DAMAGED = ".damaged-";

/**
 * Replaces the database at `path`, which nobody has open, by what can be read of it, and tells each user in INBOX.
 * @throws CommandError when there is no room for it, or nothing in it is ours; it is unchanged then
 */
export function rescueDatabase(path: string, domain: string, logger: Logger): Rescue {
  try {
    return replaceAlone(path, () => rescueAlone(path, domain, logger));
  } catch (error) {
    if (error instanceof StoreError) throw new CommandError(error.message);
    throw new CommandError(`what can be read of ${path} could not be saved: ${(error as Error).message}`);
  }
}

function rescueAlone(path: string, domain: string, logger: Logger): Rescue {
  const fresh = `${path}${SAVING}`;
  let result: SalvageResult;
  try {
    result = salvage(path, fresh, systemClock());
    // Also the size of what SQLite makes of it.
    addMails(fresh, result, { domain, kept: damagedName(path) });
    syncToDisk(fresh);
  } catch (error) {
    for (const end of ["", "-wal", "-journal"]) rmSync(`${fresh}${end}`, { force: true });
    throw error;
  }
  const kept = replace(path, fresh);
  const { users, identities, mails, lost, losses } = result;
  const missing = Object.fromEntries(losses.map(({ table, lostPages }) => [table, lostPages]));
  logger.error("the database was damaged; what could be read has been saved", {
    ...{ kept, users, identities, mails, lostMails: lost.length, missing },
  });
  return { result, kept };
}

/** Looks through the whole database, which nobody has open; null when it is sound. @throws CommandError as `rescueDatabase` */
export function salvageDamaged(path: string, domain: string): Rescue | null {
  undoHalfRescue(path);
  if (!existsSync(path)) throw new CommandError(`${path} is not there`);
  try {
    const database = openDatabase(path);
    try {
      if (findDamage(database, "everything") === null) return null;
    } finally {
      database.close();
    }
  } catch (error) {
    const fault = storageFault(error);
    if (fault !== null) throw new CommandError(STORAGE_TEXTS[fault]);
    if (!(error instanceof StoreError)) throw error;
    if (error.code !== "damaged") throw new CommandError(error.message);
  }
  return rescueDatabase(path, domain, silentLogger);
}

/**
 * What a loss of power in the middle of `rescueDatabase` has left is put back as it was.
 * @throws CommandError when another process is in the middle of it
 */
export function undoHalfRescue(path: string): void {
  if (!existsSync(`${path}${SAVING}`) && !mayBeReplaced(path)) return;
  try {
    replaceAlone(path, () => undoAlone(path));
  } catch (error) {
    if (error instanceof StoreError) throw new CommandError(error.message);
    throw error;
  }
}

function undoAlone(path: string): void {
  if (!existsSync(`${path}${SAVING}`)) return;
  const folder = dirname(path);
  const beginning = `${basename(path)}${DAMAGED}`;
  const kept = readdirSync(folder)
    .filter((name) => name.startsWith(beginning))
    .map((name) => name.replace(/-wal$/, ""))
    .sort()
    .at(-1);
  if (kept !== undefined) {
    const aside = `${folder}/${kept}`;
    const isHalf = !existsSync(path) || (!existsSync(aside) && existsSync(`${aside}-wal`));
    if (isHalf && existsSync(`${aside}-wal`)) renameSync(`${aside}-wal`, `${path}-wal`);
    if (isHalf && existsSync(aside)) renameSync(aside, path);
    syncToDisk(folder);
  }
  for (const end of ["", "-wal", "-journal"]) rmSync(`${path}${SAVING}${end}`, { force: true });
}

function damagedName(path: string): string {
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  for (let number = 0; ; number++) {
    const name = `${path}${DAMAGED}${time}${number === 0 ? "" : `-${number}`}`;
    if (!existsSync(name)) return name;
  }
}

/** The log goes first: the new database must never stand beside it. */
function replace(path: string, fresh: string): string {
  const kept = damagedName(path);
  if (existsSync(`${path}-wal`)) renameSync(`${path}-wal`, `${kept}-wal`);
  renameSync(path, kept);
  renameSync(fresh, path);
  syncToDisk(dirname(path));
  return kept;
}

function addMails(
  file: string,
  result: SalvageResult,
  about: { readonly domain: string; readonly kept: string },
): void {
  const database = openDatabase(file);
  try {
    const stores = createSqliteStores(database);
    stores.transactions.run(() => {
      const users = [...new Set([...stores.users.list().map(({ name }) => name), ...result.owners])];
      for (const { user, mailbox, bytes, flags, received } of result.bare)
        append(stores, { user, mailbox, bytes, flags, seconds: received });
      const [only, ...others] = users;
      // Nobody is shown what may be somebody else's.
      if (only !== undefined && others.length === 0)
        for (const bytes of result.strays)
          append(stores, { user: only, mailbox: "Saved", bytes, flags: [], seconds: null });
      for (const user of users)
        append(stores, {
          ...{ user, mailbox: "INBOX", flags: ["\\Flagged"], seconds: null },
          bytes: composeRescueReport({
            ...about,
            user,
            result,
            isOnlyUser: others.length === 0,
            time: systemClock(),
          }),
        });
    });
  } finally {
    database.close();
  }
}

function append(
  { mailboxes }: Pick<Stores, "mailboxes">,
  mail: {
    readonly user: string;
    readonly mailbox: string;
    readonly bytes: Uint8Array;
    readonly flags: readonly string[];
    readonly seconds: number | null;
  },
): void {
  const { user, bytes, flags, seconds } = mail;
  const mailbox = mailboxes.find(user, mail.mailbox) ?? mailboxes.create(user, mail.mailbox, {});
  const internalDate = seconds === null ? null : { seconds, zone: 0 };
  mailboxes.append(mailbox, [{ bytes, flags, internalDate, digest: digestMessage(bytes) }]);
}
