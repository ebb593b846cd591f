import { ProtocolError } from "./errors.js";

const MAXIMUM = 2n ** 64n - 1n;

/** Number of bytes that `encodeVarint` writes for this value. */
export function varintLength(value: bigint | number): number {
  if (value < 253) return 1;
  if (value < 0x10000) return 3;
  return value < 0x100000000 ? 5 : 9;
}

/**
 * Writes a variable-length integer in its shortest form (PROTOCOL.md section 3.1).
 * @param value 0 … 2^64−1
 * @throws ProtocolError `negative`, `too_large`
 */
export function encodeVarint(value: bigint | number): Uint8Array {
  const integer = BigInt(value);
  if (integer < 0n) throw new ProtocolError("negative");
  if (integer > MAXIMUM) throw new ProtocolError("too_large");
  const length = varintLength(integer);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  if (length === 1) {
    bytes[0] = Number(integer);
    return bytes;
  }
  bytes[0] = length === 3 ? 0xfd : length === 5 ? 0xfe : 0xff;
  if (length === 3) view.setUint16(1, Number(integer));
  else if (length === 5) view.setUint32(1, Number(integer));
  else view.setBigUint64(1, integer);
  return bytes;
}

/**
 * Reads a variable-length integer that starts at `offset`; bytes after it are not looked at (PROTOCOL.md section 3.1).
 * @returns the value and the number of bytes it takes (1, 3, 5 or 9)
 * @throws ProtocolError `truncated`; `non_canonical` for a longer form than needed
 */
export function decodeVarint(bytes: Uint8Array, offset = 0): { value: bigint; length: number } {
  const first = bytes[offset];
  if (first === undefined) throw new ProtocolError("truncated");
  if (first < 0xfd) return { value: BigInt(first), length: 1 };
  const length = first === 0xfd ? 3 : first === 0xfe ? 5 : 9;
  if (offset + length > bytes.length) throw new ProtocolError("truncated");
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset + 1, length - 1);
  const value =
    length === 3
      ? BigInt(view.getUint16(0))
      : length === 5
        ? BigInt(view.getUint32(0))
        : view.getBigUint64(0);
  if (varintLength(value) !== length) throw new ProtocolError("non_canonical");
  return { value, length };
}
