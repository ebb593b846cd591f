/** Who hears of changes in mailboxes, and which expunged messages are kept for them. */
import type { Transactions } from "../../bitmessage/messaging/ports.js";
import type { MailboxId, MailboxWatcher } from "../../gateway/ports.js";
import type { MailboxListChange, MailboxUpdate, MessageState } from "../../mail/imap/backend.js";

export type Access = "read-write" | "read-only";

/** A watcher's time in a mailbox. */
export interface Visit {
  readonly watcher: MailboxWatcher;
  readonly access: Access;
  over: boolean;
}

interface Departure {
  readonly uids: readonly number[];
  readonly holders: Set<Visit>;
}

type ListListener = (change: MailboxListChange) => void;

export class Watchers {
  readonly #visits = new Map<MailboxId, Set<Visit>>();
  readonly #departures = new Map<MailboxId, Departure[]>();
  readonly #listListeners = new Map<string, Set<ListListener>>();

  constructor(
    private readonly transactions: Transactions,
    private readonly reportError: (error: unknown) => void,
  ) {}

  enter(mailbox: MailboxId, watcher: MailboxWatcher, access: Access): Visit {
    const visit: Visit = { watcher, access, over: false };
    addTo(this.#visits, mailbox, visit);
    return visit;
  }

  /** Returns the UIDs that nobody holds any longer. */
  leave(mailbox: MailboxId, visit: Visit): readonly number[] {
    visit.over = true;
    removeFrom(this.#visits, mailbox, visit);
    return this.#letGo(mailbox, (holder) => holder === visit);
  }

  /** The watcher needs no message any more that is expunged by now; returns the UIDs that nobody holds any longer. */
  told(mailbox: MailboxId, watcher: MailboxWatcher): readonly number[] {
    return this.#letGo(mailbox, (holder) => holder.watcher === watcher);
  }

  #letGo(mailbox: MailboxId, isMeant: (holder: Visit) => boolean): readonly number[] {
    const departures = this.#departures.get(mailbox) ?? [];
    for (const { holders } of departures)
      for (const holder of holders) if (isMeant(holder)) holders.delete(holder);
    const kept = departures.filter((departure) => departure.holders.size > 0);
    if (kept.length > 0) this.#departures.set(mailbox, kept);
    else this.#departures.delete(mailbox);
    return departures
      .filter((departure) => departure.holders.size === 0)
      .flatMap((departure) => departure.uids);
  }

  /** The visits in the mailbox that do not belong to the origin. */
  others(mailbox: MailboxId, origin: MailboxWatcher | null): readonly Visit[] {
    return [...(this.#visits.get(mailbox) ?? [])].filter((visit) => visit.watcher !== origin);
  }

  /** Keeps expunged UIDs for these visits; false when all of them are over already. */
  hold(mailbox: MailboxId, uids: readonly number[], visits: readonly Visit[]): boolean {
    const holders = new Set(visits.filter((visit) => !visit.over));
    if (holders.size === 0) return false;
    const departures = this.#departures.get(mailbox);
    if (departures) departures.push({ uids, holders });
    else this.#departures.set(mailbox, [{ uids, holders }]);
    return true;
  }

  /** The mailbox is gone, and its expunged messages with it. */
  forget(mailbox: MailboxId): void {
    this.#departures.delete(mailbox);
  }

  /** Tells these visits after the commit: those who enter in between have seen the change already. */
  tell(visits: readonly Visit[], update: MailboxUpdate): void {
    if (visits.length === 0) return;
    this.transactions.afterCommit(() => {
      for (const visit of visits) if (!visit.over) this.#guard(() => visit.watcher.update(update));
    });
  }

  /**
   * Tells of new messages, which are \Recent to one who may write, or else to all who may only look (RFC 3501 section 2.3.2).
   * @returns whether somebody has claimed them
   */
  tellAppended(mailbox: MailboxId, messages: readonly MessageState[]): boolean {
    const visits = this.others(mailbox, null);
    const first = visits.find((visit) => visit.access === "read-write");
    for (const visit of visits) {
      this.tell([visit], { type: "appended", messages, recent: first === undefined || visit === first });
    }
    return first !== undefined;
  }

  watchList(user: string, listener: ListListener): () => void {
    const entry: ListListener = (change) => listener(change);
    addTo(this.#listListeners, user, entry);
    return () => removeFrom(this.#listListeners, user, entry);
  }

  tellList(user: string, change: MailboxListChange): void {
    if (!this.#listListeners.has(user)) return;
    this.transactions.afterCommit(() => {
      for (const listener of [...(this.#listListeners.get(user) ?? [])]) this.#guard(() => listener(change));
    });
  }

  #guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.reportError(error);
    }
  }
}

function addTo<Key, Value>(map: Map<Key, Set<Value>>, key: Key, value: Value): void {
  const values = map.get(key);
  if (values) values.add(value);
  else map.set(key, new Set([value]));
}

function removeFrom<Key, Value>(map: Map<Key, Set<Value>>, key: Key, value: Value): void {
  const values = map.get(key);
  values?.delete(value);
  if (values?.size === 0) map.delete(key);
}
