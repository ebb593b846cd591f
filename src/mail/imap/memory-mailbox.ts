/** One mailbox of the memory backend, and what a session holds of it. */
import type {
  AppendResult,
  CopyResult,
  ExpungeResult,
  FlagChange,
  MailboxListener,
  MailboxSnapshot,
  MailboxStatus,
  MailboxUpdate,
  MessageRecord,
  MessageState,
  NewMessage,
  OpenMailbox,
  RecordPart,
  SpecialUse,
  StoreResult,
} from "./backend.js";
import { ImapError } from "./error.js";
import { hasFlag } from "./flags.js";

export interface StoredMessage {
  readonly record: MessageRecord;
  readonly bytes: Uint8Array;
  state: MessageState;
}

/** What a mailbox asks of its account. */
export interface MailboxHost {
  /** Unix seconds. */
  now(): number;
  nextEmailId(): string;
  nameOf(mailbox: MemoryMailbox): string;
  tell(change: { readonly type: "status"; readonly name: string }): void;
}

export class MemoryMailbox {
  /** By UID, ascending. */
  readonly messages = new Map<number, StoredMessage>();
  readonly handles = new Set<MemoryOpenMailbox>();
  /** MODSEQ of the expunge by UID. */
  readonly vanished = new Map<number, number>();
  uidNext = 1;
  highestModSeq = 1;
  /** Messages from this UID on have been \Recent to nobody. */
  recentFrom = 1;

  constructor(
    readonly uidValidity: number,
    readonly id: string,
    readonly specialUse: SpecialUse | undefined,
    private readonly host: MailboxHost,
  ) {}

  status(): MailboxStatus {
    const all = [...this.messages.values()];
    const count = (flag: string): number => all.filter(({ state }) => state.flags.includes(flag)).length;
    return {
      messages: all.length,
      recent: all.filter(({ state }) => state.uid >= this.recentFrom).length,
      unseen: all.length - count("\\Seen"),
      deleted: count("\\Deleted"),
      size: all.reduce((sum, { bytes }) => sum + bytes.length, 0),
      uidNext: this.uidNext,
      uidValidity: this.uidValidity,
      highestModSeq: this.highestModSeq,
      id: this.id,
    };
  }

  snapshot(recentFrom: number): MailboxSnapshot {
    const messages = [...this.messages.values()].map(({ state }) => state);
    const flags = new Set(messages.flatMap((state) => state.flags));
    return {
      id: this.id,
      uidValidity: this.uidValidity,
      uidNext: this.uidNext,
      highestModSeq: this.highestModSeq,
      keywords: [...flags].filter((flag) => !flag.startsWith("\\")),
      messages,
      recentFrom,
    };
  }

  append(messages: readonly NewMessage[]): number[] {
    return this.add(
      messages.map(({ bytes, flags, internalDate, digest }) => ({
        bytes,
        flags,
        digest,
        internalDate: internalDate ?? { seconds: this.host.now(), zone: 0 },
        emailId: this.host.nextEmailId(),
      })),
    );
  }

  /** Adds messages and tells everyone who has the mailbox open; one of the writers has them as \Recent. */
  add(
    messages: readonly (Omit<MessageRecord, "uid" | "saveDate" | "sentDate"> &
      Pick<NewMessage, "bytes" | "flags">)[],
  ): number[] {
    if (messages.length === 0) return [];
    this.highestModSeq += 1;
    const states: MessageState[] = [];
    for (const { bytes, flags, internalDate, digest, emailId } of messages) {
      const uid = this.uidNext++;
      const state: MessageState = { uid, flags: [...flags], modSeq: this.highestModSeq };
      const sentDate = digest.sentSeconds ?? internalDate.seconds;
      const record = { uid, internalDate, sentDate, saveDate: this.host.now(), digest, emailId };
      this.messages.set(uid, { record, bytes, state });
      states.push(state);
    }
    const first = [...this.handles].find((handle) => handle.access === "read-write");
    if (first) this.recentFrom = this.uidNext;
    for (const handle of [...this.handles]) {
      const recent = handle === first || (first === undefined && handle.access === "read-only");
      handle.tell({ type: "appended", messages: states, recent });
    }
    this.#changed();
    return states.map((state) => state.uid);
  }

  change(uids: readonly number[], change: FlagChange, by: MemoryOpenMailbox): StoreResult {
    const matched: MessageState[] = [];
    const changed: MessageState[] = [];
    const modified: number[] = [];
    const modSeq = this.highestModSeq + 1;
    for (const uid of new Set(uids)) {
      const message = this.messages.get(uid);
      if (!message) continue;
      if (change.unchangedSince !== undefined && message.state.modSeq > change.unchangedSince) {
        modified.push(uid);
        continue;
      }
      const flags = changeFlags(message.state.flags, change);
      if (!sameFlags(flags, message.state.flags)) {
        message.state = { uid, flags, modSeq };
        changed.push(message.state);
      }
      matched.push(message.state);
    }
    if (changed.length > 0) {
      this.highestModSeq = modSeq;
      this.#tellOthers({ type: "flags", messages: changed }, by);
      this.#changed();
    }
    return { changed: matched, modified };
  }

