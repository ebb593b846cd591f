import { ByteReader, ByteWriter, concatBytes } from "./bytes.js";
import { ProtocolError } from "./errors.js";

/** Object types (PROTOCOL.md section 10.1). */
export const ObjectType = {
  getpubkey: 0,
  pubkey: 1,
  msg: 2,
  broadcast: 3,
  onionpeer: 0x746f72,
  i2p: 0x493250,
} as const;

/** Bytes that an object may have after its header (PROTOCOL.md section 10.1). */
export const MAX_OBJECT_PAYLOAD = 262_144;
/** Bytes that an object of ours may have in all. */
export const MAX_SENT_OBJECT = 262_144;
/** nonce, expiry, type, and two varints of nine bytes */
export const MAX_OBJECT_HEADER = 38;

/**
 * The header of an object (PROTOCOL.md section 10.1). Version and stream are exact up to 2^53; larger ones, which nobody
 * uses, are rounded but stay larger.
 */
export interface ObjectHeader {
  nonce: bigint;
  /** Unix seconds; exact up to 2^53 */
  expires: number;
  type: number;
  version: number;
  stream: number;
  /** bytes that the header takes; 22 as a rule */
  payloadOffset: number;
}

/** @throws ProtocolError `truncated`, `malformed_varint` */
export function parseObjectHeader(object: Uint8Array): ObjectHeader {
  const reader = new ByteReader(object);
  const nonce = reader.u64();
  const expires = Number(reader.u64());
  const type = reader.u32();
  const version = Number(reader.varint());
  const stream = Number(reader.varint());
  return { nonce, expires, type, version, stream, payloadOffset: reader.offset };
}

/** The header from offset 8 on: expiry, type, version, stream; the nonce goes in front when it is found. */
export function encodeObjectHeader(header: {
  expires: number;
  type: number;
  version: number | bigint;
  stream: number | bigint;
}): Uint8Array {
  return new ByteWriter()
    .u64(BigInt(Math.floor(header.expires)))
    .u32(header.type)
    .varint(header.version)
    .varint(header.stream)
    .finish();
}

/** A complete object from the nonce that was found and the rest. */
export function withNonce(nonce: bigint, objectWithoutNonce: Uint8Array): Uint8Array {
  return concatBytes(new ByteWriter().u64(nonce).finish(), objectWithoutNonce);
}

/**
 * The 32 bytes after the header, by which version 4 pubkeys, version 5 broadcasts and others are looked up (PROTOCOL.md
 * section 8.1); null where there are fewer, or where the type and version have no tag: getpubkey of versions below 4, pubkeys below
 * 4, broadcasts below 5, and messages.
 */
export function objectTag(object: Uint8Array, header: ObjectHeader): Uint8Array | null {
  if (header.type === ObjectType.msg) return null;
  if (header.type === ObjectType.getpubkey && header.version < 4) return null;
  if (header.type === ObjectType.pubkey && header.version < 4) return null;
  if (header.type === ObjectType.broadcast && header.version < 5) return null;
  const end = header.payloadOffset + 32;
  return object.length < end ? null : object.subarray(header.payloadOffset, end);
}

/**
 * Parses the header and insists on the type.
 * @throws ProtocolError `truncated`, `malformed_varint`, `wrong_object_type`
 */
export function parseHeaderOf(object: Uint8Array, type: number): ObjectHeader {
  const header = parseObjectHeader(object);
  if (header.type !== type) throw new ProtocolError("wrong_object_type");
  return header;
}
