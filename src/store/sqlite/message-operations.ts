/** What happens to the messages of a mailbox. Each operation raises the mailbox's MODSEQ once and tells who watches. */
import type { Address } from "../../bitmessage/protocol/address.js";
import type { MailboxId, MailboxWatcher } from "../../gateway/ports.js";
import type {
  AppendResult,
  CopyResult,
  ExpungeResult,
  FlagChange,
  MessageState,
  NewMessage,
  StoreResult,
} from "../../mail/imap/backend.js";
import { changeFlags, flagKey, isKeyword, normalizeFlags, sameFlags } from "../mail/flags.js";
import type { Watchers } from "../mail/watchers.js";
import type { SqliteTransactions } from "../transactions.js";
import type { FlagSet, FlagSets } from "./flag-sets.js";
import type { MailboxRow, MailboxTable } from "./mailbox-table.js";
import type { MessageRow, MessageTable, NewRow } from "./message-table.js";
import { RELEASED_AT_ONCE, type Releases } from "./releases.js";

interface Parts {
  readonly mailboxes: MailboxTable;
  readonly messages: MessageTable;
  readonly flagSets: FlagSets;
  readonly watchers: Watchers;
  readonly transactions: SqliteTransactions;
  readonly releases: Releases;
  readonly clock: () => number;
}

type Addition = Pick<NewRow, "bodyId" | "size" | "internalDate" | "sentSeconds"> & {
  readonly flags: readonly string[];
};

export class MessageOperations {
  constructor(private readonly parts: Parts) {}

  states(mailbox: MailboxId): readonly MessageState[] {
    const { flagSets, messages } = this.parts;
    return messages.states(mailbox, (uid, flagSetId, modSeq) => {
      return { uid, flags: flagSets.get(flagSetId).flags, modSeq };
    });
  }

  append(mailbox: MailboxId, newMessages: readonly NewMessage[], identity: Address | null): AppendResult {
    return this.parts.transactions.run(() => {
      const row = this.parts.mailboxes.row(mailbox);
      const now = { seconds: Math.floor(this.parts.clock()), zone: 0 };
      const additions = newMessages.map((message) => ({
        bodyId: this.parts.messages.insertBody(message, identity),
        size: message.digest.size,
        internalDate: message.internalDate ?? now,
        sentSeconds: message.digest.sentSeconds,
        flags: message.flags,
      }));
      return { uidValidity: row.uid_validity, uids: this.#add(row, additions) };
    });
  }

  copy(mailbox: MailboxId, uids: readonly number[], destination: MailboxId): CopyResult {
    return this.parts.transactions.run(() => {
      const row = this.parts.mailboxes.row(destination);
      const sources = this.parts.messages.rows(mailbox, uids);
      const additions = sources.map((source) => ({
        bodyId: source.bodyId,
        size: source.size,
        internalDate: { seconds: source.internalSeconds, zone: source.internalZone },
        sentSeconds: source.sentSeconds,
        flags: this.parts.flagSets.get(source.flagSetId).flags,
      }));
      const destinationUids = this.#add(row, additions);
      return {
        uidValidity: row.uid_validity,
        sourceUids: sources.map((source) => source.uid),
        destinationUids,
      };
    });
  }

  #add(row: MailboxRow, additions: readonly Addition[]): readonly number[] {
    if (additions.length === 0) return [];
    const modSeq = row.highest_mod_seq + 1;
    const saveDate = Math.floor(this.parts.clock());
    const toSet = this.#interner(row.id, "register");
    const states: MessageState[] = [];
    const total = { messages: additions.length, unseen: 0, deleted: 0, size: 0 };
    for (const { flags, ...addition } of additions) {
      const uid = row.uid_next + states.length;
      const set = toSet(flags);
      this.parts.messages.insert({ ...addition, mailbox: row.id, uid, flagSetId: set.id, modSeq, saveDate });
      states.push({ uid, flags: set.flags, modSeq });
      total.unseen += set.unseen;
      total.deleted += set.deleted;
      total.size += addition.size;
    }
    const uidNext = row.uid_next + additions.length;
    this.parts.mailboxes.change(row.id, { uidNext, highestModSeq: modSeq, ...total });
    if (this.parts.watchers.tellAppended(row.id, states)) this.parts.mailboxes.claimRecent(row.id);
    this.#tellNumbers(row);
    return states.map((state) => state.uid);
  }

  store(
    mailbox: MailboxId,
    uids: readonly number[],
    change: FlagChange,
    origin: MailboxWatcher | null,
  ): StoreResult {
    return this.parts.transactions.run(() => {
      const row = this.parts.mailboxes.row(mailbox);
      const rows = this.parts.messages.rows(mailbox, uids);
      const limit = change.unchangedSince ?? Number.POSITIVE_INFINITY;
      const allowed = rows.filter((message) => message.modSeq <= limit);
      const modified = rows.filter((message) => message.modSeq > limit).map((message) => message.uid);
      const targets = this.#newSets(mailbox, allowed, change);
      const modSeq = row.highest_mod_seq + 1;
      const states = allowed.map((message) => {
        const set = targets.get(message.flagSetId)!;
        const unchanged = set.id === message.flagSetId;
        return { uid: message.uid, flags: set.flags, modSeq: unchanged ? message.modSeq : modSeq };
      });
      this.#writeFlags(row, allowed, targets, modSeq);
      const changed = states.filter((state) => state.modSeq === modSeq);
      if (changed.length > 0) this.#tell(row, { type: "flags", messages: changed }, origin);
      return { changed: states, modified };
    });
  }

