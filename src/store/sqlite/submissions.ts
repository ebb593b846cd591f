import type { OutboxId } from "../../bitmessage/messaging/types.js";
import type { Address } from "../../bitmessage/protocol/address.js";
import type { Submission, SubmissionRecipient, SubmissionStore } from "../../gateway/ports.js";
import type { Database } from "../database.js";
import type { SqliteTransactions } from "../transactions.js";

interface Row {
  id: string;
  user: string;
  message_id: string;
  sender: Address;
  subject: string;
  ret: "FULL" | "HDRS";
  envid: string | null;
  created: number;
}

interface RecipientRow {
  outbox_id: OutboxId;
  address: Address;
  original: string;
  notify: string | null;
  orcpt: string | null;
}

const COLUMNS = "id, user, message_id, sender, subject, ret, envid, created";

export class SqliteSubmissionStore implements SubmissionStore {
  readonly #statements;

  constructor(
    database: Database,
    private readonly transactions: SqliteTransactions,
  ) {
    this.#statements = {
      add: database.prepare(`INSERT INTO submission (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`),
      addRecipient: database.prepare("INSERT INTO submission_recipient VALUES (?, ?, ?, ?, ?, ?, ?)"),
      get: database.prepare(`SELECT ${COLUMNS} FROM submission WHERE id = ?`),
      recipients: database.prepare(
        "SELECT * FROM submission_recipient WHERE submission_id = ? ORDER BY position",
      ),
      byOutboxId: database.prepare(
        `SELECT ${COLUMNS} FROM submission
         WHERE id = (SELECT submission_id FROM submission_recipient WHERE outbox_id = ?)`,
      ),
      outboxIdsOfUser: database
        .prepare(
          `SELECT outbox_id FROM submission JOIN submission_recipient ON submission_id = submission.id
           WHERE user = ?`,
        )
        .pluck(),
      removeRecipientsOf: database.prepare("DELETE FROM submission_recipient WHERE submission_id = ?"),
      remove: database.prepare("DELETE FROM submission WHERE id = ?"),
      withoutRecipients: database
        .prepare(
          `SELECT id FROM submission WHERE created < ?
             AND NOT EXISTS (SELECT 1 FROM submission_recipient WHERE submission_id = submission.id)
           ORDER BY created LIMIT ?`,
        )
        .pluck(),
      removeRecipients: database.prepare(
        "DELETE FROM submission_recipient WHERE submission_id IN (SELECT id FROM submission WHERE user = ?)",
      ),
      removeUser: database.prepare("DELETE FROM submission WHERE user = ?"),
      listByMessageId: database.prepare(
        `SELECT ${COLUMNS} FROM submission WHERE user = ? AND message_id = ? ORDER BY created, position`,
      ),
      byMessageId: database.prepare(
        `SELECT ${COLUMNS} FROM submission WHERE user = ? AND message_id = ? AND created >= ?
         ORDER BY created DESC, position DESC LIMIT 1`,
      ),
    };
  }

  /** @throws when there is a submission with that id, or one with that outbox entry */
  add(submission: Submission): void {
    const { id, user, messageId, from, subject, ret, envid, created } = submission;
    this.transactions.run(() => {
      this.#statements.add.run(id, user, messageId, from, subject, ret, envid, created);
      for (const [position, recipient] of submission.recipients.entries()) {
        const { outboxId, address, original, notify, orcpt } = recipient;
        const notifyText = notify === null ? null : JSON.stringify(notify);
        this.#statements.addRecipient.run(outboxId, id, position, address, original, notifyText, orcpt);
      }
    });
  }

  get(id: string): Submission | null {
    return this.#complete(this.#statements.get.get(id));
  }

  findByOutboxId(id: OutboxId): Submission | null {
    return this.#complete(this.#statements.byOutboxId.get(id));
  }

  findByMessageId(user: string, messageId: string, since: number): Submission | null {
    return this.#complete(this.#statements.byMessageId.get(user, messageId, since));
  }

  listByMessageId(user: string, messageId: string): readonly Submission[] {
    return (this.#statements.listByMessageId.all(user, messageId) as Row[]).map((row) =>
      this.#withRecipients(row),
    );
  }

  remove(id: string): void {
    this.transactions.run(() => {
      this.#statements.removeRecipientsOf.run(id);
      this.#statements.remove.run(id);
    });
  }

  withoutRecipients(before: number, limit: number): readonly string[] {
    return this.#statements.withoutRecipients.all(before, limit) as string[];
  }

  removeUser(user: string): readonly OutboxId[] {
    return this.transactions.run(() => {
      const ids = this.#statements.outboxIdsOfUser.all(user) as OutboxId[];
      this.#statements.removeRecipients.run(user);
      this.#statements.removeUser.run(user);
      return ids;
    });
  }

  #complete(found: unknown): Submission | null {
    return found === undefined ? null : this.#withRecipients(found as Row);
  }

  #withRecipients(row: Row): Submission {
    const recipients = this.#statements.recipients.all(row.id) as RecipientRow[];
    return {
      id: row.id,
      user: row.user,
      messageId: row.message_id,
      from: row.sender,
      subject: row.subject,
      ret: row.ret,
      envid: row.envid,
      created: row.created,
      recipients: recipients.map(recipientFromRow),
    };
  }
}

function recipientFromRow(row: RecipientRow): SubmissionRecipient {
  return {
    outboxId: row.outbox_id,
    address: row.address,
    original: row.original,
    notify: row.notify === null ? null : (JSON.parse(row.notify) as string[]),
    orcpt: row.orcpt,
  };
}
