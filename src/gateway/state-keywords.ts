import type { OutboxEntry, OutboxState } from "../bitmessage/messaging/types.js";

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

export const stateKeywords: readonly string[] = Object.values(keywords);

/** The keywords of a mail with those entries, one for each state that one of them is in. */
export function keywordsOf(entries: readonly OutboxEntry[]): string[] {
  return [...new Set(entries.map((entry) => keywords[entry.state]))];
}

/** Whether the message is still under way, so that the mail stays in the Outbox. */
export function isPending(entry: OutboxEntry): boolean {
  if (entry.state === "sent") return entry.awaitsAcknowledgement;
  return entry.state === "queued" || entry.state === "awaiting-pubkey" || entry.state === "proof-of-work";
}
