/** Who is logged in to the page. In memory: a restart ends all. */
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";

export interface Session {
  readonly user: string;
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
  /** Of the password's hash: a changed password ends the session. */
  readonly passwordMark: string;
  readonly begun: number;
  used: number;
}

export interface SessionsOptions {
  /** Of that user, as it is kept; null when the user is gone. */
  readonly passwordHashOf: (user: string) => string | null;
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

  /** Returns what the cookie holds. */
  begin(user: string): string {
    const id = randomBytes(32).toString("base64url");
    const now = this.options.now();
    this.#sessions.set(hash(id), {
      user,
      formToken: randomBytes(32).toString("base64url"),
      notice: null,
      passwordMark: this.#markOf(user),
      begun: now,
      used: now,
    });
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > MOST_SESSIONS && oldest !== undefined) this.#sessions.delete(oldest);
    return id;
  }

  find(id: string | null): Session | null {
    const key = id === null ? "" : hash(id);
    const session = this.#sessions.get(key);
    if (session === undefined) return null;
    const now = this.options.now();
    const isOver =
      now - session.begun > LONGEST ||
      now - session.used > LONGEST_IDLE ||
      session.passwordMark !== this.#markOf(session.user);
    // The last used is the last to be forgotten.
    this.#sessions.delete(key);
    if (isOver) return null;
    session.used = now;
    this.#sessions.set(key, session);
    return session;
  }

  end(id: string | null): void {
    if (id !== null) this.#sessions.delete(hash(id));
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

  #markOf(user: string): string {
    return hash(this.options.passwordHashOf(user) ?? randomBytes(32).toString("hex"));
  }
}

export function isSame(given: string, wanted: string): boolean {
  return timingSafeEqual(Buffer.from(hash(given)), Buffer.from(hash(wanted)));
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
