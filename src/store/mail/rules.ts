/** Small rules that hold for every mailbox store. */
import type { MailboxId, MailboxPurpose } from "../../gateway/ports.js";
import { ImapError } from "../../mail/imap/error.js";
import { INBOX } from "./names.js";

/** MAILBOXID (RFC 8474): never used again. */
export function objectId(mailbox: MailboxId): string {
  return `F${mailbox}`;
}

export function formatPurpose({ kind, address }: MailboxPurpose): string {
  return `${kind} ${address}`;
}

export function parsePurpose(text: string): MailboxPurpose {
  const [kind, address] = text.split(" ");
  return { kind, address } as MailboxPurpose;
}

/** @throws ImapError NO [CANNOT] */
export function refuseInbox(name: string): void {
  if (name === INBOX) throw new ImapError("NO", "CANNOT", "INBOX cannot be deleted.");
}
