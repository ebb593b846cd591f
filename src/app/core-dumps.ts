import { writeFileSync } from "node:fs";

/**
 * From now on a core dump of this process holds none of its memory, and so no keys: whoever else may read dumps on this machine, and whatever
 * program collects them (core(5), "Controlling which mappings are written"). Only Linux has this; elsewhere nothing happens.
 */
export function emptyCoreDumps(file = "/proc/self/coredump_filter"): void {
  try {
    writeFileSync(file, "0", { flag: "r+" });
  } catch {
    // Another system, or one that is shut in: its own limits hold.
  }
}
