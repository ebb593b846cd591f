/** Rows as they stand in a page: checked so that a damaged one is not taken for a row. */
import type { PageFile } from "./pages.js";

export type Value = null | number | bigint | string | Uint8Array;

export interface Row {
  /** Null in tables without rowids. */
  readonly rowid: bigint | null;
  readonly values: readonly Value[];
}

export const PageKind = { indexInterior: 2, tableInterior: 5, indexLeaf: 10, tableLeaf: 13 } as const;

export interface PageContent {
  readonly kind: number;
  readonly rows: readonly Row[];
  /** Pages below this one. */
  readonly children: readonly number[];
  /** Pages that hold the rest of long rows. */
  readonly overflow: readonly number[];
  /** Rows that cannot be read. */
  readonly unreadable: number;
}

/** SQLite writes none that is longer; a damaged length can be anything. */
const LONGEST_ROW = 1_000_000_000;

/** Null when the page is no part of a table or index. */
export function readPage(file: PageFile, number: number): PageContent | null {
  const page = file.read(number);
  if (page === null) return null;
  const start = number === 1 ? 100 : 0;
  const kind = page[start]!;
  const isInterior = kind === PageKind.indexInterior || kind === PageKind.tableInterior;
  if (!isInterior && kind !== PageKind.indexLeaf && kind !== PageKind.tableLeaf) return null;
  const view = new DataView(page.buffer, page.byteOffset, page.length);
  const cells = view.getUint16(start + 3);
  const pointers = start + (isInterior ? 12 : 8);
  if (pointers + 2 * cells > page.length) return null;
  const rows: Row[] = [];
  const children: number[] = [];
  const overflow: number[] = [];
  let unreadable = 0;
  for (let cell = 0; cell < cells; cell++) {
    const at = view.getUint16(pointers + 2 * cell);
    if (at < pointers + 2 * cells || at + 4 > page.length) {
      unreadable++;
      continue;
    }
    if (isInterior) children.push(view.getUint32(at));
    if (kind === PageKind.tableInterior) continue;
    const row = readCell(file, page, {
      at: isInterior ? at + 4 : at,
      hasRowid: kind === PageKind.tableLeaf,
      overflow,
    });
    if (row === null) unreadable++;
    else rows.push(row);
  }
  if (isInterior) children.push(view.getUint32(start + 8));
  return { kind, rows, children, overflow, unreadable };
}

function readCell(
  file: PageFile,
  page: Uint8Array,
  cell: { readonly at: number; readonly hasRowid: boolean; readonly overflow: number[] },
): Row | null {
  const length = readVarint(page, cell.at);
  const rowid = cell.hasRowid && length ? readVarint(page, length.next) : null;
  if (length === null || (cell.hasRowid && rowid === null)) return null;
  const size = Number(length.value);
  if (length.value < 2n || size > Math.min(LONGEST_ROW, file.pageCount * file.pageSize)) return null;
  const local = localLength(size, page.length, cell.hasRowid);
  const start = rowid?.next ?? length.next;
  if (start + local > page.length) return null;
  const payload = readPayload(file, page, { start, local, size, overflow: cell.overflow });
  const values = payload && readRecord(payload);
  return values && { rowid: rowid === null ? null : BigInt.asIntN(64, rowid.value), values };
}

/** How much of a row stands in the page itself (section 1.6 of the format). */
function localLength(size: number, usable: number, isTable: boolean): number {
  const most = isTable ? usable - 35 : Math.floor(((usable - 12) * 64) / 255) - 23;
  if (size <= most) return size;
  const least = Math.floor(((usable - 12) * 32) / 255) - 23;
  const wanted = least + ((size - least) % (usable - 4));
  return wanted <= most ? wanted : least;
}

function readPayload(
  file: PageFile,
  page: Uint8Array,
  where: {
    readonly start: number;
    readonly local: number;
    readonly size: number;
    readonly overflow: number[];
  },
): Uint8Array | null {
  const { start, local, size, overflow } = where;
  if (local === size) return page.subarray(start, start + size);
  if (start + local + 4 > page.length) return null;
  const payload = new Uint8Array(size);
  payload.set(page.subarray(start, start + local));
  let next = new DataView(page.buffer, page.byteOffset).getUint32(start + local);
  for (let filled = local; filled < size; ) {
    const more = file.read(next);
    if (more === null) return null;
    overflow.push(next);
    const part = more.subarray(4, Math.min(more.length, 4 + size - filled));
    payload.set(part, filled);
    filled += part.length;
    next = new DataView(more.buffer, more.byteOffset).getUint32(0);
    // The last one points nowhere; one in the middle has to go on.
    if ((next === 0) !== filled >= size) return null;
  }
  return payload;
}

/** A record (section 2.1 of the format); null when its lengths do not add up or a text is not UTF-8. */
function readRecord(bytes: Uint8Array): Value[] | null {
  const head = readVarint(bytes, 0);
  if (head === null || head.value > BigInt(bytes.length)) return null;
  const end = Number(head.value);
  const types: bigint[] = [];
  let at = head.next;
  while (at < end) {
    const type = readVarint(bytes, at);
    if (type === null || type.next > end) return null;
    types.push(type.value);
    at = type.next;
  }
  const values: Value[] = [];
  for (const type of types) {
    const length = lengthOf(type);
    if (length === null || at + length > bytes.length) return null;
    const value = readValue(type, bytes.subarray(at, at + length));
    if (value === undefined) return null;
    values.push(value);
    at += length;
  }
  return at === bytes.length ? values : null;
}

const FIXED_LENGTHS = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0] as const;

function lengthOf(type: bigint): number | null {
  if (type >= 12n) return Number((type - (type % 2n === 0n ? 12n : 13n)) / 2n);
  return FIXED_LENGTHS[Number(type)] ?? null;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function readValue(type: bigint, bytes: Uint8Array): Value | undefined {
  if (type === 0n) return null;
  if (type === 8n || type === 9n) return Number(type) - 8;
  if (type === 7n) return new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0);
  if (type < 7n) {
    const value = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    return BigInt.asIntN(8 * bytes.length, value);
  }
  if (type % 2n === 0n) return bytes;
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

function readVarint(bytes: Uint8Array, at: number): { readonly value: bigint; readonly next: number } | null {
  let value = 0n;
  for (let index = 0; index < 9; index++) {
    const byte = bytes[at + index];
    if (byte === undefined) return null;
    if (index === 8) return { value: (value << 8n) | BigInt(byte), next: at + 9 };
    value = (value << 7n) | BigInt(byte & 0x7f);
    if (byte < 0x80) return { value, next: at + index + 1 };
  }
  return null;
}