  expunge(
    uids: readonly number[] | "all",
    condition: "deleted-only" | "any",
    by: MemoryOpenMailbox | null,
  ): ExpungeResult {
    const candidates = uids === "all" ? [...this.messages.keys()] : [...new Set(uids)];
    const gone = candidates
      .map((uid) => this.messages.get(uid))
      .filter((message) => message !== undefined)
      .filter(({ state }) => condition === "any" || state.flags.includes("\\Deleted"));
    const expunged = gone.map(({ state }) => state.uid);
    if (gone.length === 0) return { expunged, highestModSeq: this.highestModSeq };
    this.highestModSeq += 1;
    for (const message of gone) {
      this.messages.delete(message.state.uid);
      this.vanished.set(message.state.uid, this.highestModSeq);
      for (const handle of this.handles) if (handle !== by) handle.gone.set(message.state.uid, message);
    }
    this.#tellOthers({ type: "expunged", uids: expunged, highestModSeq: this.highestModSeq }, by);
    this.#changed();
    return { expunged, highestModSeq: this.highestModSeq };
  }

  /** Copies with flags and dates; the copies are the same message (OBJECTID). */
  copyTo(uids: readonly number[], destination: MemoryMailbox): CopyResult {
    const found = [...new Set(uids)]
      .sort((a, b) => a - b)
      .map((uid) => this.messages.get(uid))
      .filter((message) => message !== undefined);
    const destinationUids = destination.add(
      found.map(({ record, bytes, state }) => ({ ...record, bytes, flags: state.flags })),
    );
    return {
      uidValidity: destination.uidValidity,
      sourceUids: found.map(({ state }) => state.uid),
      destinationUids,
    };
  }

  moveAllTo(destination: MemoryMailbox): void {
    const { sourceUids } = this.copyTo([...this.messages.keys()], destination);
    this.expunge(sourceUids, "any", null);
  }

  tellDeleted(): void {
    for (const handle of [...this.handles]) handle.tell({ type: "deleted" });
  }

  #tellOthers(update: MailboxUpdate, by: MemoryOpenMailbox | null): void {
    for (const handle of [...this.handles]) if (handle !== by) handle.tell(update);
  }

  #changed(): void {
    this.host.tell({ type: "status", name: this.host.nameOf(this) });
  }
}

export class MemoryOpenMailbox implements OpenMailbox {
  readonly snapshot: MailboxSnapshot;
  /** Expunged by others while this is open: still readable here. */
  readonly gone = new Map<number, StoredMessage>();

  constructor(
    private readonly mailbox: MemoryMailbox,
    private readonly listener: MailboxListener,
    readonly access: "read-write" | "read-only",
    private readonly find: (destination: string) => MemoryMailbox | null,
    private readonly closed: () => void,
  ) {
    this.snapshot = mailbox.snapshot(mailbox.recentFrom);
    if (access === "read-write") mailbox.recentFrom = mailbox.uidNext;
    mailbox.handles.add(this);
  }

  tell(update: MailboxUpdate): void {
    this.listener(update);
  }

  async records<Part extends RecordPart>(uids: readonly number[]): Promise<readonly MessageRecord<Part>[]> {
    return [...uids]
      .sort((a, b) => a - b)
      .map((uid) => this.#message(uid)?.record)
      .filter((record) => record !== undefined);
  }

  async read(uid: number): Promise<Uint8Array | null> {
    return this.#message(uid)?.bytes ?? null;
  }

  async store(uids: readonly number[], change: FlagChange): Promise<StoreResult> {
    return this.mailbox.change(uids, change, this);
  }

  async expunge(uids: readonly number[] | "all", condition: "deleted-only" | "any"): Promise<ExpungeResult> {
    return this.mailbox.expunge(uids, condition, this);
  }

  async copy(uids: readonly number[], destination: string): Promise<CopyResult | null> {
    const target = this.find(destination);
    return target ? this.mailbox.copyTo(uids, target) : null;
  }

  async move(uids: readonly number[], destination: string): Promise<(CopyResult & ExpungeResult) | null> {
    const target = this.find(destination);
    if (!target) return null;
    const copied = this.mailbox.copyTo(uids, target);
    return { ...copied, ...this.mailbox.expunge(copied.sourceUids, "any", this) };
  }

  async replace(
    uid: number,
    destination: string,
    message: NewMessage,
  ): Promise<(AppendResult & ExpungeResult) | null> {
    const target = this.find(destination);
    if (!target) return null;
    if (!this.mailbox.messages.has(uid)) throw new ImapError("NO", "EXPUNGEISSUED", "That message is gone.");
    const appended = { uidValidity: target.uidValidity, uids: target.append([message]) };
    return { ...appended, ...this.mailbox.expunge([uid], "any", this) };
  }

  async vanishedSince(modSeq: number): Promise<readonly number[] | null> {
    return [...this.mailbox.vanished]
      .filter(([, at]) => at > modSeq)
      .map(([uid]) => uid)
      .sort((a, b) => a - b);
  }

  forgetExpunged(): void {
    this.gone.clear();
  }

  close(): void {
    this.mailbox.handles.delete(this);
    this.gone.clear();
    this.closed();
  }

  #message(uid: number): StoredMessage | undefined {
    return this.mailbox.messages.get(uid) ?? this.gone.get(uid);
  }
}

function changeFlags(flags: readonly string[], { action, flags: given }: FlagChange): string[] {
  if (action === "replace") return [...given];
  if (action === "remove") return flags.filter((flag) => !hasFlag(given, flag));
  return [...flags, ...given.filter((flag) => !hasFlag(flags, flag))];
}

function sameFlags(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((flag) => hasFlag(b, flag));
}
