import type { OutboxEntry, OutboxState } from "../../bitmessage/messaging/types.js";
import type { Handover, HandoverState } from "../handover/ports.js";

/** A mail to one recipient: a message to the network, or through the smarthost to an ordinary address. */
export type Sending = OutboxEntry | Handover;

/** How a mail's copies show what became of it (MAIL-MAPPING section 6). */
const keywords: Readonly<Record<OutboxState, string>> = {
  queued: "$BmQueued",
  "awaiting-pubkey": "$BmAwaitingKey",
  "proof-of-work": "$BmWorking",
  sent: "$BmSent",
  acknowledged: "$BmDelivered",
  failed: "$BmFailed",
  cancelled: "$BmCancelled",
};

/** A smarthost acknowledges nothing: what it has taken is sent. */
const relayedKeywords: Readonly<Record<HandoverState, string>> = {
  waiting: keywords.queued,
  done: keywords.sent,
  failed: keywords.failed,
  cancelled: keywords.cancelled,
};

export const stateKeywords: readonly string[] = Object.values(keywords);

/** The keywords of a mail, one for each state that one of its sendings is in. */
export function keywordsOf(sendings: readonly Sending[]): string[] {
  return [...new Set(sendings.map(keywordOf))];
}

/** Whether it is still under way, so that the mail stays in the Outbox. */
export function isPending(entry: Sending): boolean {
  if (isRelayed(entry)) return entry.state === "waiting";
  if (entry.state === "sent") return entry.awaitsAcknowledgement;
  return entry.state === "queued" || entry.state === "awaiting-pubkey" || entry.state === "proof-of-work";
}

function keywordOf(sending: Sending): string {
  return isRelayed(sending) ? relayedKeywords[sending.state] : keywords[sending.state];
}

function isRelayed(sending: Sending): sending is Handover {
  return "target" in sending;
}
