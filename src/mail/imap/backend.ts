/**
 * What the host of the IMAP library provides. The backend speaks only UIDs; the library owns sequence numbers, sessions'
 * views, FETCH, SEARCH and untagged responses. Every change is on disk before its promise resolves.
 * A backend reports failures as ImapError; anything else is answered NO [SERVERBUG].
 */
import type { AuthenticatedUser, Authenticator } from "../sasl.js";
import type { DigestPart, MessageDigest } from "./digest.js";

export interface Backend extends Authenticator {
  /** Opens the mail of someone who has logged in; one per session. `end` says good-bye to the client, when he may not stay logged in. */
  openUser(user: AuthenticatedUser, end?: (reason: string) => void): Promise<UserMail>;
}

/** The mailboxes of one user, as one session sees them. Names are UTF-8 text with `/` as hierarchy delimiter; INBOX in capitals. */
export interface UserMail {
  /** Every mailbox, in any order. The library does pattern matching, children and parents. */
  listMailboxes(): Promise<readonly MailboxInfo[]>;
  /** Names subscribed to, of mailboxes that may be gone. */
  listSubscriptions(): Promise<readonly string[]>;
  setSubscription(name: string, state: "subscribed" | "unsubscribed"): Promise<void>;
  /** ImapError NO [ALREADYEXISTS] when it exists; missing parents are made as well. */
  createMailbox(name: string, options: { readonly specialUse?: SpecialUse }): Promise<void>;
  /** ImapError NO [NONEXISTENT] when it does not exist; the library has refused INBOX already. */
  deleteMailbox(name: string): Promise<void>;
  /** Renames with all children; keeps UIDs and UIDVALIDITY. Of INBOX: moves its messages to a new mailbox. */
  renameMailbox(from: string, to: string): Promise<void>;
  /** Null when there is no such mailbox. */
  status(name: string): Promise<MailboxStatus | null>;
  /** Null when there is no such mailbox. `listener` hears what others change until close(). */
  openMailbox(
    name: string,
    listener: MailboxListener,
    access: "read-write" | "read-only",
  ): Promise<OpenMailbox | null>;
  /** Null when there is no such mailbox ([TRYCREATE]). All messages or none. `uids` may name a message already there (see MAIL-MAPPING section 7). */
  append(name: string, messages: readonly NewMessage[]): Promise<AppendResult | null>;
  /** Hears when mailboxes come, go or change their numbers, until the returned function is called. */
  watch(listener: (change: MailboxListChange) => void): () => void;
  close(): void;
}

export type SpecialUse = "\\All" | "\\Archive" | "\\Drafts" | "\\Flagged" | "\\Junk" | "\\Sent" | "\\Trash";

export interface MailboxInfo {
  readonly name: string;
  /** False for a name that only has children. */
  readonly selectable: boolean;
  readonly specialUse?: SpecialUse;
  /** Stable over renames (OBJECTID). */
  readonly id: string;
}

export interface MailboxStatus {
  readonly messages: number;
  readonly recent: number;
  readonly unseen: number;
  readonly deleted: number;
  /** Octets of all messages. */
  readonly size: number;
  readonly uidNext: number;
  readonly uidValidity: number;
  readonly highestModSeq: number;
  readonly id: string;
}

/** A message as sessions remember it. */
export interface MessageState {
  readonly uid: number;
  /** System flags with backslash in their canonical case (`\Seen`), then keywords. Never `\Recent`. */
  readonly flags: readonly string[];
  readonly modSeq: number;
}

export interface NewMessage {
  /** The message, its octets as they are to be kept. */
  readonly bytes: Uint8Array;
  readonly flags: readonly string[];
  /** Null: now. */
  readonly internalDate: InternalDate | null;
  /** Ready-made answers, made by `digestMessage` of the library. The host keeps them and gives them back. */
  readonly digest: MessageDigest;
}

/** INTERNALDATE with the zone that it was given with. */
export interface InternalDate {
  /** Unix seconds. */
  readonly seconds: number;
  /** Minutes east of UTC. */
  readonly zone: number;
}

export interface AppendResult {
  readonly uidValidity: number;
  /** One for each message, in order. */
  readonly uids: readonly number[];
}

/** What does not change under a UID: those parts that were asked for, at least. */
export type MessageRecord<Part extends RecordPart = RecordPart> = { readonly uid: number } & Pick<
  MessageFacts,
  Extract<Part, keyof MessageFacts>
