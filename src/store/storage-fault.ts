/** What is wrong with the disk under the database, or with the database itself. */
export type StorageFault = "full" | "read-only" | "failing" | "damaged";

/** SQLite's and the system's codes, by their beginnings. */
const FAULTS: readonly (readonly [code: string, fault: StorageFault])[] = [
  ["SQLITE_FULL", "full"],
  ["ENOSPC", "full"],
  ["EDQUOT", "full"],
  ["SQLITE_READONLY", "read-only"],
  ["EROFS", "read-only"],
  ["SQLITE_CORRUPT", "damaged"],
  ["SQLITE_NOTADB", "damaged"],
  // A page that cannot be what it is said to be has a length that SQLite does not expect.
  ["SQLITE_IOERR_SHORT_READ", "damaged"],
  ["SQLITE_IOERR", "failing"],
  ["SQLITE_CANTOPEN", "failing"],
  ["EIO", "failing"],
];

/** Does what may be left undone while the disk takes nothing: whoever reads must not be refused for it. @throws every other error */
export function whereThereIsRoom(work: () => void): void {
  try {
    work();
  } catch (error) {
    const fault = storageFault(error);
    if (fault === null || fault === "damaged") throw error;
  }
}

/** Null for every other error, such as a refusal or a bug. */
export function storageFault(error: unknown): StorageFault | null {
  const code = (error as { readonly code?: unknown } | null)?.code;
  if (typeof code !== "string") return null;
  return FAULTS.find(([beginning]) => code.startsWith(beginning))?.[1] ?? null;
}
