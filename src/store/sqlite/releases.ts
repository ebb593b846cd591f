/** Clears away expunged messages that nobody reads any longer. */
import type { MailboxId } from "../../gateway/ports.js";
import type { Database } from "../database.js";
import type { SqliteTransactions } from "../transactions.js";
import type { MessageTable } from "./message-table.js";

/** The octets of as many take a few milliseconds to remove. */
export const RELEASED_AT_ONCE = 500;

interface Parts {
  readonly database: Pick<Database, "open">;
  readonly messages: Pick<MessageTable, "release">;
  readonly transactions: SqliteTransactions;
  readonly reportError: (error: unknown) => void;
}

interface Slice {
  readonly mailbox: MailboxId;
  readonly uids: readonly number[];
}

/** A few at once, many in slices, between which others are served. What is not cleared away now is cleared away at the next start. */
export class Releases {
  #waiting: Slice[] = [];
  #running = false;

  constructor(private readonly parts: Parts) {}

  add(mailbox: MailboxId, uids: readonly number[]): void {
    if (uids.length <= RELEASED_AT_ONCE) {
      this.#release({ mailbox, uids });
      return;
    }
    for (let i = 0; i < uids.length; i += RELEASED_AT_ONCE) {
      this.#waiting.push({ mailbox, uids: uids.slice(i, i + RELEASED_AT_ONCE) });
    }
    this.#goOn();
  }

  #goOn(): void {
    if (this.#running || this.#waiting.length === 0) return;
    this.#running = true;
    setImmediate(() => {
      this.#running = false;
      const slice = this.#waiting.shift();
      if (slice === undefined || !this.parts.database.open) return;
      this.#release(slice);
      this.#goOn();
    });
  }

  #release({ mailbox, uids }: Slice): void {
    const { messages, transactions, reportError } = this.parts;
    try {
      // What a loss of power brings back is cleared away at the next start.
      transactions.runUnsynced(() => messages.release(mailbox, uids));
    } catch (error) {
      this.#waiting = [];
      reportError(error);
    }
  }
}
