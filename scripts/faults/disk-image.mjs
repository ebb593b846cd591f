// What a disk holds after a loss of power: replays the journal of the shim and keeps only what was synced, all of what was not, or a part of it.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const SECTOR = 512;
const OPEN = 1;
const WRITE = 2;
const TRUNCATE = 3;
const SYNC = 4;
const RENAME = 5;
const LINK = 6;
const UNLINK = 7;
const MKDIR = 8;
const SYNC_DIRECTORY = 9;

/** The operations in a journal, oldest first. */
export function readJournal(file) {
  const bytes = readFileSync(file);
  const operations = [];
  for (let at = 0; at + 17 <= bytes.length; ) {
    const length = bytes.readUInt32LE(at + 13);
    operations.push({
      kind: bytes[at],
      handle: bytes.readUInt32LE(at + 1),
      offset: Number(bytes.readBigUInt64LE(at + 5)),
      bytes: bytes.subarray(at + 17, at + 17 + length),
    });
    at += 17 + length;
  }
  return operations;
}

/** Bytes that grow. */
class Content {
  #bytes = Buffer.alloc(4096);
  length = 0;

  resize(length) {
    if (length > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(length, 2 * this.#bytes.length));
      this.#bytes.copy(larger, 0, 0, this.length);
      this.#bytes = larger;
    } else if (length < this.length) this.#bytes.fill(0, length, this.length);
    this.length = length;
  }

  write(offset, bytes) {
    this.resize(Math.max(this.length, offset + bytes.length));
    bytes.copy(this.#bytes, offset);
  }

  get bytes() {
    return this.#bytes.subarray(0, this.length);
  }

  copy() {
    const copy = new Content();
    copy.write(0, this.bytes);
    return copy;
  }
}

/** A file: what is surely on disk, and what was written since. */
class Inode {
  #durable = new Content();
  pending = [];

  sync() {
    for (const change of this.pending) {
      if (change.kind === TRUNCATE) this.#durable.resize(change.offset);
      else this.#durable.write(change.offset, change.bytes);
    }
    this.pending = [];
  }

  /** @param survives asked for each sector that was written and each change of length */
  content(survives) {
    const content = this.#durable.copy();
    for (const { kind, offset, bytes } of this.pending) {
      if (kind === TRUNCATE) {
        if (survives()) content.resize(offset);
        continue;
      }
      for (let at = 0; at < bytes.length; ) {
        const length = Math.min(SECTOR - ((offset + at) % SECTOR), bytes.length - at);
        if (survives()) content.write(offset + at, bytes.subarray(at, at + length));
        at += length;
      }
    }
    return content.bytes;
  }
}

/** A directory tree as a program has left it: what it sees itself, and what the disk is sure to have. */
export class Disk {
  #handles = new Map();
  #names = new Map();
  #durableNames = new Map();
  #pendingNames = [];

  apply({ kind, handle, offset, bytes }) {
    switch (kind) {
      case OPEN: {
        const path = bytes.toString();
        if (!this.#names.has(path)) this.#rename({ add: path, inode: new Inode() });
        const inode = this.#names.get(path);
        this.#handles.set(handle, inode);
        if ((offset & 2) !== 0) inode.pending.push({ kind: TRUNCATE, offset: 0 });
        return;
      }
      case WRITE:
      case TRUNCATE:
        this.#handles.get(handle)?.pending.push({ kind, offset, bytes });
        return;
      case SYNC:
        this.#handles.get(handle)?.sync();
        return;
      case SYNC_DIRECTORY:
        this.#syncDirectory(bytes.subarray(0, bytes.indexOf(0)).toString());
        return;
      default:
        this.#changeNames(kind, bytes);
    }
  }

  #changeNames(kind, bytes) {
    const end = bytes.indexOf(0);
    const one = bytes.subarray(0, end).toString();
    const other = bytes.subarray(end + 1).toString();
    if (kind === RENAME) this.#rename({ add: other, inode: this.#names.get(one), remove: one });
    else if (kind === LINK) this.#rename({ add: other, inode: this.#names.get(one) });
    else if (kind === UNLINK) this.#rename({ remove: one });
    else if (kind === MKDIR) return;
  }

  #rename(change) {
    applyNames(this.#names, change);
    this.#pendingNames.push(change);
  }

  #syncDirectory(directory) {
    const isHere = ({ add, remove }) =>
      [add, remove].some((path) => path !== undefined && dirname(path) === (directory || "/"));
    for (const change of this.#pendingNames.filter(isHere)) applyNames(this.#durableNames, change);
    this.#pendingNames = this.#pendingNames.filter((change) => !isHere(change));
  }

  /**
   * Makes what stands after a loss of power now. @param loss "all" that was not synced, "none" of it, or a function that gives numbers
   * below 1: chance decides for each sector, and how many changes of names are there, in their order
   */
  materialise(directory, loss) {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const names = new Map(this.#durableNames);
    const kept =
      typeof loss === "function"
        ? Math.floor(loss() * (this.#pendingNames.length + 1))
        : loss === "none"
          ? Infinity
          : 0;
    for (const change of this.#pendingNames.slice(0, kept)) applyNames(names, change);
    const share = typeof loss === "function" ? loss() : 0;
    const survives = typeof loss === "function" ? () => loss() < share : () => loss === "none";
    for (const [path, inode] of names) {
      mkdirSync(dirname(join(directory, path)), { recursive: true, mode: 0o700 });
      writeFileSync(join(directory, path), inode.content(survives), { mode: 0o600 });
    }
  }
}

function applyNames(names, { add, inode, remove }) {
  if (remove !== undefined) names.delete(remove);
  if (add !== undefined && inode !== undefined) names.set(add, inode);
}

/** Numbers below 1 that are the same for the same seed (mulberry32). */
export function numbersFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  };
}
