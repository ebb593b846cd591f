import { ByteReader } from "./bytes.js";
import { ProtocolError } from "./errors.js";

/** Levels of arrays and maps inside each other that are read. */
const MAX_DEPTH = 32;

/** One msgpack value's first byte and the numbers behind it. */
interface Head {
  kind: "text" | "array" | "map" | "other";
  /** bytes of a text or of another value's data; elements of an array or map */
  size: number;
}

/**
 * Reads msgpack piece by piece: the caller takes what it understands and skips the rest, so that nothing is allocated for
 * hostile counts. Texts may have the type str or bin, as senders differ (PROTOCOL.md section 14.2). Every count is checked
 * against the bytes that are left: ProtocolError `malformed_msgpack`; too many levels: `too_deep`.
 */
export class MsgpackReader {
  readonly #reader: ByteReader;

  constructor(bytes: Uint8Array) {
    this.#reader = new ByteReader(bytes);
  }

  /** The bytes of a str or bin; null, with the value skipped, for anything else. */
  text(): Uint8Array | null {
    const start = this.#reader.offset;
    const { kind, size } = this.#head();
    if (kind === "text") return this.#bytes(size);
    this.#reader.offset = start;
    this.skip();
    return null;
  }

  /** The number of elements that follow; null, with the value skipped, for anything but an array. */
  array(): number | null {
    return this.#container("array");
  }

  /** The number of pairs that follow; null, with the value skipped, for anything but a map. */
  map(): number | null {
    return this.#container("map");
  }

  /** A whole number from 0 to 2^32 - 1; null, with the value skipped, for anything else. */
  integer(): number | null {
    const start = this.#reader.offset;
    const value = this.#unsigned();
    if (value !== null) return value;
    this.#reader.offset = start;
    this.skip();
    return null;
  }

  /** What comes next, which stays to be read. */
  peek(): "text" | "array" | "map" | "other" {
    const start = this.#reader.offset;
    const { kind } = this.#head();
    this.#reader.offset = start;
    return kind;
  }

  /** Passes over one value with all that is in it. */
  skip(): void {
    const open: number[] = [1];
    while (open.length > 0) {
      const level = open.length - 1;
      if (open[level] === 0) {
        open.pop();
        continue;
      }
      open[level]!--;
      const { kind, size } = this.#head();
      if (kind === "text" || kind === "other") {
        this.#bytes(size);
      } else {
        if (open.length > MAX_DEPTH) throw new ProtocolError("too_deep");
        open.push(kind === "map" ? 2 * size : size);
      }
    }
  }

  #unsigned(): number | null {
    const reader = this.#reader;
    if (reader.remaining === 0) throw malformed();
    const first = reader.u8();
    if (first < 0x80) return first;
    if (first < 0xcc || first > 0xce) return null;
    if (reader.remaining < fixedSize(first)) throw malformed();
    if (first === 0xcc) return reader.u8();
    return first === 0xcd ? reader.u16() : reader.u32();
  }

  #container(wanted: "array" | "map"): number | null {
    const start = this.#reader.offset;
    const { kind, size } = this.#head();
    if (kind === wanted) return size;
    this.#reader.offset = start;
    this.skip();
    return null;
  }

  #bytes(length: number): Uint8Array {
    if (length > this.#reader.remaining) throw malformed();
    return this.#reader.bytes(length);
  }

  #head(): Head {
    try {
      const head = readHead(this.#reader);
      const least = head.kind === "map" ? 2 * head.size : head.size;
      if (least > this.#reader.remaining) throw malformed();
      return head;
    } catch (error) {
      if (error instanceof ProtocolError) throw malformed();
      throw error;
    }
  }
}

function malformed(): ProtocolError {
  return new ProtocolError("malformed_msgpack");
}

function readHead(reader: ByteReader): Head {
  const first = reader.u8();
  if (first < 0x80 || first >= 0xe0) return { kind: "other", size: 0 };
  if (first < 0x90) return { kind: "map", size: first & 0x0f };
  if (first < 0xa0) return { kind: "array", size: first & 0x0f };
  if (first < 0xc0) return { kind: "text", size: first & 0x1f };
  return readLongHead(first, reader);
}

function readLongHead(first: number, reader: ByteReader): Head {
  switch (first) {
    case 0xc0: // nil
    case 0xc2: // false
    case 0xc3: // true
      return { kind: "other", size: 0 };
    case 0xc4: // bin 8
    case 0xd9: // str 8
      return { kind: "text", size: reader.u8() };
    case 0xc5: // bin 16
    case 0xda: // str 16
      return { kind: "text", size: reader.u16() };
    case 0xc6: // bin 32
    case 0xdb: // str 32
      return { kind: "text", size: reader.u32() };
    case 0xc7: // ext 8: a type byte and the data
      return { kind: "other", size: reader.u8() + 1 };
    case 0xc8:
      return { kind: "other", size: reader.u16() + 1 };
    case 0xc9:
      return { kind: "other", size: reader.u32() + 1 };
    case 0xdc:
      return { kind: "array", size: reader.u16() };
    case 0xdd:
      return { kind: "array", size: reader.u32() };
    case 0xde:
      return { kind: "map", size: reader.u16() };
    case 0xdf:
      return { kind: "map", size: reader.u32() };
    default:
      return { kind: "other", size: fixedSize(first) };
  }
}

/** Floats, integers and the ext forms of fixed length. */
function fixedSize(first: number): number {
  if (first === 0xca) return 4;
  if (first === 0xcb) return 8;
  if (first >= 0xcc && first <= 0xcf) return 1 << (first - 0xcc);
  if (first >= 0xd0 && first <= 0xd3) return 1 << (first - 0xd0);
  if (first >= 0xd4 && first <= 0xd8) return 1 + (1 << (first - 0xd4));
  throw malformed(); // 0xc1 is never used
}
