import type { IdentityStore, Transactions } from "../../bitmessage/messaging/ports.js";
import type { MailboxId, MailboxStore, UserStore } from "../ports.js";
import { type Folders, IDENTITIES, INBOX } from "./mailboxes.js";

export interface LayoutChangeOptions {
  readonly mailboxes: MailboxStore;
  readonly identities: Pick<IdentityStore, "list">;
  readonly users: Pick<UserStore, "list">;
  readonly folders: Folders;
  readonly transactions: Transactions;
}

/**
 * Moves the mail that has come in to where the layout has it, when that has been changed: out of INBOX into each identity's mailbox, or back.
 * What people have filed elsewhere stays there.
 */
export function changeLayout(options: LayoutChangeOptions): void {
  options.transactions.run(() => {
    if (options.folders.layout === "split") splitInboxes(options);
    else for (const { name } of options.users.list()) joinInboxes(options, name);
  });
}

function splitInboxes({ mailboxes, identities, folders }: LayoutChangeOptions): void {
  for (const { user, address, chan } of identities.list()) {
    const inbox = mailboxes.find(user, INBOX);
    if (chan || inbox === null) continue;
    const uids = mailboxes.ofIdentity(inbox, address, 1).map(({ uid }) => uid);
    mailboxes.move(inbox, uids, folders.ensureInbox(user, address), null);
  }
}

function joinInboxes({ mailboxes, folders }: LayoutChangeOptions, user: string): void {
  for (const { name, selectable } of mailboxes.list(user)) {
    const mailbox = selectable ? mailboxes.find(user, name) : null;
    if (mailbox === null || mailboxes.purposeOf(mailbox)?.kind !== "identity") continue;
    mailboxes.move(mailbox, uidsIn(mailboxes, mailbox), folders.ensure(user, INBOX), null);
    mailboxes.setPurpose(mailbox, null);
    removeEmpty(mailboxes, user, name);
    removeEmpty(mailboxes, user, IDENTITIES);
  }
}

function removeEmpty(mailboxes: MailboxStore, user: string, name: string): void {
  const mailbox = mailboxes.find(user, name);
  const hasChildren = mailboxes.list(user).some((one) => one.name.startsWith(`${name}/`));
  if (mailbox === null || hasChildren || mailboxes.status(mailbox).messages > 0) return;
  mailboxes.remove(user, name);
  mailboxes.setSubscription(user, name, "unsubscribed");
}

function uidsIn(mailboxes: MailboxStore, mailbox: MailboxId): number[] {
  return mailboxes.snapshot(mailbox, "read-only").messages.map(({ uid }) => uid);
}
