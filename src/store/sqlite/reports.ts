import type { OutboxId } from "../../bitmessage/messaging/types.js";
import type { ReportKind, ReportStore } from "../../gateway/ports.js";
import type { Database } from "../database.js";

interface PendingReport {
  id: number;
  outboxId: OutboxId;
  kind: ReportKind;
  time: number;
}

/** A removed report is remembered, so that it is not made a second time. */
export class SqliteReportStore implements ReportStore {
  readonly #statements;

  constructor(database: Database) {
    this.#statements = {
      add: database.prepare("INSERT INTO report (outbox_id, kind, time) VALUES (?, ?, ?)"),
      pending: database.prepare(
        "SELECT id, outbox_id AS outboxId, kind, time FROM report WHERE pending = 1 ORDER BY id",
      ),
      remove: database.prepare("UPDATE report SET pending = 0 WHERE id = ?"),
      forget: database.prepare("DELETE FROM report WHERE outbox_id = ?"),
      has: database.prepare("SELECT 1 FROM report WHERE outbox_id = ? AND kind = ?").pluck(),
    };
  }

  add(report: { readonly outboxId: OutboxId; readonly kind: ReportKind; readonly time: number }): void {
    this.#statements.add.run(report.outboxId, report.kind, report.time);
  }

  pending(): readonly PendingReport[] {
    return this.#statements.pending.all() as PendingReport[];
  }

  remove(id: number): void {
    this.#statements.remove.run(id);
  }

  forget(outboxId: OutboxId): void {
    this.#statements.forget.run(outboxId);
  }

  has(outboxId: OutboxId, kind: ReportKind): boolean {
    return this.#statements.has.get(outboxId, kind) !== undefined;
  }
}
