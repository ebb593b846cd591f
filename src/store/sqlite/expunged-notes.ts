import type { ExpungedNotes } from "../../gateway/ports.js";
import type { Database } from "../database.js";
import type { SqliteTransactions } from "../transactions.js";

export class SqliteExpungedNotes implements ExpungedNotes {
  readonly #statements;

  constructor(
    database: Database,
    private readonly transactions: SqliteTransactions,
  ) {
    this.#statements = {
      crowded: database.prepare(
        `SELECT id AS mailbox, (SELECT mod_seq FROM expunged WHERE mailbox_id = mailbox.id
           ORDER BY mod_seq DESC, uid DESC LIMIT 1 OFFSET ?) AS surplus
         FROM mailbox WHERE surplus IS NOT NULL LIMIT 1`,
      ),
      last: database
        .prepare("SELECT mod_seq FROM expunged WHERE mailbox_id = ? ORDER BY mod_seq, uid LIMIT 1 OFFSET ?")
        .pluck(),
      forget: database.prepare("DELETE FROM expunged WHERE mailbox_id = ? AND mod_seq <= ?"),
      forgotten: database.prepare("UPDATE mailbox SET forgotten_mod_seq = ? WHERE id = ?"),
    };
  }

  forgetOldest(keep: number, limit: number): number {
    return this.transactions.run(() => {
      const found = this.#statements.crowded.get(keep);
      if (found === undefined) return 0;
      const { mailbox, surplus } = found as { mailbox: number; surplus: number };
      // What was expunged together goes together, so that nothing is known by halves.
      const last = this.#statements.last.get(mailbox, limit - 1) as number | undefined;
      const modSeq = Math.min(surplus, last ?? surplus);
      this.#statements.forgotten.run(modSeq, mailbox);
      return this.#statements.forget.run(mailbox, modSeq).changes;
    });
  }
}
