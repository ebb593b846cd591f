import { broadcastTag, openSubscribedBroadcast } from "../protocol/broadcast.js";
import { parseObjectHeader } from "../protocol/object.js";
import {
  keepSenderKey,
  type Outcome,
  type QueuedObject,
  type ReceiveContext,
  readContent,
  refused,
  wasGiven,
} from "./receive.js";

/** A broadcast of somebody who is followed, perhaps (PROTOCOL.md section 17.5). @throws ProtocolError */
export function receiveBroadcast(object: QueuedObject, context: ReceiveContext): Outcome {
  const { stores, clock } = context;
  const candidates = context.followed.candidates(broadcastTag(object.bytes));
  const { subscription: followed, broadcast } = openSubscribedBroadcast(object.bytes, candidates);
  const keepKey = () => keepSenderKey(broadcast, context);
  const content = readContent(broadcast);
  if (typeof content === "string") return refused(content, keepKey);
  const users = followed.subscriptions
    .map(({ user }) => user)
    .filter((user) => !wasGiven(user, broadcast, stores));
  if (users.length === 0) return refused("duplicate_signature", keepKey);
  return {
    reason: content === null ? "encoding_0" : null,
    message: content && {
      kind: "broadcast",
      hash: object.hash,
      from: broadcast.sender,
      to: followed.address.address,
      users,
      chan: false,
      encoding: broadcast.encoding,
      content,
      received: clock(),
      expires: parseObjectHeader(object.bytes).expires,
    },
    apply() {
      keepKey();
      for (const user of users) stores.signatures.add(user, broadcast.signatureHash, clock());
    },
  };
}
