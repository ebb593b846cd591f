/** The mail of all users in memory: the plain way to do it, which the SQLite one is compared with. */
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
  MessageState,
  NewMessage,
  RecordPart,
  SpecialUse,
  StoreResult,
} from "../../mail/imap/backend.js";
import { ImapError } from "../../mail/imap/error.js";
import { changeFlags, sameFlags } from "../mail/flags.js";
import { INBOX, impliedNames, noSuchMailbox, planCreate, planRename } from "../mail/names.js";
import { formatPurpose, objectId, parsePurpose, refuseInbox } from "../mail/rules.js";
import { type Access, Watchers } from "../mail/watchers.js";
import {
  type Addition,
  additionOf,
  byName,
  byUid,
  type Mailbox,
  type Message,
  namesOf,
  pick,
  Spelling,
  snapshotOf,
  statusOf,
} from "./mailbox-rows.js";
import { MailboxSubscriptions } from "./mailbox-subscriptions.js";
import { type MemoryTransactions, Sequence, Table } from "./transactions.js";

interface Options {
  readonly clock: () => number;
  readonly reportError: (error: unknown) => void;
}

export class MemoryMailboxStore implements MailboxStore {
  readonly #mailboxes: Table<MailboxId, Mailbox>;
  readonly #subscriptions: MailboxSubscriptions;
  readonly #ids: Sequence;
  readonly #emailIds: Sequence;
  readonly #uidValidities: Sequence;
  readonly #watchers: Watchers;

  constructor(
    private readonly transactions: MemoryTransactions,
    private readonly options: Options,
  ) {
    this.#mailboxes = new Table(transactions);
    this.#ids = new Sequence(transactions);
    this.#emailIds = new Sequence(transactions);
    this.#uidValidities = new Sequence(transactions);
    this.#watchers = new Watchers(transactions, options.reportError);
    this.#subscriptions = new MailboxSubscriptions(transactions, this.#watchers);
  }

  list(user: string): readonly MailboxInfo[] {
    const mailboxes = this.#of(user);
    const real = mailboxes.map(({ id, name, specialUse }) => {
      const info = { name, selectable: true, id: objectId(id) };
      return specialUse ? { ...info, specialUse } : info;
    });
    const implied = impliedNames(namesOf(mailboxes));
    return [...real, ...implied.map((name) => ({ name, selectable: false, id: "" }))];
  }

  find(user: string, name: string): MailboxId | null {
    return this.#of(user).find((mailbox) => mailbox.name === name)?.id ?? null;
  }

  nameOf(mailbox: MailboxId): string {
    return this.#mailbox(mailbox).name;
  }

  findByPurpose(user: string, purpose: MailboxPurpose): MailboxId | null {
    return this.#of(user).find((mailbox) => mailbox.purpose === formatPurpose(purpose))?.id ?? null;
  }

  purposeOf(mailbox: MailboxId): MailboxPurpose | null {
    const { purpose } = this.#mailbox(mailbox);
    return purpose === null ? null : parsePurpose(purpose);
  }

  setPurpose(mailbox: MailboxId, purpose: MailboxPurpose | null): void {
    const { user } = this.#mailbox(mailbox);
    const before = purpose && this.findByPurpose(user, purpose);
    if (before !== null) this.#mailboxes.set(before, { ...this.#mailbox(before), purpose: null });
    this.#mailboxes.set(mailbox, { ...this.#mailbox(mailbox), purpose: purpose && formatPurpose(purpose) });
  }

  create(
    user: string,
    name: string,
    options: { readonly specialUse?: SpecialUse; readonly subscribed?: "subscribed" },
  ): MailboxId {
    return this.transactions.run(() => {
      const mailboxes = this.#of(user);
      const { specialUse } = options;
      const plan = planCreate(namesOf(mailboxes), name);
      if (specialUse && mailboxes.some((mailbox) => mailbox.specialUse === specialUse)) {
        throw new ImapError("NO", "USEATTR", "Another mailbox has that special use.");
      }
      for (const parent of plan.slice(0, -1)) this.#insert(user, parent, null);
      const id = this.#insert(user, name, specialUse ?? null);
      if (options.subscribed) this.setSubscription(user, name, "subscribed");
      return id;
    });
  }

