/**
 * Where a login comes from, as far as that can be told apart. Connections on loopback all have the same address; Linux tells whose process is
 * at the other end, so that what one local user tries does not hold up another.
 */
import { readFile } from "node:fs/promises";
import { isIPv6 } from "node:net";
import { endianness } from "node:os";
import type { LoginSource } from "../gateway/logins/logins.js";
import type { LoginOrigin } from "../mail/sasl.js";

export interface LoginSourceOptions {
  /** A table of the kernel's, such as /proc/net/tcp. */
  readonly read: (file: string) => Promise<string>;
  /** Whose this process is; undefined where there are no such numbers. */
  readonly ownUser: number | undefined;
}

const defaults: LoginSourceOptions = {
  read: (file) => readFile(file, "latin1"),
  ownUser: process.getuid?.(),
};

const TABLES = ["/proc/net/tcp", "/proc/net/tcp6"];

export function createLoginSource(
  options: LoginSourceOptions = defaults,
): (origin: LoginOrigin) => Promise<LoginSource> {
  const tables = tablesOf(options);
  return async (origin) => {
    const source = sourceOf(origin.remoteAddress);
    if (!isLoopbackAddress(source)) return { source, trust: "none" };
    const user = await localUser(origin, tables);
    if (user === null) return { source, trust: "none" };
    // They can read the database, and need not guess.
    const trust = user === 0 || user === options.ownUser ? "own" : "none";
    return { source: `${source} user ${user}`, trust };
  };
}

/** The number of the user of this machine whose process is at the other end; null beyond loopback and where the system does not tell. */
export function createLocalUser(
  options: LoginSourceOptions = defaults,
): (origin: LoginOrigin) => Promise<number | null> {
  const tables = tablesOf(options);
  return async (origin) =>
    isLoopbackAddress(sourceOf(origin.remoteAddress)) ? await localUser(origin, tables) : null;
}

/** An address of IPv4 as such; of IPv6 the first half, as a network has all addresses of the second. */
export function sourceOf(remoteAddress: string): string {
  const address = remoteAddress.replace(/%.*$/, "").toLowerCase();
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address) || address === "::1") return address;
  const [front = "", back = ""] = address.split("::", 2);
  const head = front === "" ? [] : front.split(":");
  const tail = back === "" ? [] : back.split(":");
  const zeros = address.includes("::")
    ? Array<string>(Math.max(0, 8 - head.length - tail.length)).fill("0")
    : [];
  const parts = [...head, ...zeros, ...tail].slice(0, 4);
  return `${parts.map((part) => Number.parseInt(part, 16).toString(16)).join(":")}::/64`;
}

function isLoopbackAddress(source: string): boolean {
  return source === "::1" || source.startsWith("127.");
}

/** The number of the user whose process has the client's end of the connection; null when that cannot be found out. */
async function localUser(
  { remoteAddress, remotePort, localPort }: LoginOrigin,
  tables: readonly (() => Promise<string>)[],
): Promise<number | null> {
  if (remotePort === undefined || localPort === undefined) return null;
  for (const read of tables) {
    const table = await read().catch(() => "");
    const user = userInTable(table, { remoteAddress, remotePort, localPort });
    if (user !== null) return user;
  }
  return null;
}

function tablesOf(options: LoginSourceOptions): readonly (() => Promise<string>)[] {
  return TABLES.map((file) => sharedReader(() => options.read(file)));
}

/** Many who ask at once share what is read after they have asked: a flood of logins does not become one of long tables. */
function sharedReader(read: () => Promise<string>): () => Promise<string> {
  let running: Promise<string> | null = null;
  let next: Promise<string> | null = null;
  const begin = (): Promise<string> => {
    next = null;
    const now = read().finally(() => {
      if (running === now) running = null;
    });
    running = now;
    return now;
  };
  return () => {
    if (running === null) return begin();
    next ??= running.then(begin, begin);
    return next;
  };
}

/**
 * Looks for the client's end, whose local side is our remote one (proc_net_tcp(5)). The table may have many thousand rows. A socket that its
 * process has closed already belongs to nobody, and the table says 0, as if it were root's: only an open connection tells whose it is.
 */
export function userInTable(
  table: string,
  connection: {
    readonly remoteAddress: string;
    readonly remotePort: number;
    readonly localPort: number;
  },
): number | null {
  const client = `${hexadecimal(sourceOf(connection.remoteAddress))}:${hexadecimalPort(connection.remotePort)} `;
  for (let found = table.indexOf(client); found >= 0; found = table.indexOf(client, found + 1)) {
    const end = table.indexOf("\n", found);
    const row = table.slice(table.lastIndexOf("\n", found) + 1, end < 0 ? table.length : end);
    const [, local, remotePort, user] = ROW.exec(row) ?? [];
    if (local === undefined || !`${local} `.endsWith(client)) continue;
    if (remotePort === hexadecimalPort(connection.localPort)) return Number(user);
  }
  return null;
}

const ROW = /^\s*\d+: ([0-9A-F]+:[0-9A-F]{4}) [0-9A-F]+:([0-9A-F]{4}) 01 \S+ \S+ \S+ +(\d+) /;

function hexadecimalPort(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, "0");
}

/** As in the table, in the byte order of the machine: of IPv4 also as the end of one of IPv6. */
function hexadecimal(address: string): string {
  const bytes = address === "::1" ? [0, 0, 0, 1] : address.split(".").map(Number);
  const ordered = endianness() === "LE" ? [...bytes].reverse() : bytes;
  return ordered.map((byte) => byte.toString(16).toUpperCase().padStart(2, "0")).join("");
}
