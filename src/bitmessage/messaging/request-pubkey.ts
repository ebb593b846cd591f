import { type Address, decodeAddress } from "../protocol/address.js";
import { buildGetpubkey } from "../protocol/getpubkey.js";
import type { Difficulty } from "../protocol/pow-target.js";
import { Priority, type SolvedObject, solveObject, type WorkContext } from "./solve-object.js";

/**
 * Makes a getpubkey object with its proof of work (PROTOCOL.md section 13.1).
 * @param order.ttl seconds
 */
export function requestPubkey(
  order: { readonly address: Address; readonly ttl: number; readonly signal: AbortSignal },
  context: WorkContext & { readonly minimum: Difficulty },
): Promise<SolvedObject> {
  const address = decodeAddress(order.address);
  return solveObject(
    {
      build: (expires) => buildGetpubkey({ address, expires }),
      ttl: order.ttl,
      difficulty: context.minimum,
      priority: Priority.pubkey,
      signal: order.signal,
    },
    context,
  );
}
