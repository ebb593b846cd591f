/** What the memory store keeps of a mailbox. */
import type { Address } from "../../bitmessage/protocol/address.js";
import type { MailboxId } from "../../gateway/ports.js";
import type {
  MailboxSnapshot,
  MailboxStatus,
  MessageRecord,
  MessageState,
  NewMessage,
  SpecialUse,
} from "../../mail/imap/backend.js";
import { flagKey, isKeyword, normalizeFlags } from "../mail/flags.js";
import { messageIdOf } from "../mail/message-id.js";
import { objectId } from "../mail/rules.js";

export interface Message {
  readonly state: MessageState;
  readonly record: MessageRecord;
  readonly bytes: Uint8Array;
  readonly messageId: string | null;
  readonly identity: Address | null;
}

/** Replaced as a whole at each change. */
export interface Mailbox {
  readonly id: MailboxId;
  readonly user: string;
  readonly name: string;
  readonly specialUse: SpecialUse | null;
  /** As `formatPurpose` writes it. */
  readonly purpose: string | null;
  readonly uidValidity: number;
  readonly uidNext: number;
  readonly highestModSeq: number;
  readonly recentFrom: number;
  readonly keywords: readonly string[];
  /** Ascending UIDs. */
  readonly messages: readonly Message[];
  readonly expunged: readonly { readonly uid: number; readonly modSeq: number }[];
  /** Expunged, but somebody may not have been told. */
  readonly departed: readonly Message[];
}

export type Addition = Omit<Message, "state" | "record"> & {
  readonly flags: readonly string[];
  readonly record: Pick<MessageRecord, "digest" | "emailId" | "internalDate" | "sentDate">;
};

export function additionOf(
  message: NewMessage,
  kept: { readonly identity: Address | null; readonly emailId: string; readonly now: number },
): Addition {
  const { identity, emailId, now } = kept;
  const internalDate = message.internalDate ?? { seconds: now, zone: 0 };
  return {
    bytes: message.bytes.slice(),
    messageId: messageIdOf(message),
    identity,
    flags: message.flags,
    record: {
      digest: { ...message.digest },
      emailId,
      internalDate,
      sentDate: message.digest.sentSeconds ?? internalDate.seconds,
    },
  };
}

/** The spelling of keywords in one mailbox. */
export class Spelling {
  readonly #known: Map<string, string>;

  constructor(keywords: readonly string[]) {
    this.#known = new Map(keywords.map((keyword) => [flagKey(keyword), keyword]));
  }

  get keywords(): readonly string[] {
    return [...this.#known].sort(([left], [right]) => byCodePoint(left, right)).map(([, keyword]) => keyword);
  }

  apply(flags: readonly string[]): readonly string[] {
    return normalizeFlags(flags, this.#known);
  }

  learn(flags: readonly string[]): readonly string[] {
    const normal = this.apply(flags);
    for (const keyword of normal.filter(isKeyword)) this.#known.set(flagKey(keyword), keyword);
    return normal;
  }
}

export function statusOf(mailbox: Mailbox): MailboxStatus {
  const { id, messages, uidNext, uidValidity, highestModSeq, recentFrom } = mailbox;
  const count = (test: (state: MessageState) => boolean) =>
    messages.filter((message) => test(message.state)).length;
  return {
    messages: messages.length,
    recent: count((state) => state.uid >= recentFrom),
    unseen: count((state) => !state.flags.includes("\\Seen")),
    deleted: count((state) => state.flags.includes("\\Deleted")),
    size: messages.reduce((sum, message) => sum + message.record.digest.size, 0),
    uidNext,
    uidValidity,
    highestModSeq,
    id: objectId(id),
  };
}

export function snapshotOf(mailbox: Mailbox): MailboxSnapshot {
  const { id, uidValidity, uidNext, highestModSeq, recentFrom, keywords } = mailbox;
  const messages = mailbox.messages.map((message) => message.state);
  return { id: objectId(id), uidValidity, uidNext, highestModSeq, recentFrom, keywords, messages };
}

export function pick(messages: readonly Message[], uids: readonly number[]): Message[] {
  const wanted = new Set(uids);
  return messages.filter((message) => wanted.has(message.state.uid));
}

export function namesOf(mailboxes: readonly Mailbox[]): Set<string> {
  return new Set(mailboxes.map((mailbox) => mailbox.name));
}

/** SQLite's order of text: that of its UTF-8 bytes. */
export function byCodePoint(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

export function byName(left: Mailbox, right: Mailbox): number {
  return byCodePoint(left.name, right.name);
}

export function byUid(left: Message, right: Message): number {
  return left.state.uid - right.state.uid;
}
