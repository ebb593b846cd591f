import {
  type Address,
  type AddressSecrets,
  addressSecrets,
  type DecodedAddress,
  encodeAddress,
} from "./address.js";
import { ByteReader, ByteWriter, concatBytes, equalBytes } from "./bytes.js";
import type { SignatureDigest } from "./curve.js";
import { decrypt, encrypt } from "./ecies.js";
import { ProtocolError } from "./errors.js";
import { keyPair, ripeOf } from "./keys.js";
import { encodeObjectHeader, type ObjectHeader, ObjectType, objectTag, parseHeaderOf } from "./object.js";
import {
  encodePubkeyBlock,
  type PubkeyBlock,
  pubkeyBlockOf,
  readPubkeyBlock,
  type SendingIdentity,
} from "./pubkey.js";
import type { RandomBytes } from "./random.js";
import { otherSignatureHash, sign, signatureHash, verify } from "./signature.js";

const SHORTEST = 180;

export interface BroadcastOrder {
  sender: SendingIdentity;
  encoding: number;
  content: Uint8Array;
  /** Unix seconds */
  expires: number;
  random: RandomBytes;
  digest?: SignatureDigest;
}

/**
 * A broadcast object without its nonce: version 4 from addresses of version 2 and 3, version 5 from version 4 (PROTOCOL.md
 * section 13.4).
 */
export function buildBroadcast(order: BroadcastOrder): Uint8Array {
  const { sender, expires, random, digest = "sha256" } = order;
  const { version: senderVersion, stream, keys } = sender;
  const secrets = addressSecrets({ version: senderVersion, stream, ripe: keys.ripe });
  const version = secrets.tag === null ? 4 : 5;
  const header = encodeObjectHeader({ expires, type: ObjectType.broadcast, version, stream });
  const open = concatBytes(header, secrets.tag ?? new Uint8Array(0));
  const unsigned = new ByteWriter()
    .varint(senderVersion)
    .varint(stream)
    .bytes(encodePubkeyBlock(pubkeyBlockOf(sender), senderVersion))
    .varint(order.encoding)
    .varBytes(order.content)
    .finish();
  const signature = sign(concatBytes(open, unsigned), keys.signing.privateKey, digest);
  const plaintext = new ByteWriter().bytes(unsigned).varBytes(signature).finish();
  return concatBytes(open, encrypt(plaintext, keyPair(secrets.privateKey).publicKey, random));
}

/** An address whose broadcasts are wanted, with the keys derived from it. */
export interface Subscription {
  address: DecodedAddress;
  secrets: AddressSecrets;
}

export interface OpenedBroadcast {
  sender: Address;
  senderVersion: number;
  senderStream: number;
  /** 20 bytes */
  senderRipe: Uint8Array;
  /** proven by the signature */
  senderBlock: PubkeyBlock;
  encoding: number;
  content: Uint8Array;
  /** 32 bytes */
  signatureHash: Uint8Array;
  /** 32 bytes: that of the same broadcast under the other signature that fits */
  otherSignatureHash: Uint8Array;
}

/** The tag of a version 5 broadcast, 32 bytes; null for version 4. @throws ProtocolError `too_short`, `unsupported_broadcast_version` */
export function broadcastTag(object: Uint8Array): Uint8Array | null {
  return objectTag(object, broadcastHeader(object));
}

function broadcastHeader(object: Uint8Array): ObjectHeader {
  const header = parseHeaderOf(object, ObjectType.broadcast);
  if (object.length < SHORTEST) throw new ProtocolError("too_short");
  if (header.version !== 4 && header.version !== 5) throw new ProtocolError("unsupported_broadcast_version");
  return header;
}

/**
 * Opens a broadcast for the first subscription that it belongs to (PROTOCOL.md section 17.5): version 5 is found by its tag, version
 * 4 by trying the keys of all subscribed addresses of versions 2 and 3.
 * @throws ProtocolError as `openBroadcast`
 */
