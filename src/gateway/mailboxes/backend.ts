import type { Outbox } from "../../bitmessage/messaging/outbox.js";
import type { IdentityStore, Transactions } from "../../bitmessage/messaging/ports.js";
import type { Address } from "../../bitmessage/protocol/address.js";
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
} from "../../mail/imap/backend.js";
import { ImapError } from "../../mail/imap/error.js";
import type { AuthenticatedUser, Authenticator, Credentials, LoginOrigin } from "../../mail/sasl.js";
import { messageIdOf } from "../forms/stored-mail.js";
import type { HandoverStore } from "../handover/ports.js";
import type { HandoverQueue } from "../handover/queue.js";
import type { LoginSessions } from "../logins/login-sessions.js";
import { ownIdentityOf } from "../own-identity.js";
import type { MailboxId, MailboxStore, SubmissionStore } from "../ports.js";
import { createIdentityMail, type WholeMail } from "./identity-mail.js";
import type { Junk } from "./junk.js";
import { SAME_MAIL_WITHIN } from "./mail-copies.js";
import { type Folders, INBOX, OUTBOX, SENT } from "./mailboxes.js";
import type { ManagedFolders } from "./managed-folders.js";
import { createOpenMailbox } from "./open-mailbox.js";

export interface GatewayBackendOptions {
  readonly logins: Authenticator;
  readonly sessions: LoginSessions;
  readonly mailboxes: MailboxStore;
  readonly folders: Folders;
  readonly managedFolders: ManagedFolders;
  readonly submissions: SubmissionStore;
  readonly junk: Junk;
  readonly hasLogin: (user: string) => boolean;
  readonly identities: Pick<IdentityStore, "get">;
  /** Calls the listener after each change of identities; returns how to end that. */
  readonly identityChanges: (listener: () => void) => () => void;
  readonly outbox: Pick<Outbox, "cancel">;
  readonly handovers: Pick<HandoverStore, "relayed">;
  readonly handoverQueue: Pick<HandoverQueue, "cancel">;
  readonly transactions: Transactions;
  /** Unix seconds. */
  readonly clock: () => number;
}

/** The mailboxes as the IMAP server shows them. */
export function createGatewayBackend(options: GatewayBackendOptions): Backend {
  return {
    authenticate: (credentials: Credentials) => options.logins.authenticate(credentials),
    ...(options.logins.scram
      ? { scram: (username: string, origin: LoginOrigin) => options.logins.scram!(username, origin) }
      : {}),
    openUser: async (login: AuthenticatedUser, end: (reason: string) => void = () => {}) => {
      const { name: user, identity } = login;
      const { transactions, mailboxes, folders, identities, hasLogin } = options;
      // It may have been removed while its password was looked at.
      if (!hasLogin(user) || (identity !== undefined && identities.get(user, identity as Address) === null))
        throw new ImapError("NO", "AUTHENTICATIONFAILED", "This login has been removed.");
      // Only once: what a person has deleted stays deleted.
      transactions.run(() => {
        if (mailboxes.find(user, INBOX) === null) folders.ensureInitial(user);
      });
      const whole = new StoredUserMail(options, {
        login,
        user,
        identity: (identity as Address | undefined) ?? null,
        end,
      });
      if (identity === undefined) return whole;
      return createIdentityMail({ ...options, user, identity: identity as Address, whole });
    },
  };
}

interface Login {
  readonly login: AuthenticatedUser;
  readonly user: string;
  /** Whose the mail is that this login appends; null: whoever's it says. */
  readonly identity: Address | null;
  /** Says good-bye to the client. */
  readonly end: (reason: string) => void;
}

class StoredUserMail implements WholeMail {
  readonly #options: GatewayBackendOptions;
  readonly #user: string;
  readonly #identity: Address | null;
  readonly #cleanUp = new Set<() => void>();

  constructor(options: GatewayBackendOptions, login: Login) {
    this.#options = options;
    this.#user = login.user;
    this.#identity = login.identity;
    this.#endWithLogin(login);
  }

  /** Without its user, a session would go on over mailboxes that are gone, or over those of somebody who gets the name later. */
  #endWithLogin({ login, user, identity, end }: Login): void {
    const { sessions, identities, identityChanges } = this.#options;
    const stops: (() => void)[] = [sessions.begin(login, end)];
    if (identity !== null) {
      stops.push(
        identityChanges(() => {
          if (identities.get(user, identity) === null) end("This identity has been removed.");
        }),
      );
    }
    for (const stop of stops) this.#cleanUp.add(stop);
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
    return this.open(name, listener, access);
  }

  open(name: string, listener: MailboxListener, access: "read-write" | "read-only"): OpenMailbox | null {
    const mailbox = this.#find(name);
    if (mailbox === null) return null;
    const { mailboxes, submissions, junk, outbox, handovers, handoverQueue, transactions } = this.#options;
    const close = () => opened.close();
    const opened = createOpenMailbox({
      mailboxes,
      submissions,
      junk,
      outbox,
      handovers,
      handoverQueue,
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
    const uids = messages.map((message) =>
      isSent ? this.#appendToSent(mailbox, message) : this.#appendOne(mailbox, message),
    );
    return { uidValidity: mailboxes.status(mailbox).uidValidity, uids };
  }

  #appendOne(mailbox: MailboxId, message: NewMessage): number {
    const { mailboxes, identities } = this.#options;
    const isOwn = (address: Address) => identities.get(this.#user, address)?.chan === false;
    const identity = this.#identity ?? ownIdentityOf(message, isOwn);
    return mailboxes.append(mailbox, [message], identity).uids[0]!;
  }

  /** The copy that the submission has put there stands for the client's own (MAIL-MAPPING section 7). */
  #appendToSent(sent: MailboxId, message: NewMessage): number {
    const { mailboxes } = this.#options;
    const kept = this.#keptCopy(sent, messageIdOf(message.bytes));
    if (kept === null) return this.#appendOne(sent, message);
    if (message.flags.length > 0)
      mailboxes.store(sent, [kept], { action: "add", flags: message.flags }, null);
    return kept;
  }

  #keptCopy(sent: MailboxId, messageId: string | null): number | null {
    const { mailboxes, submissions, clock } = this.#options;
    if (messageId === null) return null;
    if (submissions.findByMessageId(this.#user, messageId, clock() - SAME_MAIL_WITHIN) === null) return null;
    const kept = mailboxes.findByMessageId(sent, messageId).at(-1) ?? null;
    // A login with an identity must see what it has appended.
    if (kept === null || this.#identity === null) return kept;
    return mailboxes.ofIdentity(sent, this.#identity, kept)[0]?.uid === kept ? kept : null;
  }
}
