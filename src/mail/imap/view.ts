/**
 * A session's view of its mailbox: what it has been told, and what waits to be told. Sequence numbers exist only here
 * (RFC 9051 section 2.3.1.2). Updates come at any time and are told between commands; an expunge waits while the client may use
 * sequence numbers in a pipelined command (section 7.5.1).
 */
import type { ExpungeResult, MailboxSnapshot, MailboxUpdate, MessageState } from "./backend.js";
import { SYSTEM_FLAGS } from "./flags.js";
import { flagsItem } from "./flags-item.js";
import { formatFlags, type Octets } from "./format.js";
import { formatNumberSet, lowerBound, resolveRanges, type SequenceSet } from "./sequence-set.js";

export interface ViewMessage {
  readonly uid: number;
  flags: readonly string[];
  modSeq: number;
  readonly recent: boolean;
}

/** How FETCH responses that nobody asked for look. */
export interface UpdateFormat {
  readonly uid: "with-uid" | "without-uid";
  readonly modSeq: "with-modseq" | "without-modseq";
  /** VANISHED after ENABLE QRESYNC (RFC 7162 section 3.2.10). */
  readonly expunges: "as-expunge" | "as-vanished";
}

/** What others do to the mailbox (RFC 5465 section 5). */
export type MessageEvent = "MessageNew" | "MessageExpunge" | "FlagChange";

const MESSAGE_EVENTS: ReadonlySet<MessageEvent> = new Set(["MessageNew", "MessageExpunge", "FlagChange"]);

interface WaitingExpunge {
  readonly modSeq: number;
  readonly by: "this-session" | "others";
}

export class SessionView {
  readonly #messages: ViewMessage[];
  readonly #uids: number[];
  /** Keywords of this mailbox by lower case. */
  readonly keywords = new Map<string, string>();
  readonly #expunged = new Map<number, WaitingExpunge>();
  #appended: ViewMessage[] = [];
  readonly #changed = new Map<number, MessageState>();
  /** UIDs of the messages that `$` stands for (RFC 5182), ascending; those that go are passed over. */
  savedResult: readonly number[] = [];
  /** Whether UIDs of new messages are kept until `takeNews` (NOTIFY). */
  keepsNews = false;
  #news: number[] = [];
  #recentFrom: number;
  #tellsRecent = true;
  #toldKeywords: number;
  /** The mailbox was deleted: the session has to go. */
  deleted = false;
  highestModSeq: number;
  /** Called when there is something to tell. */
  onUpdate: (() => void) | null = null;

