import { ProtocolError, type ProtocolErrorCode } from "./errors.js";
import { decodeVarint, encodeVarint } from "./varint.js";

/** The same memory as a plain Uint8Array: results of node's crypto are Buffers, whose `slice` shares memory. */
export function asBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

export function concatBytes(...parts: Uint8Array[]): Uint8Array {
  return joinBytes(parts);
}

/** As `concatBytes`, for any number of parts: a call cannot have hundreds of thousands of arguments. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const result = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    result.set(part, offset);
    offset += part.length;
  }
  return result;
}

/** Whether both hold the same bytes. Not constant-time: not for secrets. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}

/** Lower-case hexadecimal digits. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
}

/** @throws ProtocolError `invalid_hex` for an odd number of digits or anything but hexadecimal digits */
export function fromHex(text: string): Uint8Array {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) throw new ProtocolError("invalid_hex");
  return Uint8Array.from(Buffer.from(text, "hex"));
}

/**
 * Reads big-endian fields one after the other (PROTOCOL.md sections 1 and 3). Every read that would pass the end throws
 * ProtocolError `truncated` and leaves the offset where it was.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #malformedVarint: ProtocolErrorCode;
  offset: number;

  /** @param malformedVarint the code for a varint that is longer than needed; packets and objects have different words */
  constructor(bytes: Uint8Array, offset = 0, malformedVarint: ProtocolErrorCode = "malformed_varint") {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#malformedVarint = malformedVarint;
    this.offset = offset;
  }

  get remaining(): number {
    return Math.max(0, this.#bytes.length - this.offset);
  }

  #advance(length: number): number {
    if (length > this.remaining) throw new ProtocolError("truncated");
    const start = this.offset;
    this.offset += length;
    return start;
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#advance(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4));
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#advance(8));
  }

  i64(): bigint {
    return this.#view.getBigInt64(this.#advance(8));
  }

  /** A varint of up to 64 bits. */
  varint(): bigint {
    try {
      const { value, length } = decodeVarint(this.#bytes, this.offset);
      this.offset += length;
      return value;
    } catch (error) {
      if (error instanceof ProtocolError && error.code === "non_canonical") {
        throw new ProtocolError(this.#malformedVarint);
      }
      throw error;
    }
  }

  /**
   * The number of elements that follow, checked before anything is allocated: first against the bytes that are left
   * (`truncated`), then against `limit`.
   * @param elementSize the least bytes that one element takes
   */
  count(limit: number, elementSize: number, tooMany: ProtocolErrorCode): number {
    const value = this.varint();
    if (value * BigInt(elementSize) > BigInt(this.remaining)) throw new ProtocolError("truncated");
    if (value > BigInt(limit)) throw new ProtocolError(tooMany);
    return Number(value);
  }

  /** The next `length` bytes, as a view of the same memory. */
  bytes(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  /**
   * A varint length and that many bytes, as a view of the same memory.
   * @throws ProtocolError `too_large` over `limit`
   */
  varBytes(limit: number): Uint8Array {
    const length = this.varint();
    if (length > BigInt(this.remaining)) throw new ProtocolError("truncated");
    if (length > BigInt(limit)) throw new ProtocolError("too_large");
    return this.bytes(Number(length));
  }

  /** Everything that is left, as a view of the same memory. */
  rest(): Uint8Array {
    return this.bytes(this.remaining);
  }
}

/** Writes big-endian fields one after the other (PROTOCOL.md sections 1 and 3). */
export class ByteWriter {
  readonly #parts: Uint8Array[] = [];

  #number(length: number, write: (view: DataView) => void): this {
    const part = new Uint8Array(length);
    write(new DataView(part.buffer));
    this.#parts.push(part);
    return this;
  }

  u8(value: number): this {
    return this.#number(1, (view) => view.setUint8(0, value));
  }

  u16(value: number): this {
    return this.#number(2, (view) => view.setUint16(0, value));
  }

  u32(value: number): this {
    return this.#number(4, (view) => view.setUint32(0, value));
  }

  u64(value: bigint): this {
    return this.#number(8, (view) => view.setBigUint64(0, value));
  }

  i64(value: bigint): this {
    return this.#number(8, (view) => view.setBigInt64(0, value));
  }

  varint(value: bigint | number): this {
    return this.bytes(encodeVarint(value));
  }

  bytes(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    return this;
  }

  /** A varint length and the bytes. */
  varBytes(bytes: Uint8Array): this {
    return this.varint(bytes.length).bytes(bytes);
  }

  finish(): Uint8Array {
    return joinBytes(this.#parts);
  }
}
