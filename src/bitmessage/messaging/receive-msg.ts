import { ackDataOf } from "../protocol/ack.js";
import { ByteWriter } from "../protocol/bytes.js";
import type { ProtocolErrorCode } from "../protocol/errors.js";
import { sha256 } from "../protocol/hash.js";
import { type OpenedMsg, openMsg } from "../protocol/msg.js";
import { parseObjectHeader } from "../protocol/object.js";
import { checkDemandedWork, isAckDue } from "../protocol/receive-rules.js";
import type { Holders } from "./keyring.js";
import {
  keepSenderKey,
  type Outcome,
  type QueuedObject,
  type ReceiveContext,
  readContent,
  refused,
  wasGiven,
} from "./receive.js";
import { openAcknowledgement, tryOpenAck } from "./receive-ack.js";
import { isFriend } from "./sender.js";
import type { Identity, ReceivedContent, ReceivedMessage } from "./types.js";

/**
 * A message for one of the identities, perhaps (PROTOCOL.md section 17.4). Whatever becomes of it, the key of a proven sender is kept. @throws
 * ProtocolError
 */
export function receiveMsg(object: QueuedObject, context: ReceiveContext): Outcome {
  const found = context.keyring.tryDecrypt(object);
  if (!found) return refused("no_key_decrypts");
  const { signatures } = context.stores;
  const opened = openMsg(object.bytes, found.plaintext, found.identities[0].keys.ripe);
  const keepKey = () => keepSenderKey(opened, context);
  const reasons = found.identities.map((identity) => refusal(object, opened, identity, context));
  const willing = found.identities.filter((_, index) => reasons[index] === null);
  if (willing.length === 0) return refused(reasons[0] ?? "no_key_decrypts", keepKey);
  const content = readContent(opened);
  if (typeof content === "string") return refused(content, keepKey);
  const fresh = willing.filter(({ user }) => !wasGiven(user, opened, context.stores));
  if (fresh.length === 0) return refused("duplicate_signature", keepKey);
  const ack = acknowledgementOf(opened, fresh.filter(hears(opened, context)), context);
  const copy = copyHash(opened);
  const readers = fresh.filter(({ user }) => copy === null || !signatures.has(user, copy));
  const apply = () => {
    keepKey();
    for (const { user } of fresh) {
      for (const hash of copy ? [opened.signatureHash, copy] : [opened.signatureHash])
        signatures.add(user, hash, context.clock());
    }
    // Whoever sees a message arrive here could else tell its recipient by what comes back at once.
    if (ack) context.publisher.publish(ack, "later");
  };
  const [first, ...others] = readers;
  if (first === undefined) return refused("duplicate_signature", apply);
  if (content === null) return refused("encoding_0", apply);
  const parts = { opened, readers: [first, ...others] as const, content };
  const applyDelivery = () => {
    apply();
    if (readers.filter(hears(opened, context)).some(tells)) context.outbox.arrived(object.hash);
  };
  return { reason: null, message: receivedMessage(object, parts, context), apply: applyDelivery };
}

/** Whether a sender on this bridge may know that it has come. */
function tells({ chan, sendsAcknowledgements }: Identity): boolean {
  return !chan && sendsAcknowledgements;
}

/**
 * The same for all copies of one message. Who hears no acknowledgement signs and sends his message again, around the same ackdata; such
 * a copy is acknowledged, but not delivered twice. The ackdata is random, so two different messages never share it. 32 bytes;
 * null without an acknowledgement.
 */
function copyHash(opened: OpenedMsg): Uint8Array | null {
  const ackObject = opened.ack.length > 0 ? tryOpenAck(opened.ack) : null;
  if (!ackObject) return null;
  const { sender, encoding, content } = opened;
  const writer = new ByteWriter().varBytes(new TextEncoder().encode(sender));
  const parts = writer.varBytes(ackDataOf(ackObject)).varint(encoding).varBytes(content).finish();
  return sha256(parts);
}

/** The demands of one who has the key. Own identities write to each other with the least work. */
function refusal(
  object: QueuedObject,
  opened: OpenedMsg,
  identity: Identity,
  { stores, minimum, clock }: ReceiveContext,
): ProtocolErrorCode | null {
  const { sender } = opened;
  const known = isFriend(identity.user, sender, stores) || stores.identities.owners(sender).length > 0;
  return checkDemandedWork(object.bytes, {
    recipient: { version: identity.version, isChan: identity.chan, difficulty: identity.difficulty },
    sender: known ? "known" : "unknown",
    minimum,
    now: clock(),
  });
}

/** A sender whom the user has blocked is not told that anything arrives; what he sends is delivered all the same, to where junk goes. */
function hears({ sender }: OpenedMsg, { stores }: ReceiveContext): (identity: Identity) => boolean {
  return ({ user }) => !stores.contacts.get(user, sender)?.blocked;
}

function acknowledgementOf(
  opened: OpenedMsg,
  identities: readonly Identity[],
  context: ReceiveContext,
): Uint8Array | null {
  const due = identities.some(({ chan, sendsAcknowledgements }) => {
    const recipient = { isChan: chan, sendsAcks: sendsAcknowledgements };
    return isAckDue({ ack: opened.ack, encoding: opened.encoding, recipient });
  });
  return due ? openAcknowledgement(opened.ack, context) : null;
}

function receivedMessage(
  object: QueuedObject,
  parts: { opened: OpenedMsg; readers: Holders; content: ReceivedContent },
  { clock }: ReceiveContext,
): ReceivedMessage {
  const { opened, readers, content } = parts;
  return {
    kind: "msg",
    hash: object.hash,
    from: opened.sender,
    to: readers[0].address,
    users: [...new Set(readers.map(({ user }) => user))],
    chan: readers[0].chan,
    encoding: opened.encoding,
    content,
    received: clock(),
    expires: parseObjectHeader(object.bytes).expires,
  };
}
