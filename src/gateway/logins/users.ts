import type { Identities } from "../../bitmessage/messaging/identities.js";
import type {
  ContactStore,
  OutboxStore,
  SignatureStore,
  Transactions,
} from "../../bitmessage/messaging/ports.js";
import type { Subscriptions } from "../../bitmessage/messaging/subscriptions.js";
import type { CardStore } from "../cards/ports.js";
import type { HandoverStore } from "../handover/ports.js";
import type { Folders } from "../mailboxes/mailboxes.js";
import type {
  AutomaticAnswerLog,
  DeliveryLog,
  ImportLog,
  MailboxStore,
  PreferenceStore,
  SubmissionStore,
  ThreadStore,
  User,
  UserStore,
} from "../ports.js";
import { isLoginName, LOGIN_NAME_RULE } from "./login-name.js";
import type { LoginSessions } from "./login-sessions.js";
import { LONGEST_PASSWORD } from "./logins.js";
import type { PasswordHashing } from "./password-hashing.js";
import type { AppPasswordStore } from "./ports.js";
import { UserError } from "./user-error.js";

/** The local logins. */
export interface Users {
  list(): readonly User[];
  /** With the mailboxes that every user has, and what is done `alongside` in the same transaction. @throws UserError `bad-name`, `bad-password`, `exists` */
  create(name: string, password: string, alongside?: (user: User) => void): Promise<User>;
  /** Ends the sessions that began with the old one; app passwords stay. @throws UserError `unknown`, `bad-password` */
  setPassword(name: string, password: string): Promise<void>;
  /** Removes the login with all its mail, its app passwords, its contacts, its chans and what it follows. @throws UserError `unknown`, `owns-identities` while there are keys that nobody else could use */
  remove(name: string): void;
}

export interface UsersOptions {
  readonly users: UserStore;
  readonly appPasswords: Pick<AppPasswordStore, "removeUser">;
  readonly hashing: PasswordHashing;
  readonly sessions: LoginSessions;
  readonly identities: Pick<Identities, "list" | "remove">;
  readonly signatures: Pick<SignatureStore, "removeUser">;
  readonly contacts: Pick<ContactStore, "removeUser">;
  readonly cards: Pick<CardStore, "removeUser">;
  readonly subscriptions: Pick<Subscriptions, "list" | "remove">;
  readonly mailboxes: MailboxStore;
  readonly submissions: SubmissionStore;
  readonly outbox: Pick<OutboxStore, "remove">;
  readonly threads: ThreadStore;
  readonly deliveryLog: DeliveryLog;
  readonly importLog: ImportLog;
  readonly handovers: Pick<HandoverStore, "removeUser">;
  readonly automaticAnswers: Pick<AutomaticAnswerLog, "removeUser">;
  readonly preferences: Pick<PreferenceStore, "removeUser">;
  readonly folders: Folders;
  readonly transactions: Transactions;
  /** Unix seconds. */
  readonly clock: () => number;
}

export function createUsers(options: UsersOptions): Users {
  return new StoredUsers(options);
}

class StoredUsers implements Users {
  readonly #options: UsersOptions;

  constructor(options: UsersOptions) {
    this.#options = options;
  }

  list(): readonly User[] {
    return this.#options.users.list();
  }

  async create(name: string, password: string, alongside?: (user: User) => void): Promise<User> {
    const { users, transactions, folders, clock } = this.#options;
    if (!isLoginName(name)) {
      throw new UserError("bad-name", `${JSON.stringify(name)} cannot be a login, which ${LOGIN_NAME_RULE}`);
    }
    checkPassword(password);
    const passwordHash = await this.#options.hashing.hash(password);
    return transactions.run(() => {
      if (users.get(name) !== null) throw new UserError("exists", `There is a login ${name} already`);
      const user: User = { name, passwordHash, created: clock() };
      // What was on its way to a login of that name when it was removed is nobody else's.
      this.#removeMail(name);
      users.save(user);
      folders.ensureInitial(name);
      alongside?.(user);
      return user;
    });
  }

  async setPassword(name: string, password: string): Promise<void> {
    checkPassword(password);
    const { users, transactions, hashing, sessions } = this.#options;
    const passwordHash = await hashing.hash(password, users.get(name)?.passwordHash);
    transactions.run(() => {
      users.save({ ...this.#existing(name), passwordHash });
      transactions.afterCommit(() => sessions.endOfPassword(name));
    });
  }

  remove(name: string): void {
    const { users, identities, transactions, sessions } = this.#options;
    transactions.run(() => {
      this.#existing(name);
      const own = identities.list().filter((identity) => identity.user === name);
      if (own.some((identity) => !identity.chan)) {
        throw new UserError("owns-identities", `${name} still has identities; remove them first`);
      }
      for (const { address } of own) identities.remove(name, address);
      this.#removeMail(name);
      users.remove(name);
      transactions.afterCommit(() => sessions.endOfLogin(name));
    });
  }

  #removeMail(name: string): void {
    const { subscriptions, submissions, outbox, mailboxes } = this.#options;
    const {
      preferences,
      contacts,
      cards,
      signatures,
      threads,
      deliveryLog,
      importLog,
      automaticAnswers,
      handovers,
      appPasswords,
    } = this.#options;
    const followed = subscriptions.list().filter((subscription) => subscription.user === name);
    for (const { address } of followed) subscriptions.remove(name, address);
    for (const id of submissions.removeUser(name)) outbox.remove(id);
    const logs = [
      signatures,
      threads,
      deliveryLog,
      importLog,
      automaticAnswers,
      handovers,
      preferences,
      appPasswords,
    ];
    for (const store of [contacts, cards, ...logs, mailboxes]) store.removeUser(name);
  }

  #existing(name: string): User {
    const user = this.#options.users.get(name);
    if (user === null) throw new UserError("unknown", `There is no login ${name}`);
    return user;
  }
}

function checkPassword(password: string): void {
  if (password === "") throw new UserError("bad-password", "The password is empty");
  if (password.length > LONGEST_PASSWORD) throw new UserError("bad-password", "The password is too long");
}
