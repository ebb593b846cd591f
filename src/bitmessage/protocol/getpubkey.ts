import { type AddressParts, addressSecrets } from "./address.js";
import { ByteReader, concatBytes } from "./bytes.js";
import { ProtocolError } from "./errors.js";
import { encodeObjectHeader, ObjectType, parseHeaderOf } from "./object.js";

/** Bytes of the whole object between which a request is looked at (PROTOCOL.md section 17.2). */
const SHORTEST = 42;
const LONGEST = 200;

/** Whose key is asked for: versions 2 and 3 by the ripe (20 bytes), version 4 by the tag (32 bytes). */
export type PubkeyRequest =
  | { version: number; stream: number; ripe: Uint8Array }
  | { version: number; stream: number; tag: Uint8Array };

/**
 * A getpubkey object without its nonce (PROTOCOL.md section 13.1).
 * @param order.expires Unix seconds
 */
export function buildGetpubkey(order: { address: AddressParts; expires: number }): Uint8Array {
  const { address, expires } = order;
  const { version, stream } = address;
  const header = encodeObjectHeader({ expires, type: ObjectType.getpubkey, version, stream });
  return concatBytes(header, addressSecrets(address).tag ?? address.ripe);
}

/**
 * Bytes after the ripe or tag are ignored.
 * @throws ProtocolError `too_short`, `too_long`, `unsupported_version`
 */
export function openGetpubkey(object: Uint8Array): PubkeyRequest {
  const { version, stream, payloadOffset } = parseHeaderOf(object, ObjectType.getpubkey);
  if (object.length < SHORTEST) throw new ProtocolError("too_short");
  if (object.length > LONGEST) throw new ProtocolError("too_long");
  if (version < 2 || version > 4) throw new ProtocolError("unsupported_version");
  const length = version === 4 ? 32 : 20;
  if (object.length < payloadOffset + length) throw new ProtocolError("too_short");
  const name = new ByteReader(object, payloadOffset).bytes(length).slice();
  return version === 4 ? { version, stream, tag: name } : { version, stream, ripe: name };
}
