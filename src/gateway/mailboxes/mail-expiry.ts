import type { MailboxId, MailboxStore, UserStore } from "../ports.js";
import type { Chore } from "../upkeep.js";
import type { Folders } from "./mailboxes.js";
import { JUNK, TRASH } from "./mailboxes.js";

export interface MailExpiryOptions {
  readonly users: UserStore;
  readonly mailboxes: MailboxStore;
  readonly folders: Folders;
  /** 0 for never. */
  readonly days: number;
}

/** Messages looked at in a piece. */
const PIECE = 1000;
const DAY = 86_400;

/**
 * Trash and Junk empty themselves: of what came into them so many days ago, whatever it is. Folders within them stay as they are, since a
 * folder that was moved there keeps the times at which its mail came into it.
 */
export function mailExpiry(options: MailExpiryOptions): Chore {
  return new MailExpiry(options);
}

class MailExpiry implements Chore {
  readonly name = "expired mail";
  readonly #options: MailExpiryOptions;

  constructor(options: MailExpiryOptions) {
    this.#options = options;
  }

  doSome(now: number): "more" | "done" {
    const { users, folders, days } = this.#options;
    if (days === 0) return "done";
    for (const { name } of users.list()) {
      for (const folder of [TRASH, JUNK]) {
        const mailbox = folders.find(name, folder);
        if (mailbox !== null && this.#expire(mailbox, now - days * DAY)) return "more";
      }
    }
    return "done";
  }

  /** Looks at the oldest; true when any was removed. */
  #expire(mailbox: MailboxId, before: number): boolean {
    const { mailboxes } = this.#options;
    const { messages } = mailboxes.snapshot(mailbox, "read-only");
    const uids = messages.slice(0, PIECE).map(({ uid }) => uid);
    const expired = mailboxes.records(mailbox, uids).filter(({ saveDate }) => saveDate < before);
    if (expired.length === 0) return false;
    mailboxes.expunge(
      mailbox,
      expired.map(({ uid }) => uid),
      "any",
      null,
    );
    return true;
  }
}
