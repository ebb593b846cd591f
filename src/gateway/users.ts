import { randomBytes } from "node:crypto";
import type { Identities } from "../bitmessage/messaging/identities.js";
import type {
  ContactStore,
  OutboxStore,
  SignatureStore,
  Transactions,
} from "../bitmessage/messaging/ports.js";
import type { Subscriptions } from "../bitmessage/messaging/subscriptions.js";
import type { AuthenticatedUser, Authenticator, Credentials, ScramLogin } from "../mail/sasl.js";
import { inventScramKeys } from "../mail/scram.js";
import type { CardStore } from "./cards/ports.js";
import type { HandoverStore } from "./handover/ports.js";
import { KnownPasswords } from "./known-passwords.js";
import type { Folders } from "./mailboxes.js";
import {
  addScramKeys,
  decoySecretOf,
  hashPassword,
  nobodysHash,
  SCRAM_ITERATIONS,
  scramKeysOf,
  verifyPassword,
} from "./passwords.js";
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
} from "./ports.js";

export type UserErrorCode = "bad-name" | "bad-password" | "exists" | "unknown" | "owns-identities";

/** A wish about logins that cannot be fulfilled; the text may be shown to people. */
export class UserError extends Error {
  constructor(
    readonly code: UserErrorCode,
    text: string,
  ) {
    super(text);
    this.name = "UserError";
  }
}

/** The local logins. */
export interface Users extends Required<Authenticator> {
  list(): readonly User[];
  /** With the mailboxes that every user has, and what is done `alongside` in the same transaction. @throws UserError `bad-name`, `bad-password`, `exists` */
  create(name: string, password: string, alongside?: (user: User) => void): Promise<User>;
  /** @throws UserError `unknown`, `bad-password` */
  setPassword(name: string, password: string): Promise<void>;
  /** Removes the login with all its mail, its contacts, its chans and what it follows. @throws UserError `unknown`, `owns-identities` while there are keys that nobody else could use */
  remove(name: string): void;
}

export interface UsersOptions {
  readonly users: UserStore;
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

/** Not one that could be taken for an address, with which one logs in as well. */
const NAME = /^(?!bm-)[a-z0-9][a-z0-9._-]{0,63}$/;
const LONGEST_PASSWORD = 1024;

export function createUsers(options: UsersOptions): Users {
  return new StoredUsers(options);
}

class StoredUsers implements Users {
  readonly #options: UsersOptions;
  readonly #knownPasswords = new KnownPasswords();
  readonly #ownSecret = randomBytes(32);

  constructor(options: UsersOptions) {
    this.#options = options;
  }

  list(): readonly User[] {
    return this.#options.users.list();
  }

  async create(name: string, password: string, alongside?: (user: User) => void): Promise<User> {
    const { users, transactions, folders, clock } = this.#options;
    if (!NAME.test(name)) {
      const text = `${JSON.stringify(name)} cannot be a login: use up to 64 letters a to z, digits, dots, hyphens and underscores, not with bm- in front`;
      throw new UserError("bad-name", text);
    }
    checkPassword(password);
    const passwordHash = await hashPassword(password);
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
    const { users, transactions } = this.#options;
    const passwordHash = await hashPassword(password, users.get(name)?.passwordHash);
    transactions.run(() => users.save({ ...this.#existing(name), passwordHash }));
  }

  remove(name: string): void {
    const { users, identities, transactions } = this.#options;
    transactions.run(() => {
      this.#existing(name);
      const own = identities.list().filter((identity) => identity.user === name);
      if (own.some((identity) => !identity.chan)) {
        throw new UserError("owns-identities", `${name} still has identities; remove them first`);
      }
      for (const { address } of own) identities.remove(name, address);
      this.#removeMail(name);
      users.remove(name);
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
    } = this.#options;
    const followed = subscriptions.list().filter((subscription) => subscription.user === name);
    for (const { address } of followed) subscriptions.remove(name, address);
    for (const id of submissions.removeUser(name)) outbox.remove(id);
    const logs = [signatures, threads, deliveryLog, importLog, automaticAnswers, handovers, preferences];
    for (const store of [contacts, cards, ...logs, mailboxes]) store.removeUser(name);
  }

  async authenticate({ username, password }: Credentials): Promise<AuthenticatedUser | null> {
    const login = this.#findLogin(username);
    const user = login === null ? null : this.#options.users.get(login.name);
    const passwordHash = user?.passwordHash ?? nobodysHash;
    const given = password.slice(0, LONGEST_PASSWORD + 1);
    if (user !== null && this.#knownPasswords.isRight(passwordHash, given)) return login;
    const isRight = await verifyPassword(passwordHash, given);
    if (!isRight || user === null) return null;
    this.#knownPasswords.add(passwordHash, given);
    if (scramKeysOf(passwordHash) === null) await this.#completeHash(user, given);
    return login;
  }

  async scram(username: string): Promise<ScramLogin> {
    const login = this.#findLogin(username);
    const user = login === null ? null : this.#options.users.get(login.name);
    const keys = user === null ? null : scramKeysOf(user.passwordHash);
    if (keys !== null) return { keys, user: login };
    const name = username.trim().toLowerCase();
    return { keys: inventScramKeys(this.#decoySecret(), name, SCRAM_ITERATIONS), user: null };
  }

  /** A login made before there was SCRAM gets its keys when its password is known. */
  async #completeHash(user: User, password: string): Promise<void> {
    const { users, transactions } = this.#options;
    const passwordHash = await addScramKeys(user.passwordHash, password);
    transactions.run(() => {
      const now = users.get(user.name);
      if (now?.passwordHash !== user.passwordHash) return;
      users.save({ ...now, passwordHash });
      this.#knownPasswords.add(passwordHash, password);
    });
  }

  /** The oldest login's, so that an unknown name has the same salt tomorrow, as a known one has. */
  #decoySecret(): Uint8Array {
    const oldest = [...this.#options.users.list()].sort((a, b) => a.created - b.created);
    for (const { passwordHash } of oldest) {
      const secret = decoySecretOf(passwordHash);
      if (secret !== null) return secret;
    }
    return this.#ownSecret;
  }

  /** By the user's name, or by the address of one of the identities. */
  #findLogin(username: string): AuthenticatedUser | null {
    const wanted = username.trim().toLowerCase();
    if (this.#options.users.get(wanted) !== null) return { name: wanted };
    const local = wanted.split("@", 1)[0] ?? "";
    if (!local.startsWith("bm-")) return this.#options.users.get(local) === null ? null : { name: local };
    const found = this.#options.identities
      .list()
      .filter((identity) => !identity.chan && identity.address.toLowerCase() === local);
    const [identity, ...others] = found;
    if (identity === undefined || others.length > 0) return null;
    return { name: identity.user, identity: identity.address };
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
