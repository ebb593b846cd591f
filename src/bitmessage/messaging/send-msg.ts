import { ackTtl, buildAck, encodeAckPacket } from "../protocol/ack.js";
import { buildMsg } from "../protocol/msg.js";
import type { Difficulty } from "../protocol/pow-target.js";
import type { ProgressOfStages } from "./jobs.js";
import type { MessagingStores, SendPolicy } from "./ports.js";
import type { Recipient } from "./recipient.js";
import { faceFor } from "./sender.js";
import { ackTrials } from "./sending-cost.js";
import { Priority, type SolvedObject, solveObject, type WorkContext } from "./solve-object.js";
import type { Identity, OutboxEntry } from "./types.js";

export interface SendingContext extends WorkContext {
  readonly stores: MessagingStores;
  readonly policy: SendPolicy;
  readonly minimum: Difficulty;
}

export interface Sending {
  readonly entry: OutboxEntry;
  readonly sender: Identity;
  /** Seconds. */
  readonly ttl: number;
  readonly signal: AbortSignal;
  /** Of the message's own search. */
  readonly priority: number;
  readonly progress: ProgressOfStages;
  /** Called when the first search starts. */
  started(): void;
}

/**
 * Makes a msg object: first its acknowledgement, where the entry has ackdata, then the message around it, each with its proof
 * of work (PROTOCOL.md sections 13.3, 15 and 16.3).
 */
export async function sendMsg(
  sending: Sending,
  recipient: Recipient & { key: "known" },
  context: SendingContext,
): Promise<SolvedObject> {
  const ack = await makeAck(sending, context);
  const { entry, sender, ttl, signal, progress } = sending;
  const { random, policy } = context;
  return solveObject(
    {
      build(expires) {
        sending.started();
        return buildMsg({
          sender: faceFor(sender, entry.to, context),
          recipient,
          encoding: entry.encoding,
          content: entry.content,
          ack,
          expires,
          random,
          digest: policy.digest,
        });
      },
      ttl,
      difficulty: recipient.difficulty,
      priority: sending.priority,
      signal,
      onProgress: (current) => progress.update(current),
    },
    context,
  );
}

/** The ack field: a framed packet with its work done, or nothing. */
async function makeAck(sending: Sending, context: SendingContext): Promise<Uint8Array> {
  const { entry, ttl, signal, progress } = sending;
  const { ackData } = entry;
  if (ackData === null) return new Uint8Array(0);
  const { object } = await solveObject(
    {
      build(expires) {
        sending.started();
        return buildAck(ackData, expires);
      },
      ttl: ackTtl(ttl),
      difficulty: context.minimum,
      priority: Priority.acknowledgement,
      signal,
      onProgress: (current) => progress.update(current),
    },
    context,
  );
  progress.endStage(ackTrials(ttl, context.minimum));
  return encodeAckPacket(object);
}
