import type { Address } from "../protocol/address.js";
import { type Difficulty, NETWORK_MINIMUM } from "../protocol/pow-target.js";
import { Behavior, type SendingIdentity } from "../protocol/pubkey.js";
import type { MessagingStores } from "./ports.js";
import type { Identity } from "./types.js";

/** How an identity shows itself in its pubkey and its broadcasts. A chan answers nobody, so it promises no acknowledgement. */
export function publicFace(identity: Identity): SendingIdentity {
  const acknowledges = identity.sendsAcknowledgements && !identity.chan;
  return {
    version: identity.version,
    stream: identity.stream,
    keys: identity.keys,
    behavior: acknowledges ? Behavior.doesAck : 0,
    difficulty: identity.version < 3 ? NETWORK_MINIMUM : identity.difficulty,
  };
}

/** The face for one recipient: friends need only the network's minimum (PROTOCOL.md section 13.3). */
export function faceFor(
  identity: Identity,
  recipient: Address,
  context: { stores: Pick<MessagingStores, "contacts" | "subscriptions">; minimum: Difficulty },
): SendingIdentity {
  const face = publicFace(identity);
  return isFriend(identity.user, recipient, context.stores) ? { ...face, difficulty: context.minimum } : face;
}

/** Whether somebody is a contact of the user or followed: he need not do more than the minimum of work. */
export function isFriend(
  user: string,
  address: Address,
  stores: Pick<MessagingStores, "contacts" | "subscriptions">,
): boolean {
  const contact = stores.contacts.get(user, address);
  if (contact) return !contact.blocked;
  return stores.subscriptions.get(user, address)?.enabled ?? false;
}
