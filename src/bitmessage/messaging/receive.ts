/** What the receivers of the object types have in common. */
import type { Address } from "../protocol/address.js";
import { decodeContent } from "../protocol/content.js";
import { ProtocolError, type ProtocolErrorCode } from "../protocol/errors.js";
import type { InventoryHash } from "../protocol/inventory-hash.js";
import type { Difficulty } from "../protocol/pow-target.js";
import type { PubkeyBlock } from "../protocol/pubkey.js";
import type { FollowedBroadcasters } from "./followed.js";
import type { Keyring } from "./keyring.js";
import type { Outbox } from "./outbox.js";
import type { Clock, MessagingStores, Publisher } from "./ports.js";
import type { PubkeyPublisher } from "./pubkey-publisher.js";
import type { ReceivedContent, ReceivedMessage } from "./types.js";

/** What messages in waiting ask of the inbox. */
export type AwaitingOutbox = Pick<
  Outbox,
  "awaits" | "acknowledged" | "arrived" | "recipientByTag" | "isRecipient" | "pubkeyArrived"
>;

export interface ReceiveContext {
  readonly stores: MessagingStores;
  readonly outbox: AwaitingOutbox;
  readonly pubkeyPublisher: Pick<PubkeyPublisher, "request">;
  readonly publisher: Publisher;
  readonly keyring: Keyring;
  readonly followed: FollowedBroadcasters;
  readonly clock: Clock;
  readonly minimum: Difficulty;
  /** Those that the node serves. */
  readonly streams: readonly number[];
}

/** An object from the queue. */
export interface QueuedObject {
  readonly hash: InventoryHash;
  readonly bytes: Uint8Array;
}

/** What an object came to. */
export interface Outcome {
  /** Why it is of no further use, in the words of PROTOCOL.md section 17; null when it was of some. */
  readonly reason: ProtocolErrorCode | null;
  /** To be done within the transaction that marks the object processed. */
  readonly apply: (() => void) | null;
  /** To be delivered before that. */
  readonly message: ReceivedMessage | null;
}

export function refused(reason: ProtocolErrorCode, apply: (() => void) | null = null): Outcome {
  return { reason, apply, message: null };
}

/** Keeps the proven key of a sender, and tells the messages that wait for it. */
export function keepSenderKey(
  sender: { readonly sender: Address; readonly senderBlock: PubkeyBlock },
  { stores, outbox, clock }: ReceiveContext,
): void {
  const { sender: address, senderBlock: block } = sender;
  if (stores.identities.owners(address).length > 0) return;
  stores.pubkeys.put({ address, block, received: clock(), used: true });
  if (outbox.isRecipient(address)) outbox.pubkeyArrived(address);
}

/** Whether a user has been given a signed message: that very one, or one that differs in its signature alone. */
export function wasGiven(
  user: string,
  signed: { readonly signatureHash: Uint8Array; readonly otherSignatureHash: Uint8Array },
  { signatures }: Pick<MessagingStores, "signatures">,
): boolean {
  return signatures.has(user, signed.signatureHash) || signatures.has(user, signed.otherSignatureHash);
}

/** The reason when it cannot be decoded; null when there is nothing to show. */
export function readContent(message: {
  readonly encoding: number;
  readonly content: Uint8Array;
}): ReceivedContent | ProtocolErrorCode | null {
  try {
    const decoded = decodeContent(message.encoding, message.content);
    if (decoded.kind === "ignored") return null;
    if (decoded.kind === "placeholder") return { kind: "placeholder", raw: message.content };
    const { subject, body, files, parents, headers, original } = decoded;
    const content = { kind: "text" as const, subject, body, files, parents, headers };
    return original === undefined ? content : { ...content, original };
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
}
