import { closeSync, fsyncSync, openSync } from "node:fs";

/** Makes what was made, renamed or removed in a folder outlive a loss of power. */
export function syncFolder(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
