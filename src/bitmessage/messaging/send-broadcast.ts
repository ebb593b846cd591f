import { buildBroadcast } from "../protocol/broadcast.js";
import type { Sending, SendingContext } from "./send-msg.js";
import { publicFace } from "./sender.js";
import { type SolvedObject, solveObject } from "./solve-object.js";

/** Makes a broadcast object (PROTOCOL.md section 13.4): version 5 from version 4 addresses, else version 4. */
export function sendBroadcast(sending: Sending, context: SendingContext): Promise<SolvedObject> {
  const { entry, sender, ttl, signal, progress } = sending;
  return solveObject(
    {
      build(expires) {
        sending.started();
        return buildBroadcast({
          sender: publicFace(sender),
          encoding: entry.encoding,
          content: entry.content,
          expires,
          random: context.random,
          digest: context.policy.digest,
        });
      },
      ttl,
      difficulty: context.minimum,
      priority: sending.priority,
      signal,
      onProgress: (current) => progress.update(current),
    },
    context,
  );
}
