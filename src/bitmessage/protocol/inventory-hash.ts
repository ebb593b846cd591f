import { asBytes, fromHex, toHex } from "./bytes.js";
import { ProtocolError } from "./errors.js";
import { doubleSha512Hex } from "./hash.js";

/** An inventory vector as 64 lower-case hexadecimal digits (32 bytes). */
export type InventoryHash = string & { readonly __inventoryHash: unique symbol };

/** DSHA(object)[0:32] over the complete object, nonce included (PROTOCOL.md section 3.4). */
export function inventoryHash(object: Uint8Array): InventoryHash {
  return doubleSha512Hex(object).slice(0, 64) as InventoryHash;
}

/** The 32 bytes as they go over the wire. */
export function hashToBytes(hash: InventoryHash): Uint8Array {
  return fromHex(hash);
}

/** @throws ProtocolError `wrong_length` unless there are 32 bytes */
export function hashFromBytes(bytes: Uint8Array): InventoryHash {
  if (bytes.length !== 32) throw new ProtocolError("wrong_length", "an inventory vector has 32 bytes");
  return toHex(asBytes(bytes)) as InventoryHash;
}
