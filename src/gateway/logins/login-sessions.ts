import type { AuthenticatedUser } from "../../mail/sasl.js";

interface OpenSession {
  readonly user: AuthenticatedUser;
  readonly end: (reason: string) => void;
}

/** Who is logged in, over all servers: so that a session ends with the password that it began with. */
export class LoginSessions {
  readonly #open = new Set<OpenSession>();

  /**
   * @param end says good-bye to the client; called once at most
   * @returns to be called when the session has ended by itself
   */
  begin(user: AuthenticatedUser, end: (reason: string) => void): () => void {
    const session = { user, end };
    this.#open.add(session);
    return () => this.#open.delete(session);
  }

  /** Those that came in with the login's own password. */
  endOfPassword(name: string): void {
    this.#end(
      "The password has been changed.",
      (user) => user.name === name && user.appPassword === undefined,
    );
  }

  endOfAppPassword(name: string, label: string): void {
    this.#end(
      "This app password has been revoked.",
      (user) => user.name === name && user.appPassword === label,
    );
  }

  endOfLogin(name: string): void {
    this.#end("This login has been removed.", (user) => user.name === name);
  }

  #end(reason: string, isMeant: (user: AuthenticatedUser) => boolean): void {
    for (const session of [...this.#open]) {
      if (!isMeant(session.user)) continue;
      this.#open.delete(session);
      session.end(reason);
    }
  }
}
