// The preloaded shim (shim.c): compiling it, steering it, and reading what it has written down.
import { spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const SOURCE = fileURLToPath(new URL("./shim.c", import.meta.url));
const CONTROL_LENGTH = 48;

export const KINDS = { write: 1, sync: 2, name: 4, read: 8, open: 16 };
export const ERRORS = { ENOSPC: 28, EIO: 5, EROFS: 30, EMFILE: 24 };

/** Compiles the shim unless it is there and newer than its source; its path. */
export function buildShim(directory = ".build/faults-shim") {
  const library = join(process.cwd(), directory, "shim.so");
  if (existsSync(library) && statSync(library).mtimeMs > statSync(SOURCE).mtimeMs) return library;
  mkdirSync(dirname(library), { recursive: true });
  const { status, stderr } = spawnSync("cc", [
    "-O2",
    "-shared",
    "-fPIC",
    "-o",
    library,
    SOURCE,
    "-ldl",
    "-lpthread",
  ]);
  if (status !== 0) throw new Error(`the shim cannot be compiled: ${stderr}`);
  return library;
}

/** Steers one shim, whichever processes it is loaded into. */
export class Faults {
  #descriptor;

  /** @param work a folder for the control file and the journal; @param directory what is watched: it must be there */
  constructor(work, directory, options = { journal: false }) {
    const file = join(work, "control");
    writeFileSync(file, Buffer.alloc(4096));
    this.#descriptor = openSync(file, "r+");
    this.journal = join(work, "journal");
    this.environment = {
      LD_PRELOAD: buildShim(),
      FAULT_DIRECTORY: directory,
      FAULT_CONTROL: file,
      ...(options.journal ? { FAULT_JOURNAL: this.journal } : {}),
    };
  }

  /** Fails the calls from the first-th to come on, until so many have failed or `clear`. */
  fail({ error, kinds, first = 1, count = 0 }) {
    this.#write({
      calls: 0,
      from: first,
      until: count === 0 ? 0 : first + count,
      error: ERRORS[error],
      kinds,
    });
  }

  /** Nothing fails; calls of these kinds are counted from now on. */
  clear(kinds = 0) {
    this.#write({ calls: 0, from: 0, until: 0, error: 0, kinds });
  }

  /** How many calls of the chosen kinds there were, how many of them failed, and how many operations the journal has. */
  read() {
    const bytes = Buffer.alloc(CONTROL_LENGTH);
    readSync(this.#descriptor, bytes, 0, CONTROL_LENGTH, 0);
    return {
      calls: Number(bytes.readBigUInt64LE(0)),
      failed: Number(bytes.readBigUInt64LE(32)),
      operations: Number(bytes.readBigUInt64LE(40)),
    };
  }

  /** Reads of that file at that offset fail from now on, whatever its name; null: none. */
  spoil(file, offset) {
    const bytes = Buffer.alloc(16);
    if (file !== null) {
      bytes.writeBigUInt64LE(BigInt(offset) + 1n, 0);
      bytes.writeBigUInt64LE(statSync(file, { bigint: true }).ino, 8);
    }
    writeSync(this.#descriptor, bytes, 0, 16, 48);
  }

  close() {
    closeSync(this.#descriptor);
  }

  #write({ calls, from, until, error, kinds }) {
    const bytes = Buffer.alloc(40);
    // Not half of it: nothing fails while it is changed.
    writeSync(this.#descriptor, Buffer.alloc(4), 0, 4, 28);
    bytes.writeBigUInt64LE(BigInt(calls), 0);
    bytes.writeBigUInt64LE(BigInt(from), 8);
    bytes.writeBigUInt64LE(BigInt(until), 16);
    bytes.writeUInt32LE(error, 24);
    writeSync(this.#descriptor, bytes, 0, 28, 0);
    writeSync(this.#descriptor, bytes, 32, 8, 32);
    bytes.writeUInt32LE(kinds, 28);
    writeSync(this.#descriptor, bytes, 28, 4, 28);
  }
}
