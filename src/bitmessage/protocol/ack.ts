import { ByteWriter } from "./bytes.js";
import { encrypt } from "./ecies.js";
import { ProtocolError } from "./errors.js";
import { keyPair, randomPrivateKey } from "./keys.js";
import { ObjectType } from "./object.js";
import { decodePacket, encodePacket } from "./packet.js";
import { type RandomBytes, randomBelow } from "./random.js";

const DAY = 86_400;

/**
 * How an acknowledgement looks to others (PROTOCOL.md section 15): 0 a msg object of 32 random bytes, 1 a key request, 2 an
 * ordinary message.
 */
export type AckStealthLevel = 0 | 1 | 2;

/** New ackdata: type || version || stream || body, which is the acknowledgement without nonce and expiry. */
export function createAckData(level: AckStealthLevel, stream: number, random: RandomBytes): Uint8Array {
  const writer = new ByteWriter();
  if (level === 1)
    return writer.u32(ObjectType.getpubkey).varint(4).varint(stream).bytes(random(32)).finish();
  writer.u32(ObjectType.msg).varint(1).varint(stream);
  if (level === 0) return writer.bytes(random(32)).finish();
  const length = 234 + randomBelow(567, random);
  const throwAway = keyPair(randomPrivateKey(random));
  return writer.bytes(encrypt(random(length), throwAway.publicKey, random)).finish();
}

/**
 * An acknowledgement object without its nonce.
 * @param expires Unix seconds
 */
export function buildAck(ackData: Uint8Array, expires: number): Uint8Array {
  return new ByteWriter()
    .u64(BigInt(Math.floor(expires)))
    .bytes(ackData)
    .finish();
}

/** The life time of the acknowledgement of a message, in seconds: 1, 7 or 28 days. Vary it by up to 300 s. */
export function ackTtl(messageTtl: number): number {
  if (messageTtl < DAY) return DAY;
  return messageTtl < 7 * DAY ? 7 * DAY : 28 * DAY;
}

/**
 * What an object would acknowledge: to be compared with the ackdata waited for, for objects of every type.
 * @param object complete, with its nonce
 */
export function ackDataOf(object: Uint8Array): Uint8Array {
  return object.subarray(16);
}

/** The ack field of a message: the acknowledgement, its work done, as a framed packet. */
export function encodeAckPacket(object: Uint8Array): Uint8Array {
  return encodePacket("object", object);
}

/**
 * The acknowledgement object inside the ack field of a message. Check it with `checkObject` like any other before it is
 * announced (PROTOCOL.md section 15).
 * @throws ProtocolError `bad_ack` unless the field is exactly one object packet
 */
export function openAckPacket(field: Uint8Array): Uint8Array {
  try {
    const { command, payload } = decodePacket(field);
    if (command === "object") return payload;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
  }
  throw new ProtocolError("bad_ack");
}