  #insert(user: string, name: string, specialUse: SpecialUse | null): MailboxId {
    const id = this.#ids.next() as MailboxId;
    const uidValidity = this.#uidValidities.next(Math.floor(this.options.clock()));
    const numbers = { uidValidity, uidNext: 1, highestModSeq: 1, recentFrom: 1 };
    const empty = { keywords: [], messages: [], expunged: [], departed: [] };
    this.#mailboxes.set(id, { id, user, name, specialUse, purpose: null, ...numbers, ...empty });
    this.#watchers.tellList(user, { type: "created", name });
    return id;
  }

  remove(user: string, name: string): void {
    refuseInbox(name);
    this.transactions.run(() => {
      const id = this.find(user, name);
      if (id === null) {
        if (impliedNames(namesOf(this.#of(user))).includes(name)) {
          throw new ImapError("NO", "HASCHILDREN", "The mailboxes below it must be deleted first.");
        }
        throw noSuchMailbox();
      }
      this.#drop(user, id, name);
    });
  }

  #drop(user: string, id: MailboxId, name: string): void {
    this.#mailboxes.delete(id);
    this.#watchers.tell(this.#watchers.others(id, null), { type: "deleted" });
    this.#watchers.tellList(user, { type: "deleted", name });
    this.transactions.afterCommit(() => this.#watchers.forget(id));
  }

  removeUser(user: string): void {
    this.transactions.run(() => {
      for (const { id, name } of this.#of(user)) this.#drop(user, id, name);
      for (const name of this.subscriptions(user)) this.setSubscription(user, name, "unsubscribed");
    });
  }

  rename(user: string, from: string, to: string): void {
    this.transactions.run(() => {
      if (from === INBOX) this.#emptyInboxInto(user, to);
      else this.#renameTree(user, from, to);
    });
  }

  #emptyInboxInto(user: string, to: string): void {
    const inbox = this.find(user, INBOX);
    if (inbox === null) throw noSuchMailbox();
    const destination = this.create(user, to, {});
    const uids = this.#mailbox(inbox).messages.map((message) => message.state.uid);
    this.move(inbox, uids, destination, null);
  }

  #renameTree(user: string, from: string, to: string): void {
    const mailboxes = this.#of(user);
    const plan = planRename(namesOf(mailboxes), from, to);
    for (const [oldName, name] of plan.rename) {
      const mailbox = mailboxes.find((one) => one.name === oldName)!;
      this.#mailboxes.set(mailbox.id, { ...mailbox, name });
      this.#watchers.tellList(user, { type: "renamed", name, oldName });
    }
    for (const parent of plan.create) this.#insert(user, parent, null);
  }

  subscriptions(user: string): readonly string[] {
    return this.#subscriptions.list(user);
  }

  setSubscription(user: string, name: string, state: "subscribed" | "unsubscribed"): void {
    this.transactions.run(() => this.#subscriptions.set(user, name, state));
  }

  status(id: MailboxId): MailboxStatus {
    return statusOf(this.#mailbox(id));
  }

  snapshot(id: MailboxId, access: Access): MailboxSnapshot {
    const mailbox = this.#mailbox(id);
    if (access === "read-write") this.#mailboxes.set(id, { ...mailbox, recentFrom: mailbox.uidNext });
    return snapshotOf(mailbox);
  }

  records<Part extends RecordPart>(id: MailboxId, uids: readonly number[]): readonly MessageRecord<Part>[] {
    return this.#readable(id, uids).map((message) => message.record);
  }

  read(id: MailboxId, uid: number): Uint8Array | null {
    return this.#readable(id, [uid])[0]?.bytes.slice() ?? null;
  }

  append(id: MailboxId, newMessages: readonly NewMessage[], identity: Address | null = null): AppendResult {
    return this.transactions.run(() => {
      const additions = newMessages.map((message) =>
        additionOf(message, { identity, emailId: `M${this.#emailIds.next()}`, now: this.#now() }),
      );
      return { uidValidity: this.#mailbox(id).uidValidity, uids: this.#add(id, additions) };
    });
  }

  copy(id: MailboxId, uids: readonly number[], destination: MailboxId): CopyResult {
    return this.transactions.run(() => {
      const sources = pick(this.#find(id)?.messages ?? [], uids);
      const { uidValidity } = this.#mailbox(destination);
      const additions = sources.map((source) => ({ ...source, flags: source.state.flags }));
      const destinationUids = this.#add(destination, additions);
      return { uidValidity, sourceUids: sources.map((source) => source.state.uid), destinationUids };
    });
  }

  move(
    id: MailboxId,
    uids: readonly number[],
    destination: MailboxId,
    origin: MailboxWatcher | null,
  ): CopyResult & ExpungeResult {
    return this.transactions.run(() => {
      const copied = this.copy(id, uids, destination);
      return { ...copied, ...this.expunge(id, copied.sourceUids, "any", origin) };
    });
  }

  #add(id: MailboxId, additions: readonly Addition[]): readonly number[] {
    if (additions.length === 0) return [];
    const mailbox = this.#mailbox(id);
    const highestModSeq = mailbox.highestModSeq + 1;
    const spelling = new Spelling(mailbox.keywords);
    const messages = additions.map(({ flags, record, ...rest }, index) => {
      const uid = mailbox.uidNext + index;
      const state = { uid, flags: spelling.learn(flags), modSeq: highestModSeq };
      return { ...rest, state, record: { ...record, uid, saveDate: this.#now() } };
    });
    const states = messages.map((message) => message.state);
    const uidNext = mailbox.uidNext + messages.length;
    const claimed = this.#watchers.tellAppended(id, states);
    this.#watchers.tellList(mailbox.user, { type: "status", name: mailbox.name });
    this.#mailboxes.set(id, {
      ...mailbox,
      uidNext,
      highestModSeq,
      recentFrom: claimed ? uidNext : mailbox.recentFrom,
      keywords: spelling.keywords,
      messages: [...mailbox.messages, ...messages],
    });
    return states.map((state) => state.uid);
  }

  store(
    id: MailboxId,
    uids: readonly number[],
    change: FlagChange,
    origin: MailboxWatcher | null,
  ): StoreResult {
    return this.transactions.run(() => {
      const mailbox = this.#mailbox(id);
      const found = pick(mailbox.messages, uids).map((message) => message.state);
      const limit = change.unchangedSince ?? Number.POSITIVE_INFINITY;
      const modified = found.filter((state) => state.modSeq > limit).map((state) => state.uid);
      const allowed = found.filter((state) => state.modSeq <= limit);
      const spelling = new Spelling(mailbox.keywords);
      const learns = allowed.length > 0 && change.action !== "remove";
      const flags = learns ? spelling.learn(change.flags) : spelling.apply(change.flags);
      const modSeq = mailbox.highestModSeq + 1;
      const states = allowed.map((state) => {
        const next = changeFlags(state.flags, change.action, flags);
        return sameFlags(state.flags, next) ? state : { uid: state.uid, flags: next, modSeq };
      });
      this.#setStates({ ...mailbox, keywords: spelling.keywords }, states, modSeq, origin);
      return { changed: states, modified };
    });
  }

  #setStates(
    mailbox: Mailbox,
    states: readonly MessageState[],
    modSeq: number,
    origin: MailboxWatcher | null,
  ): void {
    const changed = states.filter((state) => state.modSeq === modSeq);
    const byUid = new Map(changed.map((state) => [state.uid, state]));
    const messages = mailbox.messages.map((message) => {
      const state = byUid.get(message.state.uid);
      return state ? { ...message, state } : message;
    });
    const highestModSeq = changed.length > 0 ? modSeq : mailbox.highestModSeq;
    this.#mailboxes.set(mailbox.id, { ...mailbox, highestModSeq, messages });
    if (changed.length === 0) return;
    this.#watchers.tell(this.#watchers.others(mailbox.id, origin), { type: "flags", messages: changed });
    this.#watchers.tellList(mailbox.user, { type: "status", name: mailbox.name });
  }

  expunge(
    id: MailboxId,
    uids: readonly number[] | "all",
    condition: "deleted-only" | "any",
    origin: MailboxWatcher | null,
  ): ExpungeResult {
    return this.transactions.run(() => {
      const mailbox = this.#mailbox(id);
      const candidates = uids === "all" ? mailbox.messages : pick(mailbox.messages, uids);
      const doomed = candidates.filter(
        (message) => condition === "any" || message.state.flags.includes("\\Deleted"),
      );
      if (doomed.length === 0) return { expunged: [], highestModSeq: mailbox.highestModSeq };
      return this.#remove(mailbox, doomed, origin);
    });
  }

  #remove(mailbox: Mailbox, doomed: readonly Message[], origin: MailboxWatcher | null): ExpungeResult {
    const highestModSeq = mailbox.highestModSeq + 1;
    const expunged = doomed.map((message) => message.state.uid);
    const readers = this.#watchers.others(mailbox.id, origin);
    const gone = new Set(doomed);
    this.#mailboxes.set(mailbox.id, {
      ...mailbox,
      highestModSeq,
      messages: mailbox.messages.filter((message) => !gone.has(message)),
      expunged: [...mailbox.expunged, ...expunged.map((uid) => ({ uid, modSeq: highestModSeq }))],
      departed: readers.length > 0 ? [...mailbox.departed, ...doomed] : mailbox.departed,
    });
    if (readers.length > 0) {
      this.transactions.afterCommit(() => {
        if (!this.#watchers.hold(mailbox.id, expunged, readers)) this.#release(mailbox.id, expunged);
      });
    }
    this.#watchers.tell(readers, { type: "expunged", uids: expunged, highestModSeq });
    this.#watchers.tellList(mailbox.user, { type: "status", name: mailbox.name });
    return { expunged, highestModSeq };
  }

  vanishedSince(id: MailboxId, modSeq: number): readonly number[] | null {
    const mailbox = this.#find(id);
    if (!mailbox) return null;
    const since = mailbox.expunged.filter((one) => one.modSeq > modSeq).map((one) => one.uid);
    return since.sort((left, right) => left - right);
  }

  ofIdentity(id: MailboxId, identity: Address, fromUid: number): readonly SizedMessage[] {
    return this.#mailbox(id)
      .messages.filter((message) => message.identity === identity && message.state.uid >= fromUid)
      .map(({ state, record }) => ({ uid: state.uid, size: record.digest.size }));
  }

  findByMessageId(id: MailboxId, messageId: string): readonly number[] {
    const messages = this.#find(id)?.messages ?? [];
    return messages.filter((message) => message.messageId === messageId).map((message) => message.state.uid);
  }

  subscribe(id: MailboxId, watcher: MailboxWatcher, access: Access = "read-write"): () => void {
    const visit = this.#watchers.enter(id, watcher, access);
    return () => {
      if (!visit.over) this.#release(id, this.#watchers.leave(id, visit));
    };
  }

  told(id: MailboxId, watcher: MailboxWatcher): void {
    this.#release(id, this.#watchers.told(id, watcher));
  }

  #release(id: MailboxId, uids: readonly number[]): void {
    const mailbox = this.#find(id);
    if (!mailbox || uids.length === 0) return;
    const free = new Set(uids);
    const departed = mailbox.departed.filter((message) => !free.has(message.state.uid));
    this.#mailboxes.set(id, { ...mailbox, departed });
  }

  watch(user: string, listener: (change: MailboxListChange) => void): () => void {
    return this.#watchers.watchList(user, listener);
  }

  #now(): number {
    return Math.floor(this.options.clock());
  }

  #find(id: MailboxId): Mailbox | undefined {
    return this.#mailboxes.get(id);
  }

  #mailbox(id: MailboxId): Mailbox {
    const mailbox = this.#find(id);
    if (!mailbox) throw noSuchMailbox();
    return mailbox;
  }

  #of(user: string): Mailbox[] {
    const all = this.#mailboxes.values();
    return all.filter((mailbox) => mailbox.user === user).sort(byName);
  }

  #readable(id: MailboxId, uids: readonly number[]): Message[] {
    const mailbox = this.#find(id);
    if (!mailbox) return [];
    return pick([...mailbox.messages, ...mailbox.departed], uids).sort(byUid);
  }
}
