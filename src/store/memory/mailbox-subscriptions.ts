import type { Watchers } from "../mail/watchers.js";
import { byCodePoint } from "./mailbox-rows.js";
import { type MemoryTransactions, Table } from "./transactions.js";

/** Names that users have subscribed to, of mailboxes that may be gone. */
export class MailboxSubscriptions {
  readonly #rows: Table<string, { readonly user: string; readonly name: string }>;

  constructor(
    transactions: MemoryTransactions,
    private readonly watchers: Watchers,
  ) {
    this.#rows = new Table(transactions);
  }

  list(user: string): readonly string[] {
    const rows = this.#rows.values().filter((row) => row.user === user);
    return rows.map((row) => row.name).sort(byCodePoint);
  }

  set(user: string, name: string, state: "subscribed" | "unsubscribed"): void {
    const key = JSON.stringify([user, name]);
    if (this.#rows.has(key) === (state === "subscribed")) return;
    if (state === "subscribed") this.#rows.set(key, { user, name });
    else this.#rows.delete(key);
    this.watchers.tellList(user, { type: state, name });
  }
}