export function openSubscribedBroadcast<T extends Subscription>(
  object: Uint8Array,
  subscriptions: readonly T[],
): { subscription: T; broadcast: OpenedBroadcast } {
  const tag = broadcastTag(object);
  for (const subscription of subscriptions) {
    const mayFit = tag === null ? subscription.secrets.tag === null : hasTag(subscription, tag);
    if (!mayFit) continue;
    try {
      return { subscription, broadcast: openBroadcast(object, subscription) };
    } catch (error) {
      if (!(error instanceof ProtocolError) || error.code !== "no_key_decrypts") throw error;
    }
  }
  throw new ProtocolError(tag === null ? "no_key_decrypts" : "not_subscribed");
}

function hasTag(subscription: Subscription, tag: Uint8Array): boolean {
  return subscription.secrets.tag !== null && equalBytes(subscription.secrets.tag, tag);
}

/**
 * Opens a broadcast of one subscribed address and checks it in the order of PROTOCOL.md section 17.5.
 * @param object complete, with its nonce
 * @throws ProtocolError `too_short`, `unsupported_broadcast_version`, `not_subscribed`, `decryption_failed` (version 5), `no_key_decrypts`
 *   (version 4), `sender_version_does_not_fit_broadcast_version`, `stream_mismatch`, `tag_mismatch`, `keys_do_not_match_decryption_key`, `truncated`,
 *   `malformed_varint`, `bad_signature`
 */
export function openBroadcast(object: Uint8Array, subscription: Subscription): OpenedBroadcast {
  const header = broadcastHeader(object);
  const tag = objectTag(object, header);
  if (tag !== null && !hasTag(subscription, tag)) throw new ProtocolError("not_subscribed");
  const encryptedAt = header.payloadOffset + (tag?.length ?? 0);
  const plaintext = decryptWith(object.subarray(encryptedAt), subscription, header);
  const reader = new ByteReader(plaintext);
  const { senderVersion, senderStream } = readSender(reader, header);
  const block = readPubkeyBlock(reader, senderVersion);
  const senderRipe = ripeOf(block.signingKey, block.encryptionKey);
  checkKeys({ version: senderVersion, stream: senderStream, ripe: senderRipe }, subscription, tag);
  const encoding = Number(reader.varint());
  const content = reader.varBytes(reader.remaining);
  const signed = concatBytes(object.subarray(8, encryptedAt), plaintext.subarray(0, reader.offset));
  const signature = reader.varBytes(reader.remaining);
  if (!verify(signed, signature, block.signingKey)) throw new ProtocolError("bad_signature");
  return {
    sender: encodeAddress(senderVersion, senderStream, senderRipe),
    senderVersion,
    senderStream,
    senderRipe,
    senderBlock: block,
    encoding,
    content,
    signatureHash: signatureHash(signature),
    otherSignatureHash: otherSignatureHash(signature),
  };
}

function decryptWith(encrypted: Uint8Array, subscription: Subscription, header: ObjectHeader): Uint8Array {
  try {
    return decrypt(encrypted, subscription.secrets.privateKey);
  } catch {
    throw new ProtocolError(header.version === 4 ? "no_key_decrypts" : "decryption_failed");
  }
}

function readSender(
  reader: ByteReader,
  header: ObjectHeader,
): { senderVersion: number; senderStream: number } {
  const senderVersion = Number(reader.varint());
  const fits = header.version === 5 ? senderVersion === 4 : senderVersion === 2 || senderVersion === 3;
  if (!fits) throw new ProtocolError("sender_version_does_not_fit_broadcast_version");
  const senderStream = Number(reader.varint());
  if (senderStream !== header.stream) throw new ProtocolError("stream_mismatch");
  return { senderVersion, senderStream };
}

/** The keys inside must be those of the address whose derived key opened the broadcast. */
function checkKeys(
  sender: { version: number; stream: number; ripe: Uint8Array },
  { address }: Subscription,
  tag: Uint8Array | null,
): void {
  if (tag !== null) {
    const ownTag = addressSecrets(sender).tag;
    if (ownTag === null || !equalBytes(ownTag, tag)) throw new ProtocolError("tag_mismatch");
  } else if (!equalBytes(address.ripe, sender.ripe)) {
    throw new ProtocolError("keys_do_not_match_decryption_key");
  }
}
