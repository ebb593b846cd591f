import type { ChildProcess } from "node:child_process";

/** Kills a child that was spawned `detached`, and what it has started. */
export function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    child.kill("SIGKILL");
  }
}
