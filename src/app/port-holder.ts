/** Which program has a port, for the sentence that says why we cannot have it. Linux tells; elsewhere nothing is told. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Of /proc/net/tcp: the state of a socket that listens. */
const LISTENING = "0A";

/** @returns `dovecot (process 812)`; null when it cannot be told, as of other users' programs */
export function portHolder(port: number): string | null {
  try {
    const inodes = new Set(["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) => listeners(table, port)));
    return inodes.size === 0 ? null : processWith(inodes);
  } catch {
    return null;
  }
}

/** Inode numbers of the sockets that listen on a port. */
function listeners(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return readFileSync(table, "latin1")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local = "", , state]) => state === LISTENING && local.endsWith(suffix))
    .map((fields) => `socket:[${fields[9]}]`);
}

function processWith(sockets: ReadonlySet<string>): string | null {
  for (const id of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    if (!openFiles(id).some((file) => sockets.has(file))) continue;
    return `${readFileSync(`/proc/${id}/comm`, "utf8").trim().replace(/\p{C}/gu, "?")} (process ${id})`;
  }
  return null;
}

function openFiles(id: string): string[] {
  try {
    return readdirSync(`/proc/${id}/fd`).map((file) => {
      try {
        return readlinkSync(`/proc/${id}/fd/${file}`);
      } catch {
        return "";
      }
    });
  } catch {
    // Somebody else's, or ended meanwhile.
    return [];
  }
}
