/** Who is logged in to the page. In memory: a restart ends all. */
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { AuthenticatedUser } from "../../../mail/sasl.js";

export interface Session {
  readonly user: string;
  /** What he came in with: the login's password, or an app password. */
  readonly access: "password" | "app-password";
  /** What every form carries, so that only our own pages can make it (OWASP: synchroniser token). */
  readonly formToken: string;
  /** What the next page tells: what was done, or why not. Taken once. */
  notice: Notice | null;
}

export interface Notice {
  readonly kind: "done" | "failed";
  readonly text: string;
}

interface Kept extends Session {
  /** To be called when it ends by itself. */
  readonly release: () => void;
  readonly localUser: number | null;
  readonly begun: number;
  used: number;
}

export interface Finding {
  /** Whether somebody is there, or a page that lies open asks by itself: then the time without use goes on. */
  readonly asker?: "person" | "script";
  readonly localUser?: number | null;
}

export interface SessionsOptions {
  /** Told of each session; it is ended when its password is changed, or its user is gone. Returns what is to be called when it ends by itself. */
  readonly begun: (user: AuthenticatedUser, end: () => void) => () => void;
  /** Milliseconds. */
  readonly now: () => number;
}

const LONGEST = 12 * 3600_000;
const LONGEST_IDLE = 3600_000;
const MOST_SESSIONS = 200;
/** How long a login form that was shown can be sent. */
const FORM_TIME = 3600_000;

export class Sessions {
  readonly #sessions = new Map<string, Kept>();
  readonly #key = randomBytes(32);

  constructor(private readonly options: SessionsOptions) {}

  /**
   * Returns what the cookie holds. @param localUser who of this machine's users has logged in; null where that is not known. Browsers
   * send the cookies of one port of a host to every other, where somebody else may listen: the cookie is worth nothing to others.
   */
  begin(user: AuthenticatedUser, localUser: number | null = null): string {
    const id = randomBytes(32).toString("base64url");
    const now = this.options.now();
    const key = hash(id);
    this.#sessions.set(key, {
      user: user.name,
      localUser,
      access: user.appPassword === undefined ? "password" : "app-password",
      formToken: randomBytes(32).toString("base64url"),
      notice: null,
      release: this.options.begun(user, () => this.#sessions.delete(key)),
      begun: now,
      used: now,
    });
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > MOST_SESSIONS && oldest !== undefined) this.#end(oldest);
    return id;
  }

  find(id: string | null, { asker = "person", localUser = null }: Finding = {}): Session | null {
    const key = id === null ? "" : hash(id);
    const session = this.#sessions.get(key);
    if (session === undefined || session.localUser !== localUser) return null;
    const now = this.options.now();
    if (now - session.begun > LONGEST || now - session.used > LONGEST_IDLE) {
      this.#end(key);
      return null;
    }
    // The last used is the last to be forgotten.
    this.#sessions.delete(key);
    if (asker === "person") session.used = now;
    this.#sessions.set(key, session);
    return session;
  }

  end(id: string | null): void {
    if (id !== null) this.#end(hash(id));
  }

  #end(key: string): void {
    this.#sessions.get(key)?.release();
    this.#sessions.delete(key);
  }

  /** For the login form, before there is a session. */
  loginToken(): string {
    const time = String(Math.floor(this.options.now()));
    return `${time}.${this.#sign(time)}`;
  }

  isLoginToken(token: string): boolean {
    const [time = "", signature = ""] = token.split(".");
    const age = this.options.now() - Number(time);
    return age >= 0 && age <= FORM_TIME && isSame(signature, this.#sign(time));
  }

  #sign(text: string): string {
    return createHmac("sha256", this.#key).update(text).digest("base64url");
  }
}

export function isSame(given: string, wanted: string): boolean {
  return timingSafeEqual(Buffer.from(hash(given)), Buffer.from(hash(wanted)));
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
