import type { Outbox } from "../bitmessage/messaging/outbox.js";
import type { Transactions } from "../bitmessage/messaging/ports.js";
import type {
  AppendResult,
  Backend,
  MailboxInfo,
  MailboxListChange,
  MailboxListener,
  MailboxStatus,
  NewMessage,
  OpenMailbox,
  SpecialUse,
  UserMail,
} from "../mail/imap/backend.js";
import { ImapError } from "../mail/imap/error.js";
import type { AuthenticatedUser, Authenticator, Credentials } from "../mail/sasl.js";
import { SAME_MAIL_WITHIN } from "./mail-copies.js";
import { type Folders, INBOX, OUTBOX, SENT } from "./mailboxes.js";
import type { ManagedFolders } from "./managed-folders.js";
import { createOpenMailbox } from "./open-mailbox.js";
import type { MailboxId, MailboxStore, SubmissionStore } from "./ports.js";
import { messageIdOf } from "./stored-mail.js";

export interface GatewayBackendOptions {
  readonly users: Authenticator;
  readonly mailboxes: MailboxStore;
  readonly folders: Folders;
  readonly managedFolders: ManagedFolders;
  readonly submissions: SubmissionStore;
  readonly outbox: Pick<Outbox, "cancel">;
  readonly transactions: Transactions;
  /** Unix seconds. */
  readonly clock: () => number;
}

/** The mailboxes as the IMAP server shows them. */
export function createGatewayBackend(options: GatewayBackendOptions): Backend {
  return {
    authenticate: (credentials: Credentials) => options.users.authenticate(credentials),
    ...(options.users.scram ? { scram: (username: string) => options.users.scram!(username) } : {}),
    openUser: async (user: AuthenticatedUser) => {
      const { transactions, mailboxes, folders } = options;
      // Only once: what a person has deleted stays deleted.
      transactions.run(() => {
        if (mailboxes.find(user.name, INBOX) === null) folders.ensureInitial(user.name);
      });
      return new StoredUserMail(options, user.name);
    },
  };
}

class StoredUserMail implements UserMail {
  readonly #options: GatewayBackendOptions;
  readonly #user: string;
  readonly #cleanUp = new Set<() => void>();

  constructor(options: GatewayBackendOptions, user: string) {
    this.#options = options;
    this.#user = user;
  }

  async listMailboxes(): Promise<readonly MailboxInfo[]> {
    return this.#options.mailboxes.list(this.#user);
  }

  async listSubscriptions(): Promise<readonly string[]> {
    return this.#options.mailboxes.subscriptions(this.#user);
  }

  async setSubscription(name: string, state: "subscribed" | "unsubscribed"): Promise<void> {
    this.#options.mailboxes.setSubscription(this.#user, name, state);
  }

  async createMailbox(name: string, options: { readonly specialUse?: SpecialUse }): Promise<void> {
    const { mailboxes, managedFolders, transactions } = this.#options;
    transactions.run(() => {
      if (mailboxes.find(this.#user, name) === null && managedFolders.create(this.#user, name) === "done")
        return;
      mailboxes.create(this.#user, name, options);
    });
  }

  async deleteMailbox(name: string): Promise<void> {
    const { mailboxes, managedFolders, transactions } = this.#options;
    transactions.run(() => {
      managedFolders.remove(this.#user, name);
      mailboxes.remove(this.#user, name);
    });
  }

  async renameMailbox(from: string, to: string): Promise<void> {
    const { mailboxes, managedFolders, transactions } = this.#options;
    transactions.run(() => {
      managedFolders.rename(this.#user, from, to);
      mailboxes.rename(this.#user, from, to);
    });
  }

  async status(name: string): Promise<MailboxStatus | null> {
    const mailbox = this.#find(name);
    return mailbox === null ? null : this.#options.mailboxes.status(mailbox);
  }

  async openMailbox(
    name: string,
    listener: MailboxListener,
    access: "read-write" | "read-only",
  ): Promise<OpenMailbox | null> {
    const mailbox = this.#find(name);
    if (mailbox === null) return null;
    const { mailboxes, submissions, outbox, transactions } = this.#options;
    const close = () => opened.close();
    const opened = createOpenMailbox({
      mailboxes,
      submissions,
      outbox,
      transactions,
      user: this.#user,
      mailbox,
      name,
      listener,
      access,
      append: (destination, messages) => this.#appendTo(destination, messages),
      onClose: () => this.#cleanUp.delete(close),
    });
    this.#cleanUp.add(close);
    return opened;
  }

  async append(name: string, messages: readonly NewMessage[]): Promise<AppendResult | null> {
    const mailbox = this.#find(name);
    if (mailbox === null) return null;
    if (name === OUTBOX)
      throw new ImapError("NO", "CANNOT", "The Outbox shows what is being sent; send the mail instead.");
    return this.#options.transactions.run(() => this.#appendTo(mailbox, messages));
  }

  watch(listener: (change: MailboxListChange) => void): () => void {
    const stop = this.#options.mailboxes.watch(this.#user, listener);
    this.#cleanUp.add(stop);
    return () => {
      this.#cleanUp.delete(stop);
      stop();
    };
  }

  close(): void {
    for (const end of this.#cleanUp) end();
    this.#cleanUp.clear();
  }

  #find(name: string): MailboxId | null {
    return this.#options.mailboxes.find(this.#user, name);
  }

  #appendTo(mailbox: MailboxId, messages: readonly NewMessage[]): AppendResult {
    const { mailboxes, folders } = this.#options;
    const isSent = folders.find(this.#user, SENT) === mailbox;
    if (!isSent) return mailboxes.append(mailbox, messages);
    const results = messages.map((message) => this.#appendToSent(mailbox, message));
    return { uidValidity: mailboxes.status(mailbox).uidValidity, uids: results };
  }

  /** The copy that the submission has put there stands for the client's own (MAIL-MAPPING section 7). */
  #appendToSent(sent: MailboxId, message: NewMessage): number {
    const { mailboxes } = this.#options;
    const kept = this.#keptCopy(sent, messageIdOf(message.bytes));
    if (kept === null) return mailboxes.append(sent, [message]).uids[0]!;
    if (message.flags.length > 0)
      mailboxes.store(sent, [kept], { action: "add", flags: message.flags }, null);
    return kept;
  }

  #keptCopy(sent: MailboxId, messageId: string | null): number | null {
    const { mailboxes, submissions, clock } = this.#options;
    if (messageId === null) return null;
    if (submissions.findByMessageId(this.#user, messageId, clock() - SAME_MAIL_WITHIN) === null) return null;
    return mailboxes.findByMessageId(sent, messageId).at(-1) ?? null;
  }
}
