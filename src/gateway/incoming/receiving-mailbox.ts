import type { IdentityStore, SubscriptionStore } from "../../bitmessage/messaging/ports.js";
import type { ReceivedMessage } from "../../bitmessage/messaging/types.js";
import { CHANS, type Folders, SUBSCRIPTIONS } from "../mailboxes/mailboxes.js";
import type { MailboxId } from "../ports.js";

/** The mailbox of a user that a received message belongs into; it is made if need be. */
export function receivingMailbox(
  message: Pick<ReceivedMessage, "kind" | "chan" | "to">,
  user: string,
  stores: {
    readonly folders: Folders;
    readonly identities: Pick<IdentityStore, "get">;
    readonly subscriptions: Pick<SubscriptionStore, "get">;
  },
): MailboxId {
  const { folders, identities, subscriptions } = stores;
  if (message.chan) {
    const chan = identities.get(user, message.to);
    return chan === null ? folders.ensure(user, `${CHANS}/${message.to}`) : folders.ensureChan(chan);
  }
  if (message.kind === "msg") return folders.ensureInbox(user, message.to);
  const subscription = subscriptions.get(user, message.to);
  if (subscription !== null) return folders.ensureSubscription(subscription);
  return folders.ensure(user, `${SUBSCRIPTIONS}/${message.to}`);
}
