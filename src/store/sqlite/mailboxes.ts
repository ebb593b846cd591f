/** The mail of all users: names and subscriptions here, what is in the mailboxes in `message-operations.ts`. */
import type { Address } from "../../bitmessage/protocol/address.js";
import type {
  MailboxId,
  MailboxPurpose,
  MailboxStore,
  MailboxWatcher,
  SizedMessage,
} from "../../gateway/ports.js";
import type {
  AppendResult,
  CopyResult,
  ExpungeResult,
  FlagChange,
  MailboxInfo,
  MailboxListChange,
  MailboxSnapshot,
  MailboxStatus,
  MessageRecord,
  NewMessage,
  RecordPart,
  SpecialUse,
  StoreResult,
} from "../../mail/imap/backend.js";
import { ImapError } from "../../mail/imap/error.js";
import type { Database } from "../database.js";
import { INBOX, impliedNames, noSuchMailbox, planCreate, planRename } from "../mail/names.js";
import { formatPurpose, objectId, parsePurpose, refuseInbox } from "../mail/rules.js";
import { type Access, Watchers } from "../mail/watchers.js";
import { whereThereIsRoom } from "../storage-fault.js";
import type { SqliteTransactions } from "../transactions.js";
import { FlagSets } from "./flag-sets.js";
import { type MailboxRow, MailboxTable } from "./mailbox-table.js";
import { MessageOperations } from "./message-operations.js";
import { MessageRecords } from "./message-records.js";
import { MessageTable } from "./message-table.js";
import { Releases } from "./releases.js";

export interface MailboxStoreOptions {
  readonly clock: () => number;
  readonly reportError: (error: unknown) => void;
}

export class SqliteMailboxStore implements MailboxStore {
  readonly #mailboxes: MailboxTable;
  readonly #messages: MessageTable;
  readonly #records: MessageRecords;
  readonly #flagSets: FlagSets;
  readonly #watchers: Watchers;
  readonly #releases: Releases;
  readonly #operations: MessageOperations;