  /** What each set of flags that occurs becomes. */
  #newSets(mailbox: MailboxId, rows: readonly MessageRow[], change: FlagChange): Map<number, FlagSet> {
    const { flagSets } = this.parts;
    const targets = new Map<number, FlagSet>();
    if (rows.length === 0) return targets;
    const toSet = this.#interner(mailbox, change.action === "remove" ? "leave" : "register");
    const flags = toSet(change.flags).flags;
    for (const { flagSetId } of rows) {
      if (targets.has(flagSetId)) continue;
      const current = flagSets.get(flagSetId);
      const next = changeFlags(current.flags, change.action, flags);
      targets.set(flagSetId, sameFlags(current.flags, next) ? current : flagSets.of(next));
    }
    return targets;
  }

  #writeFlags(
    row: MailboxRow,
    rows: readonly MessageRow[],
    targets: ReadonlyMap<number, FlagSet>,
    modSeq: number,
  ): void {
    const uidsOfSet = new Map<number, number[]>();
    let unseen = 0;
    let deleted = 0;
    for (const { uid, flagSetId } of rows) {
      const next = targets.get(flagSetId)!;
      if (next.id === flagSetId) continue;
      const current = this.parts.flagSets.get(flagSetId);
      unseen += next.unseen - current.unseen;
      deleted += next.deleted - current.deleted;
      const uids = uidsOfSet.get(next.id);
      if (uids) uids.push(uid);
      else uidsOfSet.set(next.id, [uid]);
    }
    if (uidsOfSet.size === 0) return;
    for (const [set, uids] of uidsOfSet) this.parts.messages.setFlags(row.id, uids, set, modSeq);
    const numbers = { uidNext: row.uid_next, highestModSeq: modSeq, messages: 0, size: 0 };
    this.parts.mailboxes.change(row.id, { ...numbers, unseen, deleted });
  }

  expunge(
    mailbox: MailboxId,
    uids: readonly number[] | "all",
    condition: "deleted-only" | "any",
    origin: MailboxWatcher | null,
  ): ExpungeResult {
    return this.parts.transactions.run(() => {
      const row = this.parts.mailboxes.row(mailbox);
      const doomed = this.#doomed(row, uids, condition);
      if (doomed.length === 0) return { expunged: [], highestModSeq: row.highest_mod_seq };
      return this.#remove(row, doomed, origin);
    });
  }

  #doomed(
    row: MailboxRow,
    uids: readonly number[] | "all",
    condition: "deleted-only" | "any",
  ): readonly MessageRow[] {
    const { flagSets, messages } = this.parts;
    if (condition === "deleted-only" && row.deleted === 0) return [];
    const isDoomed = (flagSetId: number) => condition === "any" || flagSets.get(flagSetId).deleted === 1;
    if (uids !== "all") return messages.rows(row.id, uids).filter(({ flagSetId }) => isDoomed(flagSetId));
    const chosen = messages.states(row.id, (uid, flagSetId) => (isDoomed(flagSetId) ? uid : 0));
    return messages.rows(
      row.id,
      chosen.filter((uid) => uid > 0),
    );
  }

  #remove(row: MailboxRow, doomed: readonly MessageRow[], origin: MailboxWatcher | null): ExpungeResult {
    const { flagSets, mailboxes, messages, transactions, releases, watchers } = this.parts;
    const highestModSeq = row.highest_mod_seq + 1;
    const expunged = doomed.map((message) => message.uid);
    const sets = doomed.map((message) => flagSets.get(message.flagSetId));
    const readers = watchers.others(row.id, origin);
    const isReleasedLater = readers.length > 0 || doomed.length > RELEASED_AT_ONCE;
    messages.remove(row.id, doomed, {
      modSeq: highestModSeq,
      readers: isReleasedLater ? "keep" : "release",
    });
    mailboxes.change(row.id, {
      uidNext: row.uid_next,
      highestModSeq,
      messages: -doomed.length,
      unseen: -sets.reduce((sum, set) => sum + set.unseen, 0),
      deleted: -sets.reduce((sum, set) => sum + set.deleted, 0),
      size: -doomed.reduce((sum, message) => sum + message.size, 0),
    });
    if (isReleasedLater) {
      transactions.afterCommit(() => {
        if (!watchers.hold(row.id, expunged, readers)) releases.add(row.id, expunged);
      });
    }
    this.#tell(row, { type: "expunged", uids: expunged, highestModSeq }, origin);
    return { expunged, highestModSeq };
  }

  /** From flags to their set, in the mailbox's spelling; `register` makes new keywords known in the mailbox. */
  #interner(mailbox: MailboxId, unknown: "register" | "leave"): (flags: readonly string[]) => FlagSet {
    const { flagSets, mailboxes } = this.parts;
    let spellings: Map<string, string> | null = null;
    return (flags) => {
      if (!flags.some(isKeyword)) return flagSets.of(normalizeFlags(flags, new Map()));
      spellings ??= mailboxes.spellings(mailbox);
      const normal = normalizeFlags(flags, spellings);
      for (const keyword of normal.filter(isKeyword)) {
        if (spellings.has(flagKey(keyword)) || unknown === "leave") continue;
        mailboxes.addKeyword(mailbox, keyword);
        spellings.set(flagKey(keyword), keyword);
      }
      return flagSets.of(normal);
    };
  }

  #tell(row: MailboxRow, update: Parameters<Watchers["tell"]>[1], origin: MailboxWatcher | null): void {
    this.parts.watchers.tell(this.parts.watchers.others(row.id, origin), update);
    this.#tellNumbers(row);
  }

  #tellNumbers(row: MailboxRow): void {
    this.parts.watchers.tellList(row.user, { type: "status", name: row.name });
  }
}
