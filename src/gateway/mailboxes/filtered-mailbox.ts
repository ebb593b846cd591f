import type {
  AppendResult,
  CopyResult,
  ExpungeResult,
  FlagChange,
  MailboxListener,
  MailboxSnapshot,
  MailboxUpdate,
  MessageRecord,
  NewMessage,
  OpenMailbox,
  RecordPart,
  StoreResult,
} from "../../mail/imap/backend.js";
import { ImapError } from "../../mail/imap/error.js";

export interface FilteredMailboxOptions {
  readonly open: (listener: MailboxListener) => OpenMailbox | null;
  /** UIDs from that one on of the messages that are shown, as they are kept now. */
  readonly ownFrom: (uid: number) => readonly number[];
  readonly objectId: (id: string) => string;
  /** The name under which a destination is kept; null when there is none for this login. */
  readonly stored: (name: string) => string | null;
  readonly listener: MailboxListener;
}

/** A selected mailbox of which some messages are shown, with the numbers of the whole; null when there is no such mailbox. */
export function createFilteredMailbox(options: FilteredMailboxOptions): OpenMailbox | null {
  const heard: MailboxUpdate[] = [];
  let hear: MailboxListener = (update) => heard.push(update);
  const whole = options.open((update) => hear(update));
  if (whole === null) return null;
  const filtered = new FilteredMailbox(whole, options);
  hear = (update) => filtered.hear(update);
  for (const update of heard) hear(update);
  return filtered;
}

class FilteredMailbox implements OpenMailbox {
  readonly snapshot: MailboxSnapshot;
  readonly #whole: OpenMailbox;
  readonly #options: FilteredMailboxOptions;
  /** Every UID that was ever shown here; those of removed messages are never used again. */
  readonly #own: Set<number>;

  constructor(whole: OpenMailbox, options: FilteredMailboxOptions) {
    this.#whole = whole;
    this.#options = options;
    this.#own = new Set(options.ownFrom(1));
    const { snapshot } = whole;
    const messages = snapshot.messages.filter(({ uid }) => this.#own.has(uid));
    this.snapshot = { ...snapshot, id: options.objectId(snapshot.id), messages };
  }

  hear(update: MailboxUpdate): void {
    const shown = this.#shown(update);
    if (shown !== null) this.#options.listener(shown);
  }

  #shown(update: MailboxUpdate): MailboxUpdate | null {
    if (update.type === "deleted") return update;
    if (update.type === "expunged") {
      const uids = this.#only(update.uids);
      return uids.length > 0 ? { ...update, uids } : null;
    }
    if (update.type === "appended") this.#learn(update.messages[0]?.uid ?? 0);
    const messages = update.messages.filter(({ uid }) => this.#own.has(uid));
    return messages.length > 0 ? { ...update, messages } : null;
  }

  records<Part extends RecordPart>(
    uids: readonly number[],
    parts: readonly Part[],
  ): Promise<readonly MessageRecord<Part>[]> {
    return this.#whole.records(this.#only(uids), parts);
  }

  async read(uid: number): Promise<Uint8Array | null> {
    return this.#own.has(uid) ? this.#whole.read(uid) : null;
  }

  async store(uids: readonly number[], change: FlagChange): Promise<StoreResult> {
    return this.#whole.store(this.#only(uids), change);
  }

  async expunge(uids: readonly number[] | "all", condition: "deleted-only" | "any"): Promise<ExpungeResult> {
    const chosen = uids === "all" ? this.#options.ownFrom(1) : this.#only(uids);
    return this.#whole.expunge(chosen, condition);
  }

  async copy(uids: readonly number[], destination: string): Promise<CopyResult | null> {
    const stored = this.#options.stored(destination);
    return stored === null ? null : this.#whole.copy(this.#only(uids), stored);
  }

  async move(uids: readonly number[], destination: string): Promise<(CopyResult & ExpungeResult) | null> {
    const stored = this.#options.stored(destination);
    return stored === null ? null : this.#whole.move(this.#only(uids), stored);
  }

  async replace(
    uid: number,
    destination: string,
    message: NewMessage,
  ): Promise<(AppendResult & ExpungeResult) | null> {
    const stored = this.#options.stored(destination);
    if (stored === null) return null;
    if (!this.#own.has(uid))
      throw new ImapError("NO", "EXPUNGEISSUED", "The message to be replaced is gone.");
    return this.#whole.replace(uid, stored, message);
  }

  vanishedSince(modSeq: number): Promise<readonly number[] | null> {
    return this.#whole.vanishedSince(modSeq);
  }

  forgetExpunged(): void {
    this.#whole.forgetExpunged();
  }

  close(): void {
    this.#whole.close();
  }

  #learn(fromUid: number): void {
    for (const uid of this.#options.ownFrom(fromUid)) this.#own.add(uid);
  }

  #only(uids: readonly number[]): readonly number[] {
    return uids.filter((uid) => this.#own.has(uid));
  }
}
