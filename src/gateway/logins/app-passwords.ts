/** Passwords of single mail clients: made here, shown once, each revocable. */
import type { Transactions } from "../../bitmessage/messaging/ports.js";
import type { LoginOrigin, ScramKeys, Service } from "../../mail/sasl.js";
import { deriveScramKeys } from "../../mail/scram.js";
import type { UserStore } from "../ports.js";
import {
  appPasswordVerifier,
  LABEL_RULE,
  makeAppPassword,
  normalAppPassword,
  normalLabel,
} from "./app-password-text.js";
import type { LoginSessions } from "./login-sessions.js";
import type { AppPassword, AppPasswordStore } from "./ports.js";
import { UserError } from "./user-error.js";

export interface AppPasswords {
  /** The oldest first. @throws UserError `unknown` */
  list(user: string): readonly AppPassword[];
  /** The password is told now and never again. @throws UserError `unknown`, `bad-name`, `exists`, `too-many` */
  add(user: string, label: string, services?: readonly Service[]): Promise<NewAppPassword>;
  /** Ends the sessions that began with it. @throws UserError `unknown` */
  revoke(user: string, label: string): void;
  /** Whose it is among the user's, or null. With a label, that one alone. */
  find(user: string, typed: string, label: string | null): AppPassword | null;
  /** Keys for SCRAM of that label, or null. */
  scramOf(user: string, label: string): AppPassword | null;
  /** It was right just now. */
  used(password: AppPassword, origin: LoginOrigin): void;
}

export interface NewAppPassword {
  readonly label: string;
  readonly password: string;
  readonly services: readonly Service[];
}

export interface AppPasswordsOptions {
  readonly appPasswords: AppPasswordStore;
  readonly users: Pick<UserStore, "get">;
  readonly sessions: LoginSessions;
  readonly transactions: Transactions;
  /** Unix seconds. */
  readonly clock: () => number;
}

/** What mail clients need. The web page, which manages all, and the API have to be named. */
export const ORDINARY_SERVICES: readonly Service[] = ["imap", "smtp", "carddav"];
const MOST = 100;
/** There is nothing to guess, which more would slow down. RFC 7677 asks for so many at least. */
export const APP_SCRAM_ITERATIONS = 4096;
/** Seconds within which another use from the same place is not written down. */
const USE_INTERVAL = 60;

export function createAppPasswords(options: AppPasswordsOptions): AppPasswords {
  return new StoredAppPasswords(options);
}

class StoredAppPasswords implements AppPasswords {
  constructor(private readonly options: AppPasswordsOptions) {}

  list(user: string): readonly AppPassword[] {
    this.#checkUser(user);
    return this.options.appPasswords.list(user);
  }

  async add(
    user: string,
    typedLabel: string,
    services: readonly Service[] = ORDINARY_SERVICES,
  ): Promise<NewAppPassword> {
    const { appPasswords, transactions, clock } = this.options;
    const label = normalLabel(typedLabel);
    if (label === null) throw new UserError("bad-name", `A label ${LABEL_RULE}`);
    if (services.length === 0) throw new UserError("bad-name", "An app password has to be for something");
    const password = makeAppPassword();
    const scram: ScramKeys = await deriveScramKeys(password, APP_SCRAM_ITERATIONS);
    const verifier = appPasswordVerifier(user, password);
    transactions.run(() => {
      this.#checkUser(user);
      if (appPasswords.get(user, label) !== null)
        throw new UserError("exists", `There is an app password ${label} already; revoke it first`);
      if (appPasswords.list(user).length >= MOST)
        throw new UserError("too-many", `A login has ${MOST} app passwords at most; revoke some`);
      appPasswords.add({ user, label, verifier, scram, services, created: clock(), lastUse: null });
    });
    return { label, password, services };
  }

  revoke(user: string, label: string): void {
    const { appPasswords, transactions, sessions } = this.options;
    transactions.run(() => {
      this.#checkUser(user);
      const kept = appPasswords.get(user, label.trim());
      if (kept === null) throw new UserError("unknown", `${user} has no app password ${label}`);
      appPasswords.remove(user, kept.label);
      transactions.afterCommit(() => sessions.endOfAppPassword(user, kept.label));
    });
  }

  find(user: string, typed: string, label: string | null): AppPassword | null {
    const password = normalAppPassword(typed);
    if (password === null) return null;
    const found = this.options.appPasswords.find(user, appPasswordVerifier(user, password));
    const isMeant = label === null || found?.label.toLowerCase() === label.toLowerCase();
    return isMeant ? found : null;
  }

  scramOf(user: string, label: string): AppPassword | null {
    return this.options.appPasswords.get(user, label);
  }

  used({ user, label, lastUse }: AppPassword, { service, remoteAddress: address }: LoginOrigin): void {
    const { appPasswords, clock } = this.options;
    const time = clock();
    const isSame = lastUse?.service === service && lastUse.address === address;
    if (isSame && time >= lastUse.time && time < lastUse.time + USE_INTERVAL) return;
    appPasswords.used(user, label, { time, service, address });
  }

  #checkUser(user: string): void {
    if (this.options.users.get(user) === null) throw new UserError("unknown", `There is no login ${user}`);
  }
}
