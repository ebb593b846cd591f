import { createHash } from "node:crypto";
import type { ReceivedMessage } from "../../bitmessage/messaging/types.js";
import { type Address, decodeAddress } from "../../bitmessage/protocol/address.js";
import { ProtocolError } from "../../bitmessage/protocol/errors.js";
import type { InventoryHash } from "../../bitmessage/protocol/inventory-hash.js";
import type { AddressBook } from "../addresses.js";
import { composeIncoming } from "../incoming/mapping.js";

/** A message that another program has received (PROTOCOL.md section 22.2). */
export interface OldReceived {
  /** Hexadecimal: the inventory hash, or what stands in its place. */
  readonly id: string;
  readonly from: string;
  /** An address, or BROADCAST_SUBSCRIBERS. */
  readonly to: string;
  readonly subject: string;
  readonly body: string;
  readonly encoding: number;
  /** Unix seconds. */
  readonly received: number;
  readonly seen: boolean;
  readonly trashed: boolean;
}

/** Stands for the recipient of a broadcast in PyBitmessage's tables. */
export const BROADCAST_SUBSCRIBERS = "[Broadcast subscribers]";

/** The message, or why it is none. */
export function readOldReceived(
  old: OldReceived,
  context: { readonly user: string; readonly isChan: (address: Address) => boolean },
): { readonly message: ReceivedMessage } | { readonly reason: string } {
  const isBroadcast = old.to === BROADCAST_SUBSCRIBERS;
  const from = readAddress(old.from);
  const to = isBroadcast ? from : readAddress(old.to);
  if (from === null || to === null) return { reason: "it names no Bitmessage address" };
  const isHash = /^[0-9a-f]{64}$/.test(old.id);
  const own = `${old.id} ${old.from} ${old.to} ${old.received} ${old.subject} ${old.body}`;
  const hash = (isHash ? old.id : createHash("sha256").update(own).digest("hex")) as InventoryHash;
  return {
    message: {
      kind: isBroadcast ? "broadcast" : "msg",
      hash,
      from,
      to,
      users: [context.user],
      chan: !isBroadcast && context.isChan(to),
      encoding: old.encoding,
      content: { kind: "text", subject: old.subject, body: old.body, files: [], parents: [], headers: {} },
      received: old.received,
      expires: 0,
    },
  };
}

export function readAddress(text: string): Address | null {
  try {
    return decodeAddress(text).address;
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}

export function composeReceived(
  message: ReceivedMessage,
  context: { readonly user: string; readonly addresses: AddressBook; readonly domain: string },
): Promise<Uint8Array> {
  const messageId = `${message.hash}@${context.domain}`;
  return composeIncoming(message, { ...context, thread: { messageId, inReplyTo: [], references: [] } });
}
