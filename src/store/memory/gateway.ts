/** The gateway's stores in memory, mailboxes apart. */
import type { OutboxId } from "../../bitmessage/messaging/types.js";
import type {
  DeliveryLog,
  ImportLog,
  ReportKind,
  ReportStore,
  Submission,
  SubmissionStore,
  ThreadEntry,
  ThreadStore,
  User,
  UserStore,
} from "../../gateway/ports.js";
import { removeOldest } from "./automatic-answers.js";
import { type MemoryTransactions, Sequence, Table } from "./transactions.js";

export class MemoryUserStore implements UserStore {
  readonly #users: Table<string, User>;

  constructor(transactions: MemoryTransactions) {
    this.#users = new Table(transactions);
  }

  list(): readonly User[] {
    return this.#users.values().sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  get(name: string): User | null {
    return this.#users.get(name) ?? null;
  }

  save(user: User): void {
    this.#users.set(user.name, { ...user });
  }

  remove(name: string): void {
    this.#users.delete(name);
  }
}

interface SubmissionRow {
  readonly position: number;
  readonly submission: Submission;
}

export class MemorySubmissionStore implements SubmissionStore {
  readonly #rows: Table<string, SubmissionRow>;
  readonly #positions: Sequence;

  constructor(private readonly transactions: MemoryTransactions) {
    this.#rows = new Table(transactions);
    this.#positions = new Sequence(transactions);
  }

  add(submission: Submission): void {
    this.transactions.run(() => {
      if (this.#rows.has(submission.id)) throw new Error(`there is a submission ${submission.id} already`);
      const ids = submission.recipients.map((recipient) => recipient.outboxId);
      if (new Set(ids).size < ids.length || ids.some((id) => this.findByOutboxId(id))) {
        throw new Error("an outbox entry belongs to one recipient of one submission");
      }
      const position = this.#positions.next();
      this.#rows.set(submission.id, { position, submission: structuredClone(submission) });
    });
  }

  get(id: string): Submission | null {
    return this.#rows.get(id)?.submission ?? null;
  }

  findByOutboxId(id: OutboxId): Submission | null {
    const has = (one: Submission) => one.recipients.some((recipient) => recipient.outboxId === id);
    return this.#submissions().find(has) ?? null;
  }

  findByMessageId(user: string, messageId: string, since: number): Submission | null {
    return this.listByMessageId(user, messageId).findLast((one) => one.created >= since) ?? null;
  }

  listByMessageId(user: string, messageId: string): readonly Submission[] {
    return this.#submissions().filter((one) => one.user === user && one.messageId === messageId);
  }

  remove(id: string): void {
    this.#rows.delete(id);
  }

  withoutRecipients(before: number, limit: number): readonly string[] {
    const empty = this.#submissions().filter((one) => one.recipients.length === 0 && one.created < before);
    return empty.slice(0, limit).map((one) => one.id);
  }

  removeUser(user: string): readonly OutboxId[] {
    return this.transactions.run(() => {
      const own = this.#submissions().filter((one) => one.user === user);
      for (const { id } of own) this.#rows.delete(id);
      return own.flatMap((one) => one.recipients.map((recipient) => recipient.outboxId));
    });
  }

  /** Oldest first. */
  #submissions(): Submission[] {
    const rows = this.#rows.values();
    rows.sort(
      (left, right) => left.submission.created - right.submission.created || left.position - right.position,
    );
    return rows.map((row) => row.submission);
  }
}

interface ReportRow {
  readonly id: number;
  readonly outboxId: OutboxId;
  readonly kind: ReportKind;
  readonly time: number;
  readonly pending: boolean;
}

export class MemoryReportStore implements ReportStore {
  readonly #reports: Table<number, ReportRow>;
  readonly #ids: Sequence;

  constructor(transactions: MemoryTransactions) {
    this.#reports = new Table(transactions);
    this.#ids = new Sequence(transactions);
  }

  add(report: { readonly outboxId: OutboxId; readonly kind: ReportKind; readonly time: number }): void {
    const id = this.#ids.next();
    this.#reports.set(id, { ...report, id, pending: true });
  }

  pending(): readonly Omit<ReportRow, "pending">[] {
    const rows = this.#reports.values().filter((row) => row.pending);
    rows.sort((left, right) => left.id - right.id);
    return rows.map(({ id, outboxId, kind, time }) => ({ id, outboxId, kind, time }));
  }

  remove(id: number): void {
    const row = this.#reports.get(id);
    if (row) this.#reports.set(id, { ...row, pending: false });
  }

