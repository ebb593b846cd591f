/** Whether a mail is what was written: SQLite notices damage to its own structure, not to what stands in it. */
import { crc32 } from "node:zlib";
import type BetterSqlite from "better-sqlite3";

export function contentChecksum(bytes: Uint8Array): number {
  return crc32(bytes);
}

/** The disk has changed what was written. The code is as SQLite's for damage. */
export class DamagedContentError extends Error {
  readonly code = "SQLITE_CORRUPT_CONTENT";

  constructor() {
    super("a mail is not what was written to the disk");
    this.name = "DamagedContentError";
  }
}

/** @param checksum null: none was kept @throws DamagedContentError */
export function checkContent(bytes: Uint8Array, checksum: number | null): void {
  if (checksum !== null && contentChecksum(bytes) !== checksum) throw new DamagedContentError();
}

/** Makes it known to SQL as `content_checksum`. */
export function defineContentChecksum(database: BetterSqlite.Database): void {
  database.function("content_checksum", { deterministic: true }, (bytes) =>
    contentChecksum(bytes as Uint8Array),
  );
}