> & { readonly digest: Pick<MessageDigest, Extract<Part, DigestPart>> };

export type RecordPart = keyof MessageFacts | DigestPart;

export interface MessageFacts {
  readonly internalDate: InternalDate;
  /** Unix seconds: `sentSeconds` of the digest, else those of `internalDate` (RFC 5256 section 2.2). */
  readonly sentDate: number;
  /** Unix seconds at which it came into this mailbox (RFC 8514). */
  readonly saveDate: number;
  /** Same for the copies of a message (OBJECTID, RFC 8474). */
  readonly emailId: string;
}

/** A selected mailbox. The handle is not told of its own flag changes and expunges: they are results. Appends and copies into it are told to it too. */
export interface OpenMailbox {
  /** As of opening, ascending UIDs. Changes after it come to the listener. */
  readonly snapshot: MailboxSnapshot;
  /** Records of those messages that are still kept, ascending. Expunged ones stay readable while a session that has not been told has the mailbox open, where possible. */
  records<Part extends RecordPart>(
    uids: readonly number[],
    parts: readonly Part[],
  ): Promise<readonly MessageRecord<Part>[]>;
  /** The octets of a message, or null when they are gone. */
  read(uid: number): Promise<Uint8Array | null>;
  /** Changes flags; returns the new states of those changed or matched. With `unchangedSince` those with a larger MODSEQ are left and named in `modified`. */
  store(uids: readonly number[], change: FlagChange): Promise<StoreResult>;
  /** Removes those of the UIDs; with `onlyDeleted` those that have \Deleted. Returns what was removed. */
  expunge(uids: readonly number[] | "all", condition: "deleted-only" | "any"): Promise<ExpungeResult>;
  /** Null when the destination does not exist. All or nothing. */
  copy(uids: readonly number[], destination: string): Promise<CopyResult | null>;
  move(uids: readonly number[], destination: string): Promise<(CopyResult & ExpungeResult) | null>;
  /**
   * Appends the message to the destination as `append` does and removes the one with that UID, both or neither. Null when the destination
   * does not exist; ImapError NO [EXPUNGEISSUED] when the message is gone.
   */
  replace(
    uid: number,
    destination: string,
    message: NewMessage,
  ): Promise<(AppendResult & ExpungeResult) | null>;
  /** UIDs expunged since that MODSEQ, for QRESYNC (RFC 7162); null when it is not known any more. */
  vanishedSince(modSeq: number): Promise<readonly number[] | null>;
  /** The client has been told of every message that is gone by now: none of them needs to stay readable for it. */
  forgetExpunged(): void;
  close(): void;
}

export interface MailboxSnapshot {
  readonly id: string;
  readonly uidValidity: number;
  readonly uidNext: number;
  readonly highestModSeq: number;
  /** Every keyword known in this mailbox. */
  readonly keywords: readonly string[];
  readonly messages: readonly MessageState[];
  /** Messages from this UID on are \Recent to this session. */
  readonly recentFrom: number;
}

export interface FlagChange {
  readonly action: "add" | "remove" | "replace";
  readonly flags: readonly string[];
  readonly unchangedSince?: number;
}

export interface StoreResult {
  readonly changed: readonly MessageState[];
  /** Refused by `unchangedSince`. */
  readonly modified: readonly number[];
}

export interface ExpungeResult {
  readonly expunged: readonly number[];
  readonly highestModSeq: number;
}

export interface CopyResult {
  readonly uidValidity: number;
  /** In the order of ascending source UIDs; those that were gone are left out. */
  readonly sourceUids: readonly number[];
  readonly destinationUids: readonly number[];
}

/** Called after the commit, in the order of the commits. Must not throw and must not wait. */
export type MailboxListener = (update: MailboxUpdate) => void;

export type MailboxUpdate =
  /** `recent` false: they are \Recent to another session already (RFC 3501 section 2.3.2). Without it they are \Recent to this one. */
  | { readonly type: "appended"; readonly messages: readonly MessageState[]; readonly recent?: boolean }
  | { readonly type: "flags"; readonly messages: readonly MessageState[] }
  | { readonly type: "expunged"; readonly uids: readonly number[]; readonly highestModSeq: number }
  | { readonly type: "deleted" };

export type MailboxListChange = {
  readonly type: "created" | "deleted" | "renamed" | "status" | "subscribed" | "unsubscribed";
  readonly name: string;
  readonly oldName?: string;
};
