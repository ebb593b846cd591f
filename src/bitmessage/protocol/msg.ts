import { type Address, type DecodedAddress, encodeAddress } from "./address.js";
import { ByteReader, ByteWriter, concatBytes, equalBytes } from "./bytes.js";
import type { SignatureDigest } from "./curve.js";
import { encrypt } from "./ecies.js";
import { ProtocolError } from "./errors.js";
import { ripeOf } from "./keys.js";
import { encodeObjectHeader, ObjectType, parseHeaderOf } from "./object.js";
import {
  encodePubkeyBlock,
  type PubkeyBlock,
  pubkeyBlockOf,
  readPubkeyBlock,
  type SendingIdentity,
} from "./pubkey.js";
import type { RandomBytes } from "./random.js";
import { otherSignatureHash, sign, signatureHash, verify } from "./signature.js";

/** The one version of msg objects. */
const MSG_VERSION = 1;
const SHORTEST_PLAINTEXT = 170;

/** The decrypted fields of a msg object (PROTOCOL.md section 13.3). */
export interface MsgPlain {
  senderVersion: number;
  senderStream: number;
  block: PubkeyBlock;
  /** 20 bytes */
  destinationRipe: Uint8Array;
  encoding: number;
  content: Uint8Array;
  /** a complete framed object packet, or empty */
  ack: Uint8Array;
  /** DER */
  signature: Uint8Array;
  /** bytes of the plaintext that are signed */
  signedLength: number;
}

export interface MsgOrder {
  sender: SendingIdentity;
  recipient: {
    address: DecodedAddress;
    /** 65 bytes */
    encryptionKey: Uint8Array;
  };
  encoding: number;
  content: Uint8Array;
  /** a complete framed object packet with its work done, or empty */
  ack: Uint8Array;
  /** Unix seconds */
  expires: number;
  random: RandomBytes;
  digest?: SignatureDigest;
}

/**
 * A msg object without its nonce (PROTOCOL.md section 13.3).
 * @throws ProtocolError `invalid_point` when the recipient's encryption key is none
 */
export function buildMsg(order: MsgOrder): Uint8Array {
  const { sender, recipient, expires, random, digest = "sha256" } = order;
  const { stream, ripe } = recipient.address;
  const header = encodeObjectHeader({ expires, type: ObjectType.msg, version: MSG_VERSION, stream });
  const unsigned = new ByteWriter()
    .varint(sender.version)
    .varint(sender.stream)
    .bytes(encodePubkeyBlock(pubkeyBlockOf(sender), sender.version))
    .bytes(ripe)
    .varint(order.encoding)
    .varBytes(order.content)
    .varBytes(order.ack)
    .finish();
  const signature = sign(concatBytes(header, unsigned), sender.keys.signing.privateKey, digest);
  const plaintext = new ByteWriter().bytes(unsigned).varBytes(signature).finish();
  return concatBytes(header, encrypt(plaintext, recipient.encryptionKey, random));
}

/**
 * The encrypted part of a msg object, for trial decryption.
 * @param object complete, with its nonce
 * @throws ProtocolError `unsupported_msg_version`
 */
export function msgCiphertext(object: Uint8Array): Uint8Array {
  const header = parseHeaderOf(object, ObjectType.msg);
  if (header.version !== MSG_VERSION) throw new ProtocolError("unsupported_msg_version");
  return object.subarray(header.payloadOffset);
}

/**
 * Takes the plaintext of a msg object apart; bytes after the signature are ignored (PROTOCOL.md section 17.4, numbers 3 and 4).
 * @throws ProtocolError `plaintext_too_short`, `sender_version_0`, `sender_version_unsupported`, `sender_stream_0`, `truncated`, `malformed_varint`
 */
export function parseMsg(plaintext: Uint8Array): MsgPlain {
  if (plaintext.length < SHORTEST_PLAINTEXT) throw new ProtocolError("plaintext_too_short");
  const reader = new ByteReader(plaintext);
  const senderVersion = Number(reader.varint());
  if (senderVersion === 0) throw new ProtocolError("sender_version_0");
  if (senderVersion < 2 || senderVersion > 4) throw new ProtocolError("sender_version_unsupported");
  const senderStream = Number(reader.varint());
  if (senderStream === 0) throw new ProtocolError("sender_stream_0");
  const block = readPubkeyBlock(reader, senderVersion);
  const destinationRipe = reader.bytes(20);
  const encoding = Number(reader.varint());
  const content = reader.varBytes(reader.remaining);
  const ack = reader.varBytes(reader.remaining);
  const signedLength = reader.offset;
  const signature = reader.varBytes(reader.remaining);
  return {
    senderVersion,
    senderStream,
    block,
    destinationRipe,
    encoding,
    content,
    ack,
    signature,
    signedLength,
  };
}

export interface OpenedMsg {
  sender: Address;
  senderVersion: number;
  senderStream: number;
  /** 20 bytes */
  senderRipe: Uint8Array;
  /** proven by the signature: to be stored as the sender's key */
  senderBlock: PubkeyBlock;
  encoding: number;
  content: Uint8Array;
  /** a framed packet, or empty; not checked yet: see `openAckPacket` */
  ack: Uint8Array;
  /** 32 bytes: identifies the signed message */
  signatureHash: Uint8Array;
  /** 32 bytes: that of the same message under the other signature that fits */
  otherSignatureHash: Uint8Array;
}

/**
 * Checks a decrypted msg object in the order of PROTOCOL.md section 17.4, numbers 1 and 3 to 6.
 * @param object complete, with its nonce
 * @param plaintext what trial decryption gave
 * @param recipientRipe the ripe of the identity whose key fitted
 * @throws ProtocolError `unsupported_msg_version`, those of `parseMsg`, `destination_ripe_mismatch`, `bad_signature`
 */
export function openMsg(object: Uint8Array, plaintext: Uint8Array, recipientRipe: Uint8Array): OpenedMsg {
  const encrypted = msgCiphertext(object);
  const plain = parseMsg(plaintext);
  if (!equalBytes(plain.destinationRipe, recipientRipe)) {
    throw new ProtocolError("destination_ripe_mismatch");
  }
  const header = object.subarray(8, object.length - encrypted.length);
  const signed = concatBytes(header, plaintext.subarray(0, plain.signedLength));
  if (!verify(signed, plain.signature, plain.block.signingKey)) throw new ProtocolError("bad_signature");
  const { senderVersion, senderStream, block } = plain;
  const senderRipe = ripeOf(block.signingKey, block.encryptionKey);
  return {
    sender: encodeAddress(senderVersion, senderStream, senderRipe),
    senderVersion,
    senderStream,
    senderRipe,
    senderBlock: block,
    encoding: plain.encoding,
    content: plain.content,
    ack: plain.ack,
    signatureHash: signatureHash(plain.signature),
    otherSignatureHash: otherSignatureHash(plain.signature),
  };
}
