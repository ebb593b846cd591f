import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { syncFolder } from "./sync-folder.js";

/** Writes a file so that after a loss of power the old content stands there or the new one, and never half of it. */
export function writeDurably(file: string, content: string | Uint8Array, mode: number): void {
  const draft = `${file}.new`;
  rmSync(draft, { force: true });
  try {
    // Made here, and not what somebody else has put there.
    const descriptor = openSync(draft, "wx", mode);
    try {
      writeFileSync(descriptor, content);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  syncFolder(dirname(file));
}
