/** Who may come in: the one place in which passwords are looked at, whatever server asks. */
import { randomBytes, timingSafeEqual } from "node:crypto";
import type { IdentityStore, Transactions } from "../../bitmessage/messaging/ports.js";
import type { Logger } from "../../logger.js";
import {
  type AuthenticatedUser,
  type Authenticator,
  type Credentials,
  type LoginOrigin,
  LoginRefused,
  type ScramLogin,
} from "../../mail/sasl.js";
import type { User, UserStore } from "../ports.js";
import { splitUsername } from "./app-password-text.js";
import { APP_SCRAM_ITERATIONS, type AppPasswords } from "./app-passwords.js";
import { KnownPasswords } from "./known-passwords.js";
import {
  type Attempt,
  type FailureRecord,
  guardedName,
  LoginGuard,
  type LoginGuardOptions,
} from "./login-guard.js";
import type { PasswordHashing } from "./password-hashing.js";
import { type PasswordRecord, readPasswordRecord, writePasswordRecord } from "./password-text.js";
import type { AppPassword } from "./ports.js";

/** Where a login comes from, as far as that can be told apart. */
export type LoginSource = Pick<Attempt, "source" | "trust">;

export interface Logins extends Required<Authenticator> {
  /** For what is no login of ours, under the same delays: null counts as a wrong password. @throws LoginRefused */
  guarded<T>(username: string, origin: LoginOrigin, check: () => Promise<T | null>): Promise<T | null>;
  /** Wrong passwords for that login, by source. */
  failures(user: string): readonly FailureRecord[];
  /** Lets everybody try again who is kept from that login. */
  lift(user: string): void;
  /** Nobody comes in from now on; those who wait are refused, and nothing is looked up any more. */
  stop(): void;
}

export interface LoginsOptions {
  readonly users: UserStore;
  readonly appPasswords: AppPasswords;
  readonly identities: Pick<IdentityStore, "list">;
  readonly hashing: PasswordHashing;
  readonly transactions: Transactions;
  readonly sourceOf: (origin: LoginOrigin) => Promise<LoginSource>;
  readonly guard?: Partial<Omit<LoginGuardOptions, "onLockout">>;
  readonly log: Logger;
}

/** Longer ones are nobody's. */
export const LONGEST_PASSWORD = 1024;

export function createLogins(options: LoginsOptions): Logins {
  return new GuardedLogins(options);
}

/** What a person has typed for a name. */
interface Typed {
  readonly username: string;
  /** Of an app password, or null. */
  readonly label: string | null;
  readonly login: AuthenticatedUser | null;
}

class GuardedLogins implements Logins {
  readonly #options: LoginsOptions;
  readonly #knownPasswords = new KnownPasswords();
  readonly #ownSecret = randomBytes(32);
  readonly #guard: LoginGuard;
  #isStopped = false;

  constructor(options: LoginsOptions) {
    this.#options = options;
    this.#guard = new LoginGuard({
      ...options.guard,
      onLockout: ({ source, username }, failures) =>
        options.log.warn("locked out after wrong passwords", { source, failures, ...this.#told(username) }),
    });
  }

  async authenticate({ username, password, ...origin }: Credentials): Promise<AuthenticatedUser | null> {
    const typed = this.#read(username);
    const given = password.slice(0, LONGEST_PASSWORD + 1);
    // Nobody guesses one, so that it need not wait for what others have tried.
    const appPassword = this.#options.appPasswords.find(typed.login?.name ?? "", given, typed.label);
    if (appPassword !== null) return this.#admit(typed, appPassword, origin);
    return this.guarded(username, origin, async () =>
      typed.label === null ? this.#checkPassword(typed, given) : null,
    );
  }

  async scram(username: string, origin: LoginOrigin): Promise<ScramLogin> {
    const typed = this.#read(username);
    const { login, label } = typed;
    // Made for all, so that nobody's takes no longer.
    const made = this.#decoyOf(username).scram!;
    if (label !== null) {
      const kept = login === null ? null : this.#options.appPasswords.scramOf(login.name, label);
      return {
        keys: kept?.scram ?? { ...made, iterations: APP_SCRAM_ITERATIONS },
        conclude: (proof) => this.#concludeLabelled(typed, proof === "right" ? kept : null, origin),
      };
    }
    const keys = login === null ? null : this.#scramKeysOf(login.name);
    const isKept = () => {
      const now = login === null ? null : this.#scramKeysOf(login.name);
      return now !== null && keys !== null && isSame(now.storedKey, keys.storedKey);
    };
    return {
      keys: keys ?? made,
      conclude: (proof) =>
        this.guarded(username, origin, async () => (proof === "right" && isKept() ? login : null)),
    };
  }

