import { ackDataOf, openAckPacket } from "../protocol/ack.js";
import { ProtocolError } from "../protocol/errors.js";
import { checkObject } from "../protocol/object-check.js";
import type { Outcome, QueuedObject, ReceiveContext } from "./receive.js";

/** Every object of any type may be an acknowledgement that we wait for (PROTOCOL.md section 15); null when it is none. */
export function receiveAck(object: QueuedObject, { outbox }: ReceiveContext): Outcome | null {
  const ackData = ackDataOf(object.bytes);
  if (!outbox.awaits(ackData)) return null;
  return { reason: null, message: null, apply: () => outbox.acknowledged(ackData) };
}

/**
 * The acknowledgement inside a message, to be published in the name of its sender; null unless it would pass every check as an object
 * of the network.
 */
export function openAcknowledgement(
  field: Uint8Array,
  { clock, streams, minimum }: Pick<ReceiveContext, "clock" | "streams" | "minimum">,
): Uint8Array | null {
  const object = tryOpenAck(field);
  if (!object) return null;
  // One that is in the inventory already is not announced again by the publisher.
  const verdict = checkObject(object, { now: clock(), streams, minimum, has: () => false });
  return verdict.verdict === "accept" ? object : null;
}

/** Null when it is not exactly one object packet, or has no ackdata. */
export function tryOpenAck(field: Uint8Array): Uint8Array | null {
  try {
    const object = openAckPacket(field).slice();
    return object.length > 16 ? object : null;
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}
