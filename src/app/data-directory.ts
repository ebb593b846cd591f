/** Where everything is kept: one directory that only its owner can read. */
import { createHash } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, realpathSync, statSync } from "node:fs";
import { homedir, tmpdir, userInfo } from "node:os";
import { dirname, join, resolve } from "node:path";
import { ConfigError } from "./config/config.js";
import { syncFolder } from "./sync-folder.js";

export interface DataDirectory {
  readonly path: string;
  readonly database: string;
  /** The Unix socket of the running node. */
  readonly socket: string;
  readonly certificates: string;
  /** Read when `--config` names none and it is there. */
  readonly config: string;
}

/** Paths only: nothing is made. */
export function locateDataDirectory(
  given: string | undefined,
  environment: NodeJS.ProcessEnv,
): DataDirectory {
  const base = environment["XDG_DATA_HOME"] || join(homedir(), ".local", "share");
  const path = resolve(given ?? join(base, "bitmessage-bridge"));
  return {
    path,
    database: join(path, "bmbridge.sqlite"),
    socket: socketPath(path, environment),
    certificates: join(path, "tls"),
    config: join(path, "config.toml"),
  };
}

/**
 * Makes the directory, for its owner alone. One that is there keeps its mode: every file of ours is the owner's alone.
 * ConfigError when it belongs to somebody else, is not a directory, or others can write there, or put another one in its place.
 */
export function makeDataDirectory(directory: DataDirectory): void {
  try {
    const first = mkdirSync(directory.path, { recursive: true, mode: 0o700 });
    // Or a loss of power could leave what is written there without its folder.
    if (first !== undefined) syncFolder(dirname(first));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigError(directory.path, `the data directory cannot be made (${code ?? "unknown error"})`);
  }
  const { uid, mode } = statSync(directory.path);
  const own = process.getuid?.();
  if (own !== undefined && own !== 0 && uid !== own) {
    throw new ConfigError(directory.path, "the data directory belongs to another user");
  }
  if ((mode & 0o022) !== 0) {
    throw new ConfigError(
      directory.path,
      "others can write there; choose another data directory, or: chmod 700",
    );
  }
  refuseUnsafeWay(directory.path);
  refuseLink(directory.database);
  mkdirSync(dirname(directory.socket), { recursive: true, mode: 0o700 });
  checkSocketDirectory(directory);
}

/** A directory on the way there that everybody may write to, without the bit that keeps them from what is not theirs, is no place for keys. */
function refuseUnsafeWay(path: string): void {
  const way = realpathSync(path);
  for (let place = dirname(way); ; place = dirname(place)) {
    const { mode } = statSync(place);
    if ((mode & 0o002) !== 0 && (mode & 0o1000) === 0)
      throw new ConfigError(
        path,
        `everybody can write to ${place}, and put another data directory in its place`,
      );
    if (place === dirname(place)) return;
  }
}

/** What is written there would be written elsewhere, with what is set up there for its protection. */
function refuseLink(file: string): void {
  const state = lstatSync(file, { throwIfNoEntry: false });
  if (state === undefined || state.isFile()) return;
  throw new ConfigError(file, "is not an ordinary file; move the whole data directory instead of linking");
}

/**
 * ConfigError when the socket's directory could be somebody else's: who owns it could listen in the node's place and be told
 * passwords. Only a socket outside of the data directory can stand in such a place.
 */
export function checkSocketDirectory(directory: DataDirectory): void {
  const place = dirname(directory.socket);
  if (place === directory.path || !existsSync(place)) return;
  const { uid, mode } = lstatSync(place);
  if (uid === (process.getuid?.() ?? uid) && (mode & 0o022) === 0) return;
  throw new ConfigError(
    place,
    "the directory of the control socket must belong to you, and nobody else may write there",
  );
}

/** The kernel takes socket paths of at most 107 bytes: a deep directory gets its socket in a directory of the user's own. */
function socketPath(path: string, environment: NodeJS.ProcessEnv): string {
  const direct = join(path, "control.sock");
  if (Buffer.byteLength(direct) <= 100) return direct;
  const runtime = environment["XDG_RUNTIME_DIR"] || join(tmpdir(), `bmbridge-${userInfo().uid}`);
  return join(runtime, `bmbridge-${createHash("sha256").update(path).digest("hex").slice(0, 16)}.sock`);
}
