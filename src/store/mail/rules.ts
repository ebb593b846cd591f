/** Small rules that hold for every mailbox store. */
import type { MailboxId } from "../../gateway/ports.js";
import { ImapError } from "../../mail/imap/error.js";
import { INBOX } from "./names.js";

/** MAILBOXID (RFC 8474): never used again. */
export function objectId(mailbox: MailboxId): string {
  return `F${mailbox}`;
}

/** @throws ImapError NO [CANNOT] */
export function refuseInbox(name: string): void {
  if (name === INBOX) throw new ImapError("NO", "CANNOT", "INBOX cannot be deleted.");
}
