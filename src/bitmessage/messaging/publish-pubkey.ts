import type { Difficulty } from "../protocol/pow-target.js";
import { buildPubkey } from "../protocol/pubkey.js";
import type { SendPolicy } from "./ports.js";
import { publicFace } from "./sender.js";
import { Priority, type SolvedObject, solveObject, type WorkContext } from "./solve-object.js";
import type { Identity } from "./types.js";

/** Seconds that a pubkey lives (PROTOCOL.md section 13.2). */
const TTL = 28 * 86_400;

/** Makes a pubkey object with its proof of work. */
export function publishPubkey(
  order: { readonly identity: Identity; readonly signal: AbortSignal },
  context: WorkContext & { readonly minimum: Difficulty; readonly policy: Pick<SendPolicy, "digest"> },
): Promise<SolvedObject> {
  const identity = publicFace(order.identity);
  const { random, policy } = context;
  return solveObject(
    {
      build: (expires) => buildPubkey({ identity, expires, random, digest: policy.digest }),
      ttl: TTL,
      difficulty: context.minimum,
      priority: Priority.pubkey,
      signal: order.signal,
    },
    context,
  );
}
