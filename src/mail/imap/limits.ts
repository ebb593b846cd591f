/** What one client may take of the server. Sizes are octets, times milliseconds. */
export interface ImapLimits {
  /** Text of one command, without its literals, before login. */
  readonly lineBeforeLogin: number;
  /** Text of one command, without its literals, after login. */
  readonly line: number;
  /** All literals of one command together, but for the messages of APPEND. */
  readonly literals: number;
  /** Arguments (words, list members, set elements are not counted) of one command. */
  readonly arguments: number;
  /** Depth of parentheses and of SEARCH keys. */
  readonly depth: number;
  /** Sessions of one user at a time. */
  readonly sessionsPerUser: number;
  /** Connections at a time. */
  readonly connections: number;
  /** From the greeting to a successful login. */
  readonly loginTime: number;
  /** Without a command from a client that has logged in (RFC 9051 section 5.4: at least 30 minutes). */
  readonly inactivityTime: number;
  /** A client that takes nothing of what is sent to it for that long is dropped. */
  readonly stallTime: number;
  /** Between the reports of a long command (RFC 9585). */
  readonly progressInterval: number;
  /** Between the keep-alive lines in IDLE. */
  readonly idleKeepAlive: number;
  /** Invalid commands before login after which the connection ends. */
  readonly badCommandsBeforeLogin: number;
}

export const defaultLimits: ImapLimits = {
  lineBeforeLogin: 64 * 1024,
  line: 1024 * 1024,
  literals: 1024 * 1024,
  arguments: 20_000,
  depth: 50,
  sessionsPerUser: 64,
  connections: 1000,
  loginTime: 3 * 60_000,
  inactivityTime: 31 * 60_000,
  stallTime: 5 * 60_000,
  progressInterval: 10_000,
  idleKeepAlive: 9 * 60_000,
  badCommandsBeforeLogin: 10,
};
