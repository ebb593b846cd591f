import {
  type Address,
  type AddressSecrets,
  addressSecrets,
  type DecodedAddress,
  encodeAddress,
} from "./address.js";
import { ByteReader, ByteWriter, concatBytes, equalBytes } from "./bytes.js";
import { curve, type SignatureDigest } from "./curve.js";
import { decrypt, encrypt } from "./ecies.js";
import { ProtocolError } from "./errors.js";
import { type IdentityKeys, keyPair, ripeOf } from "./keys.js";
import { encodeObjectHeader, type ObjectHeader, ObjectType, parseHeaderOf } from "./object.js";
import { type Difficulty, NETWORK_MINIMUM } from "./pow-target.js";
import type { RandomBytes } from "./random.js";
import { sign, verify } from "./signature.js";

/** Bits of the behaviour field (PROTOCOL.md section 13). */
export const Behavior = { doesAck: 1, includeDestination: 2 } as const;

/** What everybody may know about an identity (PROTOCOL.md section 13). */
export interface PubkeyBlock {
  /** 32 bits; see `Behavior` */
  behavior: number;
  /** 65 bytes */
  signingKey: Uint8Array;
  /** 65 bytes */
  encryptionKey: Uint8Array;
  /** as demanded: raise it with `atLeast` before use. Version 2 demands nothing and has the network minimum here */
  difficulty: Difficulty;
}

/** An own identity, as far as the objects it sends need it. */
export interface SendingIdentity {
  /** 2, 3 or 4 */
  version: number;
  stream: number;
  keys: IdentityKeys;
  behavior: number;
  difficulty: Difficulty;
}

/** The block of an own identity. */
export function pubkeyBlockOf(identity: SendingIdentity): PubkeyBlock {
  const { keys, behavior, difficulty } = identity;
  return {
    behavior,
    signingKey: keys.signing.publicKey,
    encryptionKey: keys.encryption.publicKey,
    difficulty,
  };
}

/** @param version of the address: from 3 on the demands are written */
export function encodePubkeyBlock(block: PubkeyBlock, version: number): Uint8Array {
  const writer = new ByteWriter().u32(block.behavior);
  writer.bytes(block.signingKey.subarray(1)).bytes(block.encryptionKey.subarray(1));
  if (version >= 3) writer.varint(block.difficulty.trialsPerByte).varint(block.difficulty.extraBytes);
  return writer.finish();
}

/** @throws ProtocolError `truncated`, `malformed_varint`. Whether the keys are points is not checked here. */
export function readPubkeyBlock(reader: ByteReader, version: number): PubkeyBlock {
  const behavior = reader.u32();
  const signingKey = concatBytes(Uint8Array.of(4), reader.bytes(64));
  const encryptionKey = concatBytes(Uint8Array.of(4), reader.bytes(64));
  const difficulty =
    version >= 3 ? { trialsPerByte: reader.varint(), extraBytes: reader.varint() } : NETWORK_MINIMUM;
  return { behavior, signingKey, encryptionKey, difficulty };
}

/** version || stream || block, the form in which PyBitmessage stores known keys (PROTOCOL.md sections 17.3 and 22.2). */
export function encodeStoredPubkey(version: number, stream: number, block: PubkeyBlock): Uint8Array {
  return new ByteWriter().varint(version).varint(stream).bytes(encodePubkeyBlock(block, version)).finish();
}

/**
 * A pubkey object without its nonce (PROTOCOL.md section 13.2), for versions 2, 3 and 4.
 * @param order.expires Unix seconds
 * @throws ProtocolError `unsupported_version`
 */
export function buildPubkey(order: {
  identity: SendingIdentity;
  expires: number;
  random: RandomBytes;
  digest?: SignatureDigest;
}): Uint8Array {
  const { identity, expires, random, digest = "sha256" } = order;
  const { version, stream, keys } = identity;
  const { tag, privateKey } = addressSecrets({ version, stream, ripe: keys.ripe });
  if (version < 2 || version > 4) throw new ProtocolError("unsupported_version");
  const header = encodeObjectHeader({ expires, type: ObjectType.pubkey, version, stream });
  const block = encodePubkeyBlock(pubkeyBlockOf(identity), version);
  if (version === 2) return concatBytes(header, block);
  const open = tag === null ? header : concatBytes(header, tag);
  const signature = sign(concatBytes(open, block), keys.signing.privateKey, digest);
  const signed = new ByteWriter().bytes(block).varBytes(signature).finish();
  if (tag === null) return concatBytes(header, signed);
  return concatBytes(open, encrypt(signed, keyPair(privateKey).publicKey, random));
}

