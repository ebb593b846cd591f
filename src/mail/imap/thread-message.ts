import { baseSubject } from "../mime/base-subject.js";
import { parseMessageIds } from "../mime/message-id.js";
import type { MessageRecord } from "./backend.js";
import { collationKey } from "./collation.js";
import type { Octets } from "./format.js";
import { fieldValuesIn } from "./header-fields.js";
import { sentSeconds, subjectIn } from "./sort.js";

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

export function threadMessage(sequence: number, record: MessageRecord | null, header: Octets): ThreadMessage {
  const { base, kind } = baseSubject(subjectIn(header));
  const references = idsIn(header, "references");
  return {
    sequence,
    sent: record ? sentSeconds(record) : 0,
    subject: collationKey(base),
    kind,
    messageId: idsIn(header, "message-id")[0] ?? null,
    references: references.length > 0 ? references : idsIn(header, "in-reply-to").slice(0, 1),
  };
}

/** By sent date, then by place in the mailbox. */
export function bySentDate(a: ThreadMessage, b: ThreadMessage): number {
  return a.sent - b.sent || a.sequence - b.sequence;
}

function idsIn(header: Octets, name: string): string[] {
  const value = fieldValuesIn(header, name)[0];
  return value === undefined ? [] : parseMessageIds(value).map(withoutQuotes);
}

/** `<"a"@b>` and `<a@b>` are the same. */
function withoutQuotes(id: string): string {
  return id.includes('"')
    ? id.replace(/"((?:[^"\\]|\\.)*)"/g, (_, text: string) => text.replace(/\\(.)/g, "$1"))
    : id;
}
