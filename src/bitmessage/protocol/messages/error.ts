import { ByteReader, ByteWriter } from "../bytes.js";
import { ProtocolError } from "../errors.js";
import { hashFromBytes, hashToBytes, type InventoryHash } from "../inventory-hash.js";

const MAX_TEXT = 65_536;

export const ErrorSeverity = { warning: 0, error: 1, fatal: 2 } as const;

/** The payload of an error packet (PROTOCOL.md section 4). */
export interface ErrorPacket {
  /** 0 warning, 1 error, 2 fatal: the sender is about to hang up */
  severity: number;
  /** seconds */
  banTime: number;
  /** the object concerned, if any */
  hash: InventoryHash | null;
  /** untrusted text: clean it before logging or showing it */
  text: string;
}

export function encodeError(error: ErrorPacket): Uint8Array {
  return new ByteWriter()
    .varint(error.severity)
    .varint(error.banTime)
    .varBytes(error.hash === null ? new Uint8Array(0) : hashToBytes(error.hash))
    .varBytes(new TextEncoder().encode(error.text))
    .finish();
}

/** @throws ProtocolError `truncated`, `non_canonical_varint`, `wrong_length` (vector), `too_large` (text over 64 KiB) */
export function decodeError(payload: Uint8Array): ErrorPacket {
  const reader = new ByteReader(payload, 0, "non_canonical_varint");
  const severity = Number(reader.varint());
  const banTime = Number(reader.varint());
  const vector = reader.varBytes(MAX_TEXT);
  if (vector.length !== 0 && vector.length !== 32) throw new ProtocolError("wrong_length");
  const text = new TextDecoder().decode(reader.varBytes(MAX_TEXT));
  return { severity, banTime, hash: vector.length === 0 ? null : hashFromBytes(vector), text };
}