export interface OpenedPubkey {
  address: Address;
  version: number;
  stream: number;
  /** 20 bytes */
  ripe: Uint8Array;
  block: PubkeyBlock;
  /** 32 bytes for version 4 */
  tag: Uint8Array | null;
}

/** The sizes, in bytes of the whole object, within which a pubkey is looked at (PROTOCOL.md section 17.3). */
const SHORTEST = 146;
const LONGEST = 440;
const SHORTEST_OF_VERSION: Readonly<Record<number, number>> = { 2: 154, 3: 170, 4: 350 };

/**
 * Opens a pubkey object and checks it in the order of PROTOCOL.md section 17.3.
 * @param object complete, with its nonce; its work is not checked here
 * @param wanted the address whose key is waited for: necessary for version 4; for versions 2 and 3 null takes any key
 * @throws ProtocolError `too_short`, `too_long`, `unsupported_version`, `not_awaited`, `decryption_failed`, `truncated`, `malformed_varint`,
 *   `bad_signature`, `version_mismatch`, `stream_mismatch`, `ripe_mismatch`, `invalid_public_key`
 */
export function openPubkey(object: Uint8Array, wanted: DecodedAddress | null): OpenedPubkey {
  const header = parseHeaderOf(object, ObjectType.pubkey);
  checkSize(object, header);
  const opened = header.version === 4 ? openEncrypted(object, header, wanted) : openPlain(object, header);
  const { version, stream } = header;
  const ripe = ripeOf(opened.block.signingKey, opened.block.encryptionKey);
  if (wanted !== null) {
    if (wanted.version !== version) throw new ProtocolError("version_mismatch");
    if (wanted.stream !== stream) throw new ProtocolError("stream_mismatch");
    if (!equalBytes(wanted.ripe, ripe)) throw new ProtocolError("ripe_mismatch");
  }
  if (!curve.isPoint(opened.block.encryptionKey)) throw new ProtocolError("invalid_public_key");
  return { address: encodeAddress(version, stream, ripe), version, stream, ripe, ...opened };
}

function checkSize(object: Uint8Array, header: ObjectHeader): void {
  if (object.length < SHORTEST) throw new ProtocolError("too_short");
  if (object.length > LONGEST) throw new ProtocolError("too_long");
  const shortest = SHORTEST_OF_VERSION[header.version];
  if (shortest === undefined) throw new ProtocolError("unsupported_version");
  if (object.length < shortest) throw new ProtocolError("too_short");
}

function openPlain(object: Uint8Array, header: ObjectHeader): { block: PubkeyBlock; tag: null } {
  const reader = new ByteReader(object, header.payloadOffset);
  const block = readPubkeyBlock(reader, header.version);
  if (header.version >= 3) {
    const signed = object.subarray(8, reader.offset);
    const signature = reader.varBytes(reader.remaining);
    if (!verify(signed, signature, block.signingKey)) throw new ProtocolError("bad_signature");
  }
  return { block, tag: null };
}

function openEncrypted(
  object: Uint8Array,
  header: ObjectHeader,
  wanted: DecodedAddress | null,
): { block: PubkeyBlock; tag: Uint8Array } {
  const encryptedAt = header.payloadOffset + 32;
  const tag = object.slice(header.payloadOffset, encryptedAt);
  const secrets = wanted && addressSecrets(wanted);
  if (!secrets?.tag || !equalBytes(secrets.tag, tag)) throw new ProtocolError("not_awaited");
  const plaintext = decryptWith(object.subarray(encryptedAt), secrets);
  const reader = new ByteReader(plaintext);
  const block = readPubkeyBlock(reader, header.version);
  const signed = concatBytes(object.subarray(8, encryptedAt), plaintext.subarray(0, reader.offset));
  const signature = reader.varBytes(reader.remaining);
  if (!verify(signed, signature, block.signingKey)) throw new ProtocolError("bad_signature");
  return { block, tag };
}

function decryptWith(encrypted: Uint8Array, secrets: AddressSecrets): Uint8Array {
  try {
    return decrypt(encrypted, secrets.privateKey);
  } catch {
    throw new ProtocolError("decryption_failed");
  }
}