  constructor(snapshot: MailboxSnapshot) {
    this.#recentFrom = snapshot.recentFrom;
    // Written out: for a hundred thousand messages a spread takes three times as long.
    this.#messages = snapshot.messages.map(({ uid, flags, modSeq }) => {
      return { uid, flags, modSeq, recent: uid >= snapshot.recentFrom };
    });
    this.#uids = snapshot.messages.map((state) => state.uid);
    this.highestModSeq = snapshot.highestModSeq;
    for (const keyword of snapshot.keywords) this.#learn(keyword);
    // Backends share the lists of equal flags.
    let learnt: readonly string[] | null = null;
    for (const { flags } of snapshot.messages) {
      if (flags !== learnt) for (const flag of flags) this.#learn(flag);
      learnt = flags;
    }
    this.#toldKeywords = this.keywords.size;
  }

  get size(): number {
    return this.#messages.length;
  }

  get recentCount(): number {
    let count = 0;
    for (let index = this.#messages.length - 1; index >= 0; index--) {
      const message = this.#messages[index]!;
      if (message.uid < this.#recentFrom) break;
      if (message.recent) count += 1;
    }
    return count;
  }

  /** For clients of IMAP4rev2, which has no \Recent (RFC 9051 appendix E). */
  forgetRecent(): void {
    this.#tellsRecent = false;
    this.#recentFrom = Number.POSITIVE_INFINITY;
    for (const messages of [this.#messages, this.#appended]) {
      messages.forEach((message, index) => {
        messages[index] = { ...message, recent: false };
      });
    }
  }

  get uids(): readonly number[] {
    return this.#uids;
  }

  /** Sequence number of the first message without \Seen, or 0. */
  get firstUnseen(): number {
    return this.#messages.findIndex((message) => !message.flags.includes("\\Seen")) + 1;
  }

  at(sequence: number): ViewMessage | undefined {
    return this.#messages[sequence - 1];
  }

  /** The newest state of a message, told or not. */
  current(sequence: number): { readonly flags: readonly string[]; readonly modSeq: number } {
    const message = this.#messages[sequence - 1]!;
    return this.#changed.get(message.uid) ?? message;
  }

  /** The client asks for the flags itself: what waits to be told of them is told by the answer. */
  absorb(sequence: number): void {
    const state = this.#changed.get(this.#uids[sequence - 1]!);
    if (state) this.applyFlags(state);
  }

  /** Whether others have changed its flags, and the client has not been told yet. */
  hasUntoldFlags(uid: number): boolean {
    return this.#changed.has(uid);
  }

  /** 0 when the view does not have it. */
  sequenceOf(uid: number): number {
    const index = lowerBound(this.#uids, uid);
    return this.#uids[index] === uid ? index + 1 : 0;
  }

  /** Told by someone else to be gone, while this client still counts it. */
  isExpunged(uid: number): boolean {
    return this.#expunged.has(uid);
  }

  /** Sequence numbers of a `sequence-set`, ascending; null when one is above the number of messages. */
  resolveSequence(set: SequenceSet): number[] | null {
    if (set.saved) return this.#resolveSaved();
    const size = this.size;
    const named = set.ranges.some(
      ({ from, to }) => (from !== "*" && from > size) || (to !== "*" && to > size),
    );
    if (named || (size === 0 && set.ranges.length > 0)) return null;
    return this.#expand(resolveRanges(set, size), 1);
  }

  /** The same with what is out of range left out, for SEARCH. */
  resolveSequenceLoosely(set: SequenceSet): number[] {
    if (set.saved) return this.#resolveSaved();
    return this.size === 0 ? [] : this.#expand(resolveRanges(set, this.size), 1);
  }

  /** Sequence numbers of the messages in a set of UIDs, ascending; UIDs that do not exist are passed over. `*` is the last message. */
  resolveUids(set: SequenceSet): number[] {
    if (set.saved) return this.#resolveSaved();
    if (this.size === 0) return [];
    const sequences: number[] = [];
    for (const [from, to] of resolveRanges(set, this.#uids.at(-1)!)) {
      for (let i = lowerBound(this.#uids, from); i < this.#uids.length && this.#uids[i]! <= to; i++)
        sequences.push(i + 1);
    }
    return sequences;
  }

  #resolveSaved(): number[] {
    return this.savedResult.map((uid) => this.sequenceOf(uid)).filter((sequence) => sequence > 0);
  }

  #expand(ranges: readonly [number, number][], least: number): number[] {
    const sequences: number[] = [];
    for (const [from, to] of ranges) {
      for (let i = Math.max(from, least); i <= Math.min(to, this.size); i++) sequences.push(i);
    }
    return sequences;
  }

  /** The listener of the mailbox: takes what others did. */
  receive(update: MailboxUpdate): void {
    switch (update.type) {
      case "appended":
        for (const state of update.messages) this.#queueAppended(state, update.recent !== false);
        break;
      case "flags":
        for (const state of update.messages) this.queueFlags(state);
        break;
      case "expunged":
        this.#queueExpunged(update.uids, { modSeq: update.highestModSeq, by: "others" });
        break;
      case "deleted":
        this.deleted = true;
    }
    this.onUpdate?.();
  }

  #queueAppended(state: MessageState, recent: boolean): void {
    const last = this.#appended.at(-1)?.uid ?? this.#uids.at(-1) ?? 0;
    if (state.uid <= last) return;
    this.#noteModSeq(state.modSeq);
    this.#appended.push({ ...state, recent: recent && state.uid >= this.#recentFrom });
  }

  /** Flags to be told at the next opportunity, unless something newer is known. */
  queueFlags(state: MessageState): void {
    this.#noteModSeq(state.modSeq);
    const waiting = this.#appended.find((message) => message.uid === state.uid);
    if (waiting) {
      if (state.modSeq >= waiting.modSeq)
        Object.assign(waiting, { flags: state.flags, modSeq: state.modSeq });
      return;
    }
    const sequence = this.sequenceOf(state.uid);
    if (sequence === 0) return;
    const newest = this.#changed.get(state.uid) ?? this.at(sequence)!;
    if (state.modSeq > newest.modSeq) this.#changed.set(state.uid, state);
  }

  /** What the session itself has expunged. */
  queueExpunged({ expunged, highestModSeq }: ExpungeResult): void {
    if (expunged.length > 0) this.#queueExpunged(expunged, { modSeq: highestModSeq, by: "this-session" });
  }

  #queueExpunged(uids: readonly number[], expunge: WaitingExpunge): void {
    this.#noteModSeq(expunge.modSeq);
    for (const uid of uids) {
      this.#changed.delete(uid);
      if (this.sequenceOf(uid) > 0) this.#expunged.set(uid, expunge);
    }
    if (this.#appended.length > 0) {
      const gone = new Set(uids);
      this.#appended = this.#appended.filter((message) => !gone.has(message.uid));
    }
  }

  /** Takes a new state that the session itself made, without queueing it. False when the view has not got the message. */
  applyFlags(state: MessageState): boolean {
    this.#noteModSeq(state.modSeq);
    const message = this.at(this.sequenceOf(state.uid));
    if (!message) return false;
    const queued = this.#changed.get(state.uid);
    if (queued && queued.modSeq <= state.modSeq) this.#changed.delete(state.uid);
    if (state.modSeq >= message.modSeq) {
      message.flags = state.flags;
      message.modSeq = state.modSeq;
      for (const flag of state.flags) this.#learn(flag);
    }
    return true;
  }

  #noteModSeq(modSeq: number): void {
    if (modSeq > this.highestModSeq) this.highestModSeq = modSeq;
  }

  #learn(flag: string): void {
    if (flag.startsWith("\\")) return;
    const key = flag.toLowerCase();
    if (!this.keywords.has(key)) this.keywords.set(key, flag);
  }

  /** UIDs of messages that the client has been told of since the last call. */
  takeNews(): readonly number[] {
    const news = this.#news;
    this.#news = [];
    return news;
  }

  get hasUpdates(): boolean {
    return this.#expunged.size > 0 || this.#appended.length > 0 || this.#changed.size > 0 || this.deleted;
  }

  /** Every flag that a client may see here. */
  get flags(): string[] {
    return [...SYSTEM_FLAGS, ...this.keywords.values()];
  }

  /** `* FLAGS (...)` when there are keywords that the client has not been told of, else nothing. */
  newKeywords(): Octets {
    if (this.keywords.size === this.#toldKeywords) return "";
    this.#toldKeywords = this.keywords.size;
    const flags = this.flags;
    return (
      `* FLAGS ${formatFlags(flags)}\r\n` +
      `* OK [PERMANENTFLAGS ${formatFlags([...flags, "\\*"])}] Keywords may be made.\r\n`
    );
  }

  /**
   * Says what waits: expunges unless they are to wait, then new messages, then flags; of what others did only the events wanted.
   * Empty when there is nothing to say.
   */
  tell(
    expunges: "tell-expunges" | "hold-expunges",
    format: UpdateFormat,
    events: ReadonlySet<MessageEvent> = MESSAGE_EVENTS,
  ): Octets {
    let text = expunges === "tell-expunges" ? this.#tellExpunged(format, events) : "";
    if (this.#appended.length > 0 && events.has("MessageNew")) text += this.#tellAppended();
    if (this.#changed.size > 0 && events.has("FlagChange")) text += this.#tellChanged(format);
    return text;
  }

  #tellExpunged(format: UpdateFormat, events: ReadonlySet<MessageEvent>): Octets {
    const told = (uid: number): boolean => {
      const expunge = this.#expunged.get(uid);
      return expunge !== undefined && (expunge.by === "this-session" || events.has("MessageExpunge"));
    };
    if (this.#expunged.size === 0) return "";
    const lines: string[] = [];
    const vanished: number[] = [];
    let kept = 0;
    for (let i = 0; i < this.#messages.length; i++) {
      const message = this.#messages[i]!;
      if (told(message.uid)) {
        lines.push(`* ${kept + 1} EXPUNGE\r\n`);
        vanished.push(message.uid);
        this.#expunged.delete(message.uid);
        continue;
      }
      this.#messages[kept] = message;
      this.#uids[kept] = message.uid;
      kept += 1;
    }
    this.#messages.length = kept;
    this.#uids.length = kept;
    if (vanished.length === 0 || format.expunges === "as-expunge") return lines.join("");
    return `* VANISHED ${formatNumberSet(vanished)}\r\n`;
  }

  /** Whether the client has still to be told that messages are gone. */
  get holdsExpunges(): boolean {
    return this.#expunged.size > 0;
  }

  /** The MODSEQ up to which the client has been told of everything (RFC 7162 section 3.2). */
  get toldModSeq(): number {
    let told = this.highestModSeq;
    for (const waiting of [this.#expunged.values(), this.#appended, this.#changed.values()]) {
      for (const { modSeq } of waiting) told = Math.min(told, modSeq - 1);
    }
    return told;
  }

  #tellAppended(): Octets {
    for (const message of this.#appended) {
      this.#messages.push(message);
      this.#uids.push(message.uid);
      for (const flag of message.flags) this.#learn(flag);
    }
    if (this.keepsNews) for (const { uid } of this.#appended) this.#news.push(uid);
    this.#appended = [];
    const recent = this.#tellsRecent ? `* ${this.recentCount} RECENT\r\n` : "";
    return `${this.newKeywords()}* ${this.size} EXISTS\r\n${recent}`;
  }

  #tellChanged(format: UpdateFormat): Octets {
    const states = [...this.#changed.values()];
    this.#changed.clear();
    const lines: string[] = [];
    for (const state of states.sort((a, b) => a.uid - b.uid)) {
      if (this.applyFlags(state)) lines.push(this.fetchFlags(this.sequenceOf(state.uid), format));
    }
    return this.newKeywords() + lines.join("");
  }

  /** `* n FETCH (FLAGS (...))`, with UID and MODSEQ when the session has them. */
  fetchFlags(sequence: number, format: UpdateFormat): Octets {
    const message = this.at(sequence)!;
    const uid = format.uid === "with-uid" ? `UID ${message.uid} ` : "";
    const modSeq = format.modSeq === "with-modseq" ? ` MODSEQ (${message.modSeq})` : "";
    return `* ${sequence} FETCH (${uid}${flagsItem(message)}${modSeq})\r\n`;
  }
}
