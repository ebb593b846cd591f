import type { ThreadEntry, ThreadStore } from "../../gateway/ports.js";
import type { Database } from "../database.js";
import type { SqliteTransactions } from "../transactions.js";

interface Row {
  user: string;
  message_id: string;
  hash: string | null;
  correspondent: string;
  base_subject: string;
  excerpt: string;
  message_ids: string;
  time: number;
}

/**
 * A message that travelled to one correspondent under several hashes (it was sent again) is found by each of them; an entry
 * without a hash gives way to the one that has it.
 */
export class SqliteThreadStore implements ThreadStore {
  readonly #statements;

  constructor(
    database: Database,
    private readonly transactions: SqliteTransactions,
  ) {
    this.#statements = {
      removeUser: database.prepare("DELETE FROM thread WHERE user = ?"),
      removeBefore: database.prepare(
        "DELETE FROM thread WHERE id IN (SELECT id FROM thread WHERE time < ? ORDER BY time LIMIT ?)",
      ),
      forget: database.prepare(
        "DELETE FROM thread WHERE user = ? AND message_id = ? AND correspondent = ? AND (hash IS NULL OR hash IS ?)",
      ),
      add: database.prepare(
        `INSERT INTO thread (user, message_id, hash, correspondent, base_subject, excerpt, message_ids, time)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      ),
      byHash: database.prepare("SELECT * FROM thread WHERE user = ? AND hash = ? ORDER BY id DESC LIMIT 1"),
      byMessageId: database.prepare(
        "SELECT * FROM thread WHERE user = ? AND message_id = ? ORDER BY id DESC LIMIT 1",
      ),
      correspondents: database
        .prepare("SELECT DISTINCT correspondent FROM thread WHERE user = ? ORDER BY correspondent")
        .pluck(),
      newest: database.prepare(
        "SELECT * FROM thread WHERE user = ? AND correspondent = ? ORDER BY time DESC, id DESC LIMIT ?",
      ),
      bySubject: database.prepare(
        `SELECT * FROM thread WHERE user = ? AND correspondent = ? AND base_subject = ?
         ORDER BY time DESC, id DESC LIMIT 1`,
      ),
    };
  }

  remember(entry: ThreadEntry): void {
    const { user, messageId, hash, correspondent, baseSubject, excerpt, references, time } = entry;
    this.transactions.run(() => {
      this.#statements.forget.run(user, messageId, correspondent, hash);
      this.#statements.add.run(
        user,
        messageId,
        hash,
        correspondent,
        baseSubject,
        excerpt,
        JSON.stringify(references),
        time,
      );
    });
  }

  findByHash(user: string, hash: string): ThreadEntry | null {
    return entryOf(this.#statements.byHash.get(user, hash));
  }

  findBySubject(user: string, correspondent: string, baseSubject: string): ThreadEntry | null {
    return entryOf(this.#statements.bySubject.get(user, correspondent, baseSubject));
  }

  newest(user: string, correspondent: string, limit: number): readonly ThreadEntry[] {
    return (this.#statements.newest.all(user, correspondent, limit) as Row[]).map(readRow);
  }

  findByMessageId(user: string, messageId: string): ThreadEntry | null {
    return entryOf(this.#statements.byMessageId.get(user, messageId));
  }

  correspondents(user: string): readonly string[] {
    return this.#statements.correspondents.all(user) as string[];
  }

  removeBefore(time: number, limit: number): number {
    return this.#statements.removeBefore.run(time, limit).changes;
  }

  removeUser(user: string): void {
    this.#statements.removeUser.run(user);
  }
}

function entryOf(found: unknown): ThreadEntry | null {
  return found === undefined ? null : readRow(found as Row);
}

function readRow(row: Row): ThreadEntry {
  return {
    user: row.user,
    messageId: row.message_id,
    hash: row.hash,
    correspondent: row.correspondent,
    baseSubject: row.base_subject,
    excerpt: row.excerpt,
    references: JSON.parse(row.message_ids) as string[],
    time: row.time,
  };
}
