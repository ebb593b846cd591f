import { createHash } from "node:crypto";
import type {
  Handover,
  HandoverId,
  HandoverState,
  HandoverStore,
  ReportWishes,
} from "../../gateway/handover/ports.js";
import type { Database } from "../database.js";
import type { SqliteTransactions } from "../transactions.js";
import { plainBytes, toInteger } from "./values.js";

interface Row {
  id: HandoverId;
  target: string;
  user: string;
  sender: string;
  recipient: string;
  subject: string;
  message_id: string;
  wishes: string | null;
  state: HandoverState;
  attempts: number;
  error: string | null;
  created: number;
  started: number;
  next_attempt: number;
  warned: number;
}

const COLUMNS = [
  "id",
  "target",
  "user",
  "sender",
  "recipient",
  "subject",
  "message_id",
  "wishes",
  "state",
  "attempts",
  "error",
  "created",
  "started",
  "next_attempt",
  "warned",
] as const satisfies readonly (keyof Row)[];

export class SqliteHandoverStore implements HandoverStore {
  readonly #statements;

  constructor(
    database: Database,
    private readonly transactions: SqliteTransactions,
  ) {
    const columns = COLUMNS.join(", ");
    const values = COLUMNS.map((column) => `:${column}`).join(", ");
    const assignments = COLUMNS.map((column) => `${column} = :${column}`).join(", ");
    const select = (condition: string) =>
      database.prepare(`SELECT ${columns} FROM handover WHERE ${condition}`);
    this.#statements = {
      add: database.prepare(`INSERT INTO handover (${columns}, mail_hash) VALUES (${values}, :mail_hash)`),
      addMail: database.prepare("INSERT OR IGNORE INTO handover_mail VALUES (?, ?)"),
      update: database.prepare(`UPDATE handover SET ${assignments} WHERE id = :id`),
      remove: database.prepare("DELETE FROM handover WHERE id = ?"),
      removeMail: database.prepare("UPDATE handover SET mail_hash = NULL WHERE id = ?"),
      removeBefore: database.prepare(
        `DELETE FROM handover WHERE id IN (SELECT id FROM handover
           WHERE state IN ('done', 'cancelled') AND created < ? ORDER BY created LIMIT ?)`,
      ),
      removeUser: database.prepare("DELETE FROM handover WHERE user = ?"),
      forgetUser: database.prepare("DELETE FROM handover_told WHERE user = ?"),
      get: select("id = ?"),
      read: database
        .prepare("SELECT bytes FROM handover_mail WHERE hash = (SELECT mail_hash FROM handover WHERE id = ?)")
        .pluck(),
      list: select("state <> 'done' ORDER BY position DESC"),
      next: select("state = 'waiting' AND target = ? ORDER BY next_attempt, position LIMIT 1"),
      startedBefore: select("state = 'waiting' AND target = ? AND started <= ? ORDER BY started, position"),
      relayed: select("wishes IS NOT NULL AND user = ? AND message_id = ? ORDER BY position"),
      targets: database
        .prepare("SELECT DISTINCT target FROM handover WHERE state = 'waiting' ORDER BY target")
        .pluck(),
      wasTold: database
        .prepare("SELECT 1 FROM handover_told WHERE target = ? AND user = ? AND trouble = ?")
        .pluck(),
      markTold: database.prepare("INSERT OR IGNORE INTO handover_told VALUES (?, ?, ?)"),
      clearTold: database.prepare("DELETE FROM handover_told WHERE target = ? AND user = ?"),
    };
  }

  add(handover: Handover, bytes: Uint8Array): void {
    this.transactions.run(() => {
      const hash = createHash("sha256").update(bytes).digest();
      this.#statements.addMail.run(hash, bytes);
      this.#statements.add.run({ ...toRow(handover), mail_hash: hash });
    });
  }

  get(id: HandoverId): Handover | null {
    const row = this.#statements.get.get(id) as Row | undefined;
    return row ? fromRow(row) : null;
  }

  read(id: HandoverId): Uint8Array | null {
    const bytes = this.#statements.read.get(id) as Uint8Array | undefined;
    return bytes ? plainBytes(bytes) : null;
  }

  update(handover: Handover): void {
    this.transactions.run(() => {
      this.#statements.update.run(toRow(handover));
      if (handover.state === "done" || handover.state === "cancelled")
        this.#statements.removeMail.run(handover.id);
    });
  }

  remove(id: HandoverId): void {
    this.#statements.remove.run(id);
  }

  list(): readonly Handover[] {
    return (this.#statements.list.all() as Row[]).map(fromRow);
  }

  next(target: string): Handover | null {
    const row = this.#statements.next.get(target) as Row | undefined;
    return row ? fromRow(row) : null;
  }

  startedBefore(target: string, time: number): readonly Handover[] {
    return (this.#statements.startedBefore.all(target, time) as Row[]).map(fromRow);
  }

  relayed(user: string, messageId: string): readonly Handover[] {
    return (this.#statements.relayed.all(user, messageId) as Row[]).map(fromRow);
  }

  targets(): readonly string[] {
    return this.#statements.targets.all() as string[];
  }

  removeBefore(time: number, limit: number): number {
    return this.#statements.removeBefore.run(time, limit).changes;
  }

  removeUser(user: string): void {
    this.transactions.run(() => {
      this.#statements.removeUser.run(user);
      this.#statements.forgetUser.run(user);
    });
  }

  wasTold(target: string, user: string, trouble: "delayed" | "failed"): boolean {
    return this.#statements.wasTold.get(target, user, trouble) !== undefined;
  }

  markTold(target: string, user: string, trouble: "delayed" | "failed"): void {
    this.#statements.markTold.run(target, user, trouble);
  }

  clearTold(target: string, user: string): void {
    this.#statements.clearTold.run(target, user);
  }
}

function toRow(handover: Handover): Row {
  return {
    id: handover.id,
    target: handover.target,
    user: handover.user,
    sender: handover.sender,
    recipient: handover.recipient,
    subject: handover.subject,
    message_id: handover.messageId,
    wishes: handover.wishes === null ? null : JSON.stringify(handover.wishes),
    state: handover.state,
    attempts: handover.attempts,
    error: handover.error,
    created: handover.created,
    started: handover.started,
    next_attempt: handover.nextAttempt,
    warned: toInteger(handover.warned),
  };
}

function fromRow(row: Row): Handover {
  return {
    id: row.id,
    target: row.target,
    user: row.user,
    sender: row.sender,
    recipient: row.recipient,
    subject: row.subject,
    messageId: row.message_id,
    wishes: row.wishes === null ? null : (JSON.parse(row.wishes) as ReportWishes),
    state: row.state,
    attempts: row.attempts,
    error: row.error,
    created: row.created,
    started: row.started,
    nextAttempt: row.next_attempt,
    warned: row.warned === 1,
  };
}