  async guarded<T>(username: string, origin: LoginOrigin, check: () => Promise<T | null>): Promise<T | null> {
    const { sourceOf, log } = this.#options;
    const { source, trust } = await sourceOf(origin);
    const result = await this.#guard.attempt({ source, trust, username }, async () => {
      this.#refuseStopped();
      const checked = await check();
      this.#refuseStopped();
      return checked;
    });
    if (result === null) {
      const { service } = origin;
      log.warn("wrong password", { source, service, ...this.#told(username) });
    }
    return result;
  }

  stop(): void {
    this.#isStopped = true;
    this.#options.hashing.close();
  }

  #refuseStopped(): void {
    if (this.#isStopped) throw new LoginRefused(1);
  }

  failures(user: string): readonly FailureRecord[] {
    return this.#guard.list((name) => this.#isNameOf(name, user));
  }

  lift(user: string): void {
    this.#guard.lift((name) => this.#isNameOf(name, user));
  }

  /** A right one opens what it is for. */
  #admit({ login }: Typed, appPassword: AppPassword, origin: LoginOrigin): AuthenticatedUser | null {
    const { appPasswords, log } = this.#options;
    const { user, label, services } = appPassword;
    if (login === null || !services.includes(origin.service)) {
      log.warn("an app password is not for this", { user, label, service: origin.service });
      return null;
    }
    appPasswords.used(appPassword, origin);
    return { ...login, appPassword: label };
  }

  async #concludeLabelled(
    typed: Typed,
    proved: AppPassword | null,
    origin: LoginOrigin,
  ): Promise<AuthenticatedUser | null> {
    const now = proved === null ? null : this.#options.appPasswords.scramOf(proved.user, proved.label);
    // Revoked, and perhaps made anew, since the exchange began?
    const isKept = now !== null && proved !== null && isSame(now.verifier, proved.verifier);
    if (isKept) return this.#admit(typed, now, origin);
    return this.guarded(typed.username, origin, async () => null);
  }

  async #checkPassword(typed: Typed, given: string): Promise<AuthenticatedUser | null> {
    const { users, hashing } = this.#options;
    const { login } = typed;
    const user = login === null ? null : users.get(login.name);
    if (user !== null && this.#knownPasswords.isRight(user.passwordHash, given)) return login;
    const decoy = writePasswordRecord(this.#decoyOf(typed.username));
    const kept = user?.passwordHash ?? decoy;
    const outcome = await hashing.verify(kept, given);
    if (outcome === "wrong" || user === null) return null;
    const passwordHash = outcome === "outdated" ? await this.#hashAnew(user, given) : user.passwordHash;
    const now = users.get(user.name);
    if (now === null) return null;
    // Changed in the meantime, perhaps only hashed anew.
    if (now.passwordHash !== passwordHash) return this.#checkPassword(typed, given);
    this.#knownPasswords.add(passwordHash, given);
    return login;
  }

  /** With what this machine can afford today. Returns what is kept then, unless that has changed. */
  async #hashAnew(user: User, password: string): Promise<string> {
    const { users, hashing, transactions } = this.#options;
    const passwordHash = await hashing.hash(password, user.passwordHash);
    return transactions.run(() => {
      if (users.get(user.name)?.passwordHash !== user.passwordHash) return user.passwordHash;
      users.save({ ...user, passwordHash });
      return passwordHash;
    });
  }

  #scramKeysOf(name: string) {
    const user = this.#options.users.get(name);
    return user === null ? null : readPasswordRecord(user.passwordHash).scram;
  }

  #decoyOf(username: string): PasswordRecord {
    const records = this.#oldestFirst().map(({ passwordHash }) => readPasswordRecord(passwordHash));
    // The oldest login's, so that an unknown name has the same salt tomorrow, as a known one has.
    const secret = records.find(({ decoy }) => decoy !== null)?.decoy ?? this.#ownSecret;
    return this.#options.hashing.decoyOf(guardedName(username), secret, records);
  }

  #oldestFirst(): readonly User[] {
    return [...this.#options.users.list()].sort((a, b) => a.created - b.created);
  }

  #read(username: string): Typed {
    const { name, label } = splitUsername(username);
    return { username, label, login: this.#findLogin(name) };
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

  #isNameOf(name: string, user: string): boolean {
    return this.#findLogin(name)?.name === user;
  }

  /** For the log: only a name that is a login's, as people type passwords there as well. */
  #told(username: string): { readonly user?: string } {
    const { login } = this.#read(username);
    return login === null ? {} : { user: login.name };
  }
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}