  forget(outboxId: OutboxId): void {
    for (const row of this.#reports.values()) if (row.outboxId === outboxId) this.#reports.delete(row.id);
  }

  has(outboxId: OutboxId, kind: ReportKind): boolean {
    return this.#reports.values().some((row) => row.outboxId === outboxId && row.kind === kind);
  }
}

export class MemoryDeliveryLog implements DeliveryLog {
  readonly #entries: Table<string, { readonly user: string; readonly hash: string; readonly time: number }>;

  constructor(private readonly transactions: MemoryTransactions) {
    this.#entries = new Table(transactions);
  }

  has(user: string, hash: string): boolean {
    return this.#entries.has(keyOf(user, hash));
  }

  add(user: string, hash: string, time: number): void {
    if (!this.has(user, hash)) this.#entries.set(keyOf(user, hash), { user, hash, time });
  }

  removeBefore(time: number, limit: number): number {
    const key = (entry: { readonly user: string; readonly hash: string }) => keyOf(entry.user, entry.hash);
    return removeOldest(this.transactions, this.#entries, key, { before: time, limit });
  }

  removeUser(user: string): void {
    const own = this.#entries.values().filter((entry) => entry.user === user);
    for (const { hash } of own) this.#entries.delete(keyOf(user, hash));
  }
}

export class MemoryImportLog implements ImportLog {
  readonly #entries: Table<string, { readonly user: string; readonly key: string }>;

  constructor(transactions: MemoryTransactions) {
    this.#entries = new Table(transactions);
  }

  has(user: string, key: string): boolean {
    return this.#entries.has(keyOf(user, key));
  }

  add(user: string, key: string): void {
    this.#entries.set(keyOf(user, key), { user, key });
  }

  removeUser(user: string): void {
    const own = this.#entries.values().filter((entry) => entry.user === user);
    for (const { key } of own) this.#entries.delete(keyOf(user, key));
  }
}

function keyOf(user: string, hash: string): string {
  return JSON.stringify([user, hash]);
}

interface ThreadRow extends ThreadEntry {
  readonly id: number;
}

export class MemoryThreadStore implements ThreadStore {
  readonly #rows: Table<number, ThreadRow>;
  readonly #ids: Sequence;

  constructor(private readonly transactions: MemoryTransactions) {
    this.#rows = new Table(transactions);
    this.#ids = new Sequence(transactions);
  }

  remember(entry: ThreadEntry): void {
    this.transactions.run(() => {
      for (const row of this.#of(entry.user)) {
        const same = row.messageId === entry.messageId && row.correspondent === entry.correspondent;
        if (same && (row.hash === null || row.hash === entry.hash)) this.#rows.delete(row.id);
      }
      const id = this.#ids.next();
      this.#rows.set(id, { ...structuredClone(entry), id });
    });
  }

  findByHash(user: string, hash: string): ThreadEntry | null {
    return entryOf(this.#of(user).findLast((row) => row.hash === hash));
  }

  findByMessageId(user: string, messageId: string): ThreadEntry | null {
    return entryOf(this.#of(user).findLast((row) => row.messageId === messageId));
  }

  findBySubject(user: string, correspondent: string, baseSubject: string): ThreadEntry | null {
    const rows = this.#of(user).filter(
      (row) => row.correspondent === correspondent && row.baseSubject === baseSubject,
    );
    return entryOf(rows.sort((left, right) => left.time - right.time || left.id - right.id).at(-1));
  }

  newest(user: string, correspondent: string, limit: number): readonly ThreadEntry[] {
    const rows = this.#of(user).filter((row) => row.correspondent === correspondent);
    return rows
      .sort((left, right) => right.time - left.time || right.id - left.id)
      .slice(0, limit)
      .map(({ id: _, ...entry }) => structuredClone(entry));
  }

  correspondents(user: string): readonly string[] {
    return [...new Set(this.#of(user).map((row) => row.correspondent))].sort();
  }

  removeBefore(time: number, limit: number): number {
    return removeOldest(this.transactions, this.#rows, ({ id }) => id, { before: time, limit });
  }

  removeUser(user: string): void {
    this.transactions.run(() => {
      for (const row of this.#of(user)) this.#rows.delete(row.id);
    });
  }

  #of(user: string): ThreadRow[] {
    const rows = this.#rows.values().filter((row) => row.user === user);
    return rows.sort((left, right) => left.id - right.id);
  }
}

function entryOf(row: ThreadRow | undefined): ThreadEntry | null {
  if (!row) return null;
  const { id: _, ...entry } = row;
  return entry;
}
