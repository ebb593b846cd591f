import { ackTtl } from "../protocol/ack.js";
import { decodeAddress } from "../protocol/address.js";
import { type Difficulty, expectedTrials, powTarget } from "../protocol/pow-target.js";
import type { SendingCost } from "./next-action.js";
import { ackFieldLength, ackObjectLength, broadcastLength, msgLength } from "./object-size.js";
import type { MessagingStores } from "./ports.js";
import type { Recipient } from "./recipient.js";
import { faceFor, publicFace } from "./sender.js";
import type { Draft, Identity } from "./types.js";

interface Context {
  readonly stores: MessagingStores;
  readonly minimum: Difficulty;
}

type Message = Pick<Draft, "kind" | "to" | "encoding" | "content" | "wantsAcknowledgement">;

/**
 * What sending takes, without encrypting or searching anything.
 * @param recipient of a msg; where the key is not known yet he is taken to demand the minimum and to acknowledge
 * @param ttl seconds
 */
export function sendingCost(
  message: Message,
  { sender, recipient, ttl }: { sender: Identity; recipient: Recipient; ttl: number },
  context: Context,
): SendingCost {
  const { encoding, content } = message;
  const { minimum } = context;
  if (message.kind === "broadcast") {
    const size = { sender: publicFace(sender), encoding, contentLength: content.length };
    const objectLength = broadcastLength(size);
    return { objectLength, trials: trialsOf({ length: objectLength, ttl, difficulty: minimum }) };
  }
  const face = faceFor(sender, message.to, context);
  const acknowledged = message.wantsAcknowledgement && mayAcknowledge(recipient);
  const objectLength = msgLength({
    sender: face,
    encoding,
    contentLength: content.length,
    stream: decodeAddress(message.to).stream,
    ackLength: acknowledged ? ackFieldLength() : 0,
  });
  const difficulty = recipient.key === "known" ? recipient.difficulty : minimum;
  const trials = trialsOf({ length: objectLength, ttl, difficulty });
  return { objectLength, trials: trials + (acknowledged ? ackTrials(ttl, minimum) : 0) };
}

/** Expected trials for the acknowledgement of a message with that life time in seconds. */
export function ackTrials(ttl: number, minimum: Difficulty): number {
  return trialsOf({ length: ackObjectLength(), ttl: ackTtl(ttl), difficulty: minimum });
}

function mayAcknowledge(recipient: Recipient): boolean {
  return recipient.key !== "known" || recipient.acknowledges === "does";
}

function trialsOf(work: { length: number; ttl: number; difficulty: Difficulty }): number {
  return Number(expectedTrials(powTarget({ ...work, ttl: Math.ceil(work.ttl) })));
}
