import { ByteReader, ByteWriter, concatBytes } from "./bytes.js";
import { ProtocolError } from "./errors.js";
import { doubleSha512 } from "./hash.js";
import { decodeHost, encodeHost } from "./host.js";
import { encodeObjectHeader, ObjectType, parseHeaderOf } from "./object.js";

/**
 * An onionpeer object without its nonce (PROTOCOL.md section 13.6): version 3 for version 3 onion names, else 2.
 * @param order.expires Unix seconds
 * @throws ProtocolError `invalid_host`
 */
export function buildOnionpeer(order: {
  host: string;
  port: number;
  stream: number;
  expires: number;
}): Uint8Array {
  const host = encodeHost(order.host);
  const { expires, stream } = order;
  const version = host.length === 16 ? 2 : 3;
  const header = encodeObjectHeader({ expires, type: ObjectType.onionpeer, version, stream });
  return concatBytes(header, onionpeerPayload(order.host, order.port));
}

function onionpeerPayload(host: string, port: number): Uint8Array {
  return new ByteWriter().varint(port).bytes(encodeHost(host)).finish();
}

/** The tag under which an own onionpeer object is kept: DSHA(payload)[0:32]. */
export function onionpeerTag(host: string, port: number): Uint8Array {
  return doubleSha512(onionpeerPayload(host, port)).slice(0, 32);
}

/**
 * The peer that an onionpeer object names. Only public hosts are to be used: see `isPublicHost`.
 * @param object complete, with its nonce
 * @throws ProtocolError `truncated`, `malformed_varint`, `out_of_range` for a port that is none, `invalid_host`
 */
export function openOnionpeer(object: Uint8Array): { host: string; port: number } {
  const { payloadOffset } = parseHeaderOf(object, ObjectType.onionpeer);
  const reader = new ByteReader(object, payloadOffset);
  const port = reader.varint();
  if (port === 0n || port > 65_535n) throw new ProtocolError("out_of_range");
  return { host: decodeHost(reader.rest()), port: Number(port) };
}
