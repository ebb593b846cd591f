/** Rows of mailboxes: names, numbers, keywords, subscriptions. */
import type { MailboxId } from "../../gateway/ports.js";
import type { SpecialUse } from "../../mail/imap/backend.js";
import type { Database } from "../database.js";
import { flagKey } from "../mail/flags.js";
import { noSuchMailbox } from "../mail/names.js";

export interface MailboxRow {
  id: MailboxId;
  user: string;
  name: string;
  special_use: SpecialUse | null;
  uid_validity: number;
  uid_next: number;
  highest_mod_seq: number;
  recent_from: number;
  messages: number;
  unseen: number;
  deleted: number;
  size: number;
  purpose: string | null;
  /** Of expunges up to this nothing may be known any more. */
  forgotten_mod_seq: number;
}

/** What an operation did to a mailbox's numbers; counts are differences. */
export interface NumbersChange {
  readonly uidNext: number;
  readonly highestModSeq: number;
  readonly messages: number;
  readonly unseen: number;
  readonly deleted: number;
  readonly size: number;
}

export class MailboxTable {
  readonly #statements;

  constructor(
    database: Database,
    private readonly clock: () => number,
  ) {
    this.#statements = prepareStatements(database);
  }

  /** @throws ImapError NO [NONEXISTENT] */
  row(id: MailboxId): MailboxRow {
    const row = this.find(id);
    if (!row) throw noSuchMailbox();
    return row;
  }

  find(id: MailboxId): MailboxRow | null {
    return (this.#statements.byId.get(id) as MailboxRow | undefined) ?? null;
  }

  findByName(user: string, name: string): MailboxRow | null {
    return (this.#statements.byName.get(user, name) as MailboxRow | undefined) ?? null;
  }

  ofUser(user: string): readonly MailboxRow[] {
    return this.#statements.ofUser.all(user) as MailboxRow[];
  }

  insert(user: string, name: string, specialUse: SpecialUse | null): MailboxId {
    const { lastInsertRowid } = this.#statements.insert.run(user, name, specialUse, this.#nextUidValidity());
    return Number(lastInsertRowid) as MailboxId;
  }

  findByPurpose(user: string, purpose: string): MailboxRow | null {
    return (this.#statements.byPurpose.get(user, purpose) as MailboxRow | undefined) ?? null;
  }

  setPurpose(id: MailboxId, purpose: string | null): void {
    this.#statements.setPurpose.run(purpose, id);
  }

  rename(id: MailboxId, name: string): void {
    this.#statements.rename.run(name, id);
  }

  /** Its messages must be gone before. */
  delete(id: MailboxId): void {
    this.#statements.delete.run(id);
  }

  change(id: MailboxId, change: NumbersChange): void {
    this.#statements.change.run({ id, ...change });
  }

  claimRecent(id: MailboxId): void {
    this.#statements.claimRecent.run(id);
  }

  keywords(id: MailboxId): readonly string[] {
    return this.#statements.keywords.all(id) as string[];
  }

  /** Spellings of the keywords, by `flagKey`. */
  spellings(id: MailboxId): Map<string, string> {
    return new Map(this.keywords(id).map((keyword) => [flagKey(keyword), keyword]));
  }

  addKeyword(id: MailboxId, keyword: string): void {
    this.#statements.addKeyword.run(id, keyword);
  }

  subscriptions(user: string): readonly string[] {
    return this.#statements.subscriptions.all(user) as string[];
  }

  subscribe(user: string, name: string): boolean {
    return this.#statements.subscribe.run(user, name).changes > 0;
  }

  unsubscribe(user: string, name: string): boolean {
    return this.#statements.unsubscribe.run(user, name).changes > 0;
  }

  /** Grows for ever, over all mailboxes; with the clock, so that a database made anew does not repeat the numbers of the old one. */
  #nextUidValidity(): number {
    return this.#statements.nextUidValidity.get({ now: Math.floor(this.clock()) }) as number;
  }
}

function prepareStatements(database: Database) {
  const prepare = (sql: string) => database.prepare<unknown[]>(sql);
  return {
    byId: prepare("SELECT * FROM mailbox WHERE id = ?"),
    byName: prepare("SELECT * FROM mailbox WHERE user = ? AND name = ?"),
    byPurpose: prepare("SELECT * FROM mailbox WHERE user = ? AND purpose = ?"),
    setPurpose: prepare("UPDATE mailbox SET purpose = ? WHERE id = ?"),
    ofUser: prepare("SELECT * FROM mailbox WHERE user = ? ORDER BY name"),
    insert: prepare("INSERT INTO mailbox (user, name, special_use, uid_validity) VALUES (?, ?, ?, ?)"),
    rename: prepare("UPDATE mailbox SET name = ? WHERE id = ?"),
    delete: prepare("DELETE FROM mailbox WHERE id = ?"),
    change: prepare(
      `UPDATE mailbox SET uid_next = :uidNext, highest_mod_seq = :highestModSeq, messages = messages + :messages,
         unseen = unseen + :unseen, deleted = deleted + :deleted, size = size + :size WHERE id = :id`,
    ),
    claimRecent: prepare("UPDATE mailbox SET recent_from = uid_next WHERE id = ?"),
    keywords: prepare("SELECT keyword FROM mailbox_keyword WHERE mailbox_id = ? ORDER BY keyword").pluck(),
    addKeyword: prepare("INSERT OR IGNORE INTO mailbox_keyword VALUES (?, ?)"),
    subscriptions: prepare("SELECT name FROM mailbox_subscription WHERE user = ? ORDER BY name").pluck(),
    subscribe: prepare("INSERT OR IGNORE INTO mailbox_subscription VALUES (?, ?)"),
    unsubscribe: prepare("DELETE FROM mailbox_subscription WHERE user = ? AND name = ?"),
    nextUidValidity: prepare(
      `INSERT INTO counter VALUES ('uid-validity', :now)
       ON CONFLICT (name) DO UPDATE SET value = max(value + 1, :now) RETURNING value`,
    ).pluck(),
  };
}
