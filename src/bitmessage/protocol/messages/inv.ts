import { ByteReader, ByteWriter } from "../bytes.js";
import { ProtocolError } from "../errors.js";
import { hashFromBytes, hashToBytes, type InventoryHash } from "../inventory-hash.js";

/** Vectors that one inv, dinv or getdata packet may have. */
export const MAX_INV_ENTRIES = 50_000;
/** Vectors that we put into one packet. */
export const MAX_INV_SENT = 49_999;
const VECTOR_LENGTH = 32;

/** The payload of inv, dinv and getdata (PROTOCOL.md section 4). @throws ProtocolError `too_many_entries` */
export function encodeInv(hashes: readonly InventoryHash[]): Uint8Array {
  if (hashes.length > MAX_INV_ENTRIES) throw new ProtocolError("too_many_entries");
  const writer = new ByteWriter().varint(hashes.length);
  for (const hash of hashes) writer.bytes(hashToBytes(hash));
  return writer.finish();
}

/**
 * Bytes after the last vector are ignored.
 * @throws ProtocolError `truncated`, `non_canonical_varint`, `too_many_entries`
 */
export function decodeInv(payload: Uint8Array): InventoryHash[] {
  const reader = new ByteReader(payload, 0, "non_canonical_varint");
  const count = reader.count(MAX_INV_ENTRIES, VECTOR_LENGTH, "too_many_entries");
  return Array.from({ length: count }, () => hashFromBytes(reader.bytes(VECTOR_LENGTH)));
}

export const encodeGetdata = encodeInv;
export const decodeGetdata = decodeInv;

/** Vectors in portions of one packet each. */
export function splitInv(hashes: readonly InventoryHash[]): InventoryHash[][] {
  const portions: InventoryHash[][] = [];
  for (let start = 0; start < hashes.length; start += MAX_INV_SENT) {
    portions.push(hashes.slice(start, start + MAX_INV_SENT));
  }
  return portions;
}
