import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** After the name of the database: from before an upgrade, a restored backup, a rescue; and what was left of one that was cut short. */
const ENDS = /^\.(?:version-\d+(?:\.part)?|replaced-[^.]+|damaged-[^.]+|restoring|saving)(?:-wal|-journal)?$/;

/** Copies of the database beside it, which hold private keys as they were then. */
export function olderCopies(database: string): readonly string[] {
  const name = basename(database);
  const folder = dirname(database);
  const copies = readdirSync(folder).filter(
    (file) => file.startsWith(name) && ENDS.test(file.slice(name.length)),
  );
  return copies.sort().map((file) => join(folder, file));
}
