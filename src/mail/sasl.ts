/** What a client said to prove who it is (RFC 4616 PLAIN, the LOGIN mechanism, or IMAP's LOGIN command). */
export interface Credentials {
  readonly username: string;
  readonly password: string;
  /** Address of the client, for growing delays after wrong passwords. Never the password's business. */
  readonly remoteAddress: string;
}

/** Someone who has proved who he is. */
export interface AuthenticatedUser {
  /** The local login. */
  readonly name: string;
  /** Set when the login was an identity's address: only that identity's mail is shown. */
  readonly identity?: string;
}

/** The host's answer to credentials: null when they are wrong. Takes constant time, and longer with each failure. */
export interface Authenticator {
  authenticate(credentials: Credentials): Promise<AuthenticatedUser | null>;
  /** For SCRAM-SHA-256, which is offered where this is there. Of a name that nobody has the keys are made up, the same each time. */
  scram?(username: string): Promise<ScramLogin>;
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
  /** Who has logged in when the proof is right; null: nobody, whatever is proved. */
  readonly user: AuthenticatedUser | null;
}
