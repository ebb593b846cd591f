import type { ProtocolErrorCode } from "./errors.js";
import { ProtocolError } from "./errors.js";
import { type InventoryHash, inventoryHash } from "./inventory-hash.js";
import { MAX_OBJECT_PAYLOAD, type ObjectHeader, ObjectType, parseObjectHeader } from "./object.js";
import { type Difficulty, isWorkSufficient } from "./pow-target.js";

/**
 * What to do with an object that came from a peer: take it; drop it without blame; or drop it and count it against the
 * peer.
 */
export type Verdict =
  | { verdict: "accept"; header: ObjectHeader; hash: InventoryHash }
  | { verdict: "ignore" | "reject"; reason: ProtocolErrorCode };

/** 28 days and 3 hours, in seconds. */
export const LONGEST_LIFE = 2_430_000;
/** Seconds after its expiry during which an object is still taken. */
const LATEST_ARRIVAL = 3600;

export interface ObjectCheckContext {
  /** Unix seconds */
  now: number;
  /** the streams this node serves */
  streams: readonly number[];
  /** the work that the network asks of every object */
  minimum: Difficulty;
  /** whether the inventory holds the object already */
  has(hash: InventoryHash): boolean;
}

/** The checks of every object before it is stored and announced, in the order of PROTOCOL.md section 17.1. */
export function checkObject(object: Uint8Array, context: ObjectCheckContext): Verdict {
  let header: ObjectHeader;
  try {
    header = parseObjectHeader(object);
  } catch (error) {
    if (error instanceof ProtocolError) return { verdict: "reject", reason: error.code };
    throw error;
  }
  if (object.length - header.payloadOffset > MAX_OBJECT_PAYLOAD) {
    return { verdict: "reject", reason: "object_too_large" };
  }
  const { now, minimum } = context;
  if (!isWorkSufficient(object, { now, difficulty: minimum, minimum })) {
    return { verdict: "reject", reason: "insufficient_pow" };
  }
  const ttl = header.expires - Math.floor(now);
  if (ttl > LONGEST_LIFE) return { verdict: "ignore", reason: "expires_too_far_ahead" };
  if (ttl < -LATEST_ARRIVAL) return { verdict: "ignore", reason: "expired" };
  if (header.stream === 0 || header.stream >= 2 ** 63) return { verdict: "ignore", reason: "invalid_stream" };
  if (!context.streams.includes(header.stream)) return { verdict: "ignore", reason: "stream_not_ours" };
  const hash = inventoryHash(object);
  if (context.has(hash)) return { verdict: "ignore", reason: "duplicate" };
  return { verdict: "accept", header, hash };
}

/**
 * Whether an object's kind, version and size let it be processed at all; others of known type are stored and relayed but not
 * looked into (PROTOCOL.md sections 17.1 to 17.5).
 */
export function isProcessable(object: Uint8Array, header: ObjectHeader): boolean {
  switch (header.type) {
    case ObjectType.getpubkey:
      return object.length >= 42;
    case ObjectType.pubkey:
      return object.length >= 146 && object.length <= 440;
    case ObjectType.broadcast:
      return object.length >= 180 && header.version >= 2;
    case ObjectType.msg:
    case ObjectType.onionpeer:
      return true;
    default:
      return false;
  }
}
