import { openGetpubkey } from "../protocol/getpubkey.js";
import { checkGetpubkeyRequest } from "../protocol/receive-rules.js";
import { wasPublished } from "./pubkey-publisher.js";
import { type Outcome, type QueuedObject, type ReceiveContext, refused } from "./receive.js";

/** Somebody asks for a key (PROTOCOL.md section 17.2). @throws ProtocolError */
export function receiveGetpubkey(object: QueuedObject, context: ReceiveContext): Outcome {
  const request = openGetpubkey(object.bytes);
  const requested = context.keyring.named(request).map((identity) => ({
    address: identity.address,
    version: identity.version,
    stream: identity.stream,
    ripe: identity.keys.ripe,
    isChan: identity.chan,
    lastPubkeySent: wasPublished(identity, context.clock()) ? identity.lastPubkeySent : null,
  }));
  const verdict = checkGetpubkeyRequest(request, requested, context.clock());
  if ("refuse" in verdict) return refused(verdict.refuse);
  const { address } = verdict.answer;
  return { reason: null, message: null, apply: () => context.pubkeyPublisher.request(address) };
}
