/** How large objects will be, by arithmetic alone. */

import type { SendingIdentity } from "../protocol/pubkey.js";

const NONCE_EXPIRY_AND_TYPE = 8 + 8 + 4;
const BEHAVIOR_AND_KEYS = 4 + 64 + 64;
const RIPE = 20;
const TAG = 32;
/** DER of two 33-byte integers; usually it is a byte or two shorter. */
const LONGEST_SIGNATURE = 72;
const PACKET_HEADER = 24;
const ENCRYPTION_OVERHEAD = 118;
const CIPHER_BLOCK = 16;
/** Type, version, stream 1 and 32 bytes (PROTOCOL.md section 15, level 0). */
const ACK_DATA = 4 + 1 + 1 + 32;

interface ContentSize {
  readonly sender: SendingIdentity;
  readonly encoding: number;
  readonly contentLength: number;
}

/** Bytes of a whole msg object, at most one cipher block too many (PROTOCOL.md section 13.3). */
export function msgLength(
  size: ContentSize & { readonly stream: number; readonly ackLength: number },
): number {
  const plain = senderLength(size.sender) + RIPE + contentLength(size) + withLength(size.ackLength);
  return NONCE_EXPIRY_AND_TYPE + 1 + varint(size.stream) + encrypted(plain + withLength(LONGEST_SIGNATURE));
}

/** Bytes of a whole broadcast object, at most one cipher block too many (PROTOCOL.md section 13.4). */
export function broadcastLength(size: ContentSize): number {
  const { version, stream } = size.sender;
  const open = NONCE_EXPIRY_AND_TYPE + 1 + varint(stream) + (version >= 4 ? TAG : 0);
  return open + encrypted(senderLength(size.sender) + contentLength(size) + withLength(LONGEST_SIGNATURE));
}

/** Bytes of a whole acknowledgement object. */
export function ackObjectLength(ackDataLength = ACK_DATA): number {
  return 8 + 8 + ackDataLength;
}

/** Bytes of the ack field of a message that contains it. */
export function ackFieldLength(ackDataLength = ACK_DATA): number {
  return PACKET_HEADER + ackObjectLength(ackDataLength);
}

function senderLength({ version, stream, difficulty }: SendingIdentity): number {
  const demands = version >= 3 ? varint(difficulty.trialsPerByte) + varint(difficulty.extraBytes) : 0;
  return varint(version) + varint(stream) + BEHAVIOR_AND_KEYS + demands;
}

function contentLength(size: ContentSize): number {
  return varint(size.encoding) + withLength(size.contentLength);
}

function withLength(length: number): number {
  return varint(length) + length;
}

/** Bytes of a number as the protocol writes it (PROTOCOL.md section 3.1). */
function varint(value: number | bigint): number {
  if (value < 0xfd) return 1;
  if (value <= 0xffff) return 3;
  return value <= 0xffff_ffff ? 5 : 9;
}

function encrypted(length: number): number {
  return ENCRYPTION_OVERHEAD + (Math.floor(length / CIPHER_BLOCK) + 1) * CIPHER_BLOCK;
}
