/** Through what somebody logs in. */
export type Service = "imap" | "smtp" | "carddav" | "web" | "api";

/** Where somebody logs in from. */
export interface LoginOrigin {
  readonly service: Service;
  /** Address of the client, for growing delays after wrong passwords. Never the password's business. */
  readonly remoteAddress: string;
  /** The ports at the client's end and at ours, by which a host may find out which local user has the connection. */
  readonly remotePort?: number | undefined;
  readonly localPort?: number | undefined;
}

/** What a client said to prove who it is (RFC 4616 PLAIN, the LOGIN mechanism, or IMAP's LOGIN command). */
export interface Credentials extends LoginOrigin {
  readonly username: string;
  readonly password: string;
}

/** Someone who has proved who he is. */
export interface AuthenticatedUser {
  /** The local login. */
  readonly name: string;
  /** Set when the login was an identity's address: only that identity's mail is shown. */
  readonly identity?: string;
  /** Label of the app password that he came in with; without it, it was the login's own password. */
  readonly appPassword?: string;
}

/** The host's answer to credentials: null when they are wrong. Takes constant time, and longer with each failure. */
export interface Authenticator {
  /** @throws LoginRefused when nothing was looked at */
  authenticate(credentials: Credentials): Promise<AuthenticatedUser | null>;
  /** For SCRAM-SHA-256, which is offered where this is there. Of a name that nobody has the keys are made up, the same each time. */
  scram?(username: string, origin: LoginOrigin): Promise<ScramLogin>;
}

/** What a server keeps of a password for SCRAM-SHA-256 (RFC 5802 section 3). */
export interface ScramKeys {
  readonly salt: Uint8Array;
  readonly iterations: number;
  /** 32 octets each. */
  readonly storedKey: Uint8Array;
  readonly serverKey: Uint8Array;
}

export interface ScramLogin {
  readonly keys: ScramKeys;
  /**
   * Who has logged in by that proof; null: nobody, whatever was proved. Waits as `authenticate` does, before anything is told to the client.
   * @throws LoginRefused
   */
  conclude(proof: "right" | "wrong"): Promise<AuthenticatedUser | null>;
}

/** Too many wrong passwords, or too many logins at once: this one was not looked at, right or wrong. */
export class LoginRefused extends Error {
  constructor(
    /** After which it makes sense to try again. */
    readonly seconds: number,
  ) {
    super(`Too many wrong passwords. Try again in ${spanText(seconds)}.`);
    this.name = "LoginRefused";
  }
}

function spanText(seconds: number): string {
  if (seconds < 90) return seconds <= 1 ? "a second" : `${Math.ceil(seconds)} seconds`;
  return `${Math.ceil(seconds / 60)} minutes`;
}