  constructor(
    database: Database,
    private readonly transactions: SqliteTransactions,
    options: MailboxStoreOptions,
  ) {
    this.#mailboxes = new MailboxTable(database, options.clock);
    this.#messages = new MessageTable(database);
    this.#records = new MessageRecords(database);
    this.#flagSets = new FlagSets(database);
    this.#watchers = new Watchers(transactions, options.reportError);
    this.#releases = new Releases({
      database,
      messages: this.#messages,
      transactions,
      reportError: options.reportError,
    });
    this.#operations = new MessageOperations({
      mailboxes: this.#mailboxes,
      messages: this.#messages,
      flagSets: this.#flagSets,
      watchers: this.#watchers,
      transactions,
      releases: this.#releases,
      clock: options.clock,
    });
    transactions.onRollback(() => this.#flagSets.forget());
    transactions.run(() => this.#messages.releaseEverything());
  }

  list(user: string): readonly MailboxInfo[] {
    const rows = this.#mailboxes.ofUser(user);
    const implied = impliedNames(new Set(rows.map((row) => row.name)));
    return [...rows.map(infoOf), ...implied.map((name) => ({ name, selectable: false, id: "" }))];
  }

  find(user: string, name: string): MailboxId | null {
    return this.#mailboxes.findByName(user, name)?.id ?? null;
  }

  nameOf(mailbox: MailboxId): string {
    return this.#mailboxes.row(mailbox).name;
  }

  findByPurpose(user: string, purpose: MailboxPurpose): MailboxId | null {
    return this.#mailboxes.findByPurpose(user, formatPurpose(purpose))?.id ?? null;
  }

  purposeOf(mailbox: MailboxId): MailboxPurpose | null {
    const { purpose } = this.#mailboxes.row(mailbox);
    return purpose === null ? null : parsePurpose(purpose);
  }

  setPurpose(mailbox: MailboxId, purpose: MailboxPurpose | null): void {
    this.transactions.run(() => {
      const { user } = this.#mailboxes.row(mailbox);
      const before = purpose && this.findByPurpose(user, purpose);
      if (before !== null) this.#mailboxes.setPurpose(before, null);
      this.#mailboxes.setPurpose(mailbox, purpose && formatPurpose(purpose));
    });
  }

  create(
    user: string,
    name: string,
    options: { readonly specialUse?: SpecialUse; readonly subscribed?: "subscribed" },
  ): MailboxId {
    return this.transactions.run(() => {
      const rows = this.#mailboxes.ofUser(user);
      const { specialUse } = options;
      const plan = planCreate(namesOf(rows), name);
      if (specialUse && rows.some((row) => row.special_use === specialUse)) {
        throw new ImapError("NO", "USEATTR", "Another mailbox has that special use.");
      }
      for (const parent of plan.slice(0, -1)) this.#insert(user, parent, null);
      const id = this.#insert(user, name, specialUse ?? null);
      if (options.subscribed) this.setSubscription(user, name, "subscribed");
      return id;
    });
  }

  #insert(user: string, name: string, specialUse: SpecialUse | null): MailboxId {
    const id = this.#mailboxes.insert(user, name, specialUse);
    this.#watchers.tellList(user, { type: "created", name });
    return id;
  }

  remove(user: string, name: string): void {
    refuseInbox(name);
    this.transactions.run(() => {
      const row = this.#mailboxes.findByName(user, name);
      if (!row) {
        if (impliedNames(namesOf(this.#mailboxes.ofUser(user))).includes(name)) {
          throw new ImapError("NO", "HASCHILDREN", "The mailboxes below it must be deleted first.");
        }
        throw noSuchMailbox();
      }
      this.#drop(user, row);
    });
  }

  #drop(user: string, { id, name }: MailboxRow): void {
    this.#messages.removeAll(id);
    this.#mailboxes.delete(id);
    this.#watchers.tell(this.#watchers.others(id, null), { type: "deleted" });
    this.#watchers.tellList(user, { type: "deleted", name });
    this.transactions.afterCommit(() => this.#watchers.forget(id));
  }

  removeUser(user: string): void {
    this.transactions.run(() => {
      for (const row of this.#mailboxes.ofUser(user)) this.#drop(user, row);
      for (const name of this.subscriptions(user)) this.setSubscription(user, name, "unsubscribed");
    });
  }

  rename(user: string, from: string, to: string): void {
    this.transactions.run(() => {
      if (from === INBOX) this.#emptyInboxInto(user, to);
      else this.#renameTree(user, from, to);
    });
  }

  /** RFC 9051 section 6.3.6: the messages go, INBOX and what is below it stay. */
  #emptyInboxInto(user: string, to: string): void {
    const inbox = this.find(user, INBOX);
    if (inbox === null) throw noSuchMailbox();
    const destination = this.create(user, to, {});
    const uids = this.#messages.states(inbox, (uid) => uid);
    this.move(inbox, uids, destination, null);
  }

  #renameTree(user: string, from: string, to: string): void {
    const rows = this.#mailboxes.ofUser(user);
    const ids = new Map(rows.map((row) => [row.name, row.id]));
    const plan = planRename(namesOf(rows), from, to);
    // Targets are free of mailboxes that stay, and a tree cannot move into itself: no two ever have one name.
    for (const [name, newName] of plan.rename) {
      this.#mailboxes.rename(ids.get(name)!, newName);
      this.#watchers.tellList(user, { type: "renamed", name: newName, oldName: name });
    }
    for (const parent of plan.create) this.#insert(user, parent, null);
  }

  subscriptions(user: string): readonly string[] {
    return this.#mailboxes.subscriptions(user);
  }

  setSubscription(user: string, name: string, state: "subscribed" | "unsubscribed"): void {
    this.transactions.run(() => {
      const changed =
        state === "subscribed"
          ? this.#mailboxes.subscribe(user, name)
          : this.#mailboxes.unsubscribe(user, name);
      if (changed) this.#watchers.tellList(user, { type: state, name });
    });
  }

  status(mailbox: MailboxId): MailboxStatus {
    const row = this.#mailboxes.row(mailbox);
    return {
      messages: row.messages,
      recent: this.#messages.countFrom(mailbox, row.recent_from),
      unseen: row.unseen,
      deleted: row.deleted,
      size: row.size,
      uidNext: row.uid_next,
      uidValidity: row.uid_validity,
      highestModSeq: row.highest_mod_seq,
      id: objectId(mailbox),
    };
  }

  snapshot(mailbox: MailboxId, access: "read-write" | "read-only"): MailboxSnapshot {
    const row = this.#mailboxes.row(mailbox);
    if (access === "read-write" && row.recent_from < row.uid_next) {
      whereThereIsRoom(() => this.transactions.run(() => this.#mailboxes.claimRecent(mailbox)));
    }
    return {
      id: objectId(mailbox),
      uidValidity: row.uid_validity,
      uidNext: row.uid_next,
      highestModSeq: row.highest_mod_seq,
      keywords: this.#mailboxes.keywords(mailbox),
      messages: this.#operations.states(mailbox),
      recentFrom: row.recent_from,
    };
  }

  records<Part extends RecordPart = RecordPart>(
    mailbox: MailboxId,
    uids: readonly number[],
    parts?: readonly Part[],
  ): readonly MessageRecord<Part>[] {
    return this.#records.find(mailbox, uids, parts);
  }

  read(mailbox: MailboxId, uid: number): Uint8Array | null {
    return this.#messages.read(mailbox, uid);
  }

  append(mailbox: MailboxId, messages: readonly NewMessage[], identity: Address | null = null): AppendResult {
    return this.#operations.append(mailbox, messages, identity);
  }

  ofIdentity(mailbox: MailboxId, identity: Address, fromUid: number): readonly SizedMessage[] {
    return this.#messages.ofIdentity(mailbox, identity, fromUid);
  }

  store(
    mailbox: MailboxId,
    uids: readonly number[],
    change: FlagChange,
    origin: MailboxWatcher | null,
  ): StoreResult {
    return this.#operations.store(mailbox, uids, change, origin);
  }

  expunge(
    mailbox: MailboxId,
    uids: readonly number[] | "all",
    condition: "deleted-only" | "any",
    origin: MailboxWatcher | null,
  ): ExpungeResult {
    return this.#operations.expunge(mailbox, uids, condition, origin);
  }

  copy(mailbox: MailboxId, uids: readonly number[], destination: MailboxId): CopyResult {
    return this.#operations.copy(mailbox, uids, destination);
  }

  move(
    mailbox: MailboxId,
    uids: readonly number[],
    destination: MailboxId,
    origin: MailboxWatcher | null,
  ): CopyResult & ExpungeResult {
    return this.transactions.run(() => {
      const copied = this.#operations.copy(mailbox, uids, destination);
      const gone = this.#operations.expunge(mailbox, copied.sourceUids, "any", origin);
      return { ...copied, ...gone };
    });
  }

  vanishedSince(mailbox: MailboxId, modSeq: number): readonly number[] | null {
    const row = this.#mailboxes.find(mailbox);
    return row && modSeq >= row.forgotten_mod_seq ? this.#messages.expungedSince(mailbox, modSeq) : null;
  }

  findByMessageId(mailbox: MailboxId, messageId: string): readonly number[] {
    return this.#messages.findByMessageId(mailbox, messageId);
  }

  subscribe(mailbox: MailboxId, watcher: MailboxWatcher, access: Access = "read-write"): () => void {
    const visit = this.#watchers.enter(mailbox, watcher, access);
    return () => {
      if (visit.over) return;
      const free = this.#watchers.leave(mailbox, visit);
      if (free.length > 0) this.#releases.add(mailbox, free);
    };
  }

  told(mailbox: MailboxId, watcher: MailboxWatcher): void {
    const free = this.#watchers.told(mailbox, watcher);
    if (free.length > 0) this.#releases.add(mailbox, free);
  }

  watch(user: string, listener: (change: MailboxListChange) => void): () => void {
    return this.#watchers.watchList(user, listener);
  }
}

function namesOf(rows: readonly MailboxRow[]): Set<string> {
  return new Set(rows.map((row) => row.name));
}

function infoOf(row: MailboxRow): MailboxInfo {
  const info = { name: row.name, selectable: true, id: objectId(row.id) };
  return row.special_use ? { ...info, specialUse: row.special_use } : info;
}
