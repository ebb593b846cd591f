import type { ReadPart, ReadRecord } from "./read-records.js";

/** What threading asks of a message. */
export interface ThreadMessage {
  readonly sequence: number;
  readonly sent: number;
  /** Base subject, comparable. */
  readonly subject: string;
  readonly kind: "reply" | "first";
  readonly messageId: string | null;
  /** Oldest first. */
  readonly references: readonly string[];
}

export const THREAD_PARTS: readonly ReadPart[] = ["sentDate", "subject", "references"];

export function threadMessage(sequence: number, record: ReadRecord | null): ThreadMessage {
  if (record === null)
    return { sequence, sent: 0, subject: "", kind: "first", messageId: null, references: [] };
  const { subject, references } = record.digest;
  return {
    sequence,
    sent: record.sentDate,
    subject: subject.base,
    kind: subject.kind,
    messageId: references.messageId,
    references: references.ids,
  };
}

/** By sent date, then by place in the mailbox. */
export function bySentDate(a: ThreadMessage, b: ThreadMessage): number {
  return a.sent - b.sent || a.sequence - b.sequence;
}
