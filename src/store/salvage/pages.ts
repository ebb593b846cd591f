/** Pages of a database file and of the log beside it, read without SQLite, which stops at damage (sqlite.org/fileformat2.html). */
import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";

const MAGIC = "SQLite format 3\0";
const HEADER_LENGTH = 100;
/** Ours have pages of this size. */
const USUAL_PAGE_SIZE = 4096;
const LOG_HEADER_LENGTH = 32;
const FRAME_HEADER_LENGTH = 24;

export interface FileHeader {
  readonly schemaVersion: number;
  readonly applicationId: number;
  readonly firstFreePage: number;
}

export class PageFile {
  readonly pageSize: number;
  readonly pageCount: number;
  /** Null when it cannot be read. */
  readonly header: FileHeader | null;
  readonly #file: number;
  readonly #log: number | null;
  /** Where in the log the newest state of a page stands. */
  readonly #logged = new Map<number, number>();
  readonly #refused = new Set<number>();

  /** @throws what the system throws when the disk does not give the log: what was written last stands there */
  constructor(path: string) {
    this.#file = openSync(path, "r");
    const log = `${path}-wal`;
    this.#log = existsSync(log) ? openSync(log, "r") : null;
    const first = readOrNothing(this.#file, 0, HEADER_LENGTH);
    this.pageSize = pageSizeOf(first);
    const fromLog = this.#log === null ? 0 : this.#readLog(this.#log);
    this.pageCount = Math.max(fromLog, Math.floor(fstatSync(this.#file).size / this.pageSize));
    this.header = readHeader(this.read(1));
  }

  close(): void {
    closeSync(this.#file);
    if (this.#log !== null) closeSync(this.#log);
  }

  /** How many of the pages that were asked for the disk has not given. */
  get refused(): number {
    return this.#refused.size;
  }

  /** Null where the file has no such page, or it cannot be read. @param number from 1 */
  read(number: number): Uint8Array | null {
    if (number < 1 || number > this.pageCount) return null;
    try {
      const place = this.#logged.get(number);
      const bytes =
        place === undefined
          ? readBytes(this.#file, (number - 1) * this.pageSize, this.pageSize)
          : readBytes(this.#log!, place, this.pageSize);
      return bytes.length === this.pageSize ? bytes : null;
    } catch {
      this.#refused.add(number);
      return null;
    }
  }

  /** Takes in what has been committed to the log; the number of pages after it, or 0. */
  #readLog(log: number): number {
    const header = readBytes(log, 0, LOG_HEADER_LENGTH);
    if (header.length < LOG_HEADER_LENGTH) return 0;
    const view = new DataView(header.buffer, header.byteOffset);
    const magic = view.getUint32(0);
    if ((magic & 0xfffffffe) >>> 0 !== 0x377f0682 || view.getUint32(8) !== this.pageSize) return 0;
    const order = (magic & 1) === 1 ? "big" : "little";
    let sums = checksum([0, 0], header.subarray(0, 24), order);
    if (sums[0] !== view.getUint32(24) || sums[1] !== view.getUint32(28)) return 0;
    const length = FRAME_HEADER_LENGTH + this.pageSize;
    const pending = new Map<number, number>();
    let pages = 0;
    for (let at = LOG_HEADER_LENGTH; ; at += length) {
      const frame = readBytes(log, at, length);
      if (frame.length < length) return pages;
      const fields = new DataView(frame.buffer, frame.byteOffset);
      if (fields.getUint32(8) !== view.getUint32(16) || fields.getUint32(12) !== view.getUint32(20))
        return pages;
      sums = checksum(sums, frame.subarray(0, 8), order);
      sums = checksum(sums, frame.subarray(FRAME_HEADER_LENGTH), order);
      if (sums[0] !== fields.getUint32(16) || sums[1] !== fields.getUint32(20)) return pages;
      pending.set(fields.getUint32(0), at + FRAME_HEADER_LENGTH);
      const committed = fields.getUint32(4);
      if (committed === 0) continue;
      pages = committed;
      for (const [number, place] of pending) this.#logged.set(number, place);
      pending.clear();
    }
  }
}

/** As many of the octets as there are. */
function readBytes(file: number, position: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  return bytes.subarray(0, readSync(file, bytes, 0, length, position));
}

function readOrNothing(file: number, position: number, length: number): Uint8Array {
  try {
    return readBytes(file, position, length);
  } catch {
    return new Uint8Array(0);
  }
}

function pageSizeOf(header: Uint8Array): number {
  if (header.length < HEADER_LENGTH) return USUAL_PAGE_SIZE;
  const stored = (header[16]! << 8) | header[17]!;
  const size = stored === 1 ? 65_536 : stored;
  const isPossible = size >= 512 && (size & (size - 1)) === 0;
  return isPossible && hasMagic(header) ? size : USUAL_PAGE_SIZE;
}

function hasMagic(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, MAGIC.length)).toString("latin1") === MAGIC;
}

function readHeader(page: Uint8Array | null): FileHeader | null {
  if (page === null || !hasMagic(page)) return null;
  const view = new DataView(page.buffer, page.byteOffset);
  return {
    schemaVersion: view.getUint32(60),
    applicationId: view.getUint32(68),
    firstFreePage: view.getUint32(32),
  };
}

type Sums = readonly [number, number];

/** The log's checksum (section 4.2 of the format). */
function checksum([first, second]: Sums, bytes: Uint8Array, order: "big" | "little"): Sums {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let one = first;
  let two = second;
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    one = (one + view.getUint32(at, order === "little") + two) >>> 0;
    two = (two + view.getUint32(at + 4, order === "little") + one) >>> 0;
  }
  return [one, two];
}
