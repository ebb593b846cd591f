import type { DecodedAddress } from "../protocol/address.js";
import { ProtocolError } from "../protocol/errors.js";
import { objectTag, parseObjectHeader } from "../protocol/object.js";
import { openPubkey } from "../protocol/pubkey.js";
import { type Outcome, type QueuedObject, type ReceiveContext, refused } from "./receive.js";

/**
 * Somebody's key (PROTOCOL.md section 17.3). One of version 4 can only be opened by who waits for it, and stays in the inventory for
 * others; older ones are kept for 28 days in case somebody is written to. @throws ProtocolError
 */
export function receivePubkey(object: QueuedObject, context: ReceiveContext): Outcome {
  const header = parseObjectHeader(object.bytes);
  if (header.version < 4) return receivePlainPubkey(object, context);
  const tag = objectTag(object.bytes, header);
  const wanted = tag && context.outbox.recipientByTag(tag);
  if (!wanted) return refused("not_awaited");
  return receiveAwaitedPubkey(object, wanted, context);
}

function receiveAwaitedPubkey(
  object: QueuedObject,
  wanted: DecodedAddress,
  { stores, outbox, clock }: ReceiveContext,
): Outcome {
  try {
    const { address, block } = openPubkey(object.bytes, wanted);
    const apply = () => {
      stores.pubkeys.put({ address, block, received: clock(), used: true });
      outbox.pubkeyArrived(address);
    };
    return { reason: null, message: null, apply };
  } catch (error) {
    // His own key, and unusable: who waits for it has to know.
    if (error instanceof ProtocolError && error.code === "invalid_public_key") {
      return refused(error.code, () => outbox.pubkeyArrived(wanted.address));
    }
    throw error;
  }
}

function receivePlainPubkey(object: QueuedObject, { stores, outbox, clock }: ReceiveContext): Outcome {
  const { address, block } = openPubkey(object.bytes, null);
  const apply = () => {
    if (stores.identities.owners(address).length > 0) return;
    const awaited = outbox.isRecipient(address);
    const used = awaited || (stores.pubkeys.get(address)?.used ?? false);
    stores.pubkeys.put({ address, block, received: clock(), used });
    if (awaited) outbox.pubkeyArrived(address);
  };
  return { reason: null, message: null, apply };
}
