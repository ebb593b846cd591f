import { ByteReader } from "../bytes.js";
import { ProtocolError } from "../errors.js";
import { hashFromBytes, type InventoryHash } from "../inventory-hash.js";
import { encodeVarint } from "../varint.js";

/** Vectors that one inv, dinv or getdata packet may have. */
const MAX_INV_ENTRIES = 50_000;
/** Vectors that we put into one packet. */
const MAX_INV_SENT = 49_999;
const VECTOR_LENGTH = 32;

/** The payload of inv, dinv and getdata (PROTOCOL.md section 4). @throws ProtocolError `too_many_entries` */
export function encodeInv(hashes: readonly InventoryHash[]): Uint8Array {
  if (hashes.length > MAX_INV_ENTRIES) throw new ProtocolError("too_many_entries");
  const count = encodeVarint(hashes.length);
  const payload = Buffer.alloc(count.length + VECTOR_LENGTH * hashes.length);
  payload.set(count);
  let offset = count.length;
  for (const hash of hashes) offset += payload.write(hash, offset, "hex");
  return new Uint8Array(payload.buffer, payload.byteOffset, payload.length);
}

/**
 * Bytes after the last vector are ignored.
 * @throws ProtocolError `truncated`, `non_canonical_varint`, `too_many_entries`
 */
export function decodeInv(payload: Uint8Array): InventoryHash[] {
  const vectors = readInv(payload);
  return vectors.take(vectors.left);
}

/** The vectors of a packet as they are needed: to read 50,000 at once takes 20 ms. */
export interface Vectors {
  readonly left: number;
  /** The next ones, at most so many. */
  take(limit: number): InventoryHash[];
}

/** As `decodeInv`, but for the vectors themselves. */
export function readInv(payload: Uint8Array): Vectors {
  const reader = new ByteReader(payload, 0, "non_canonical_varint");
  let left = reader.count(MAX_INV_ENTRIES, VECTOR_LENGTH, "too_many_entries");
  return {
    get left() {
      return left;
    },
    take(limit) {
      const length = Math.min(limit, left);
      left -= length;
      return Array.from({ length }, () => hashFromBytes(reader.bytes(VECTOR_LENGTH)));
    },
  };
}

export const encodeGetdata = encodeInv;
export const decodeGetdata = decodeInv;
export const readGetdata = readInv;

/** Vectors in portions of one packet each. */
export function splitInv(hashes: readonly InventoryHash[]): InventoryHash[][] {
  const portions: InventoryHash[][] = [];
  for (let start = 0; start < hashes.length; start += MAX_INV_SENT) {
    portions.push(hashes.slice(start, start + MAX_INV_SENT));
  }
  return portions;
}
