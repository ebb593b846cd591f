import type { UserMail } from "../backend.js";
import { offers } from "../capabilities.js";
import { ImapError } from "../error.js";
import type { CommandParser } from "../parser.js";
import type { SelectedMailbox, Session, SessionState } from "../session.js";

export interface CommandContext {
  readonly session: Session;
  readonly tag: string;
  /** Stands behind the command's name. */
  readonly parser: CommandParser;
  /** The client may not be told of expunges at the end of this command, whatever is usual with it. */
  holdExpunges(): void;
}

export interface Command {
  readonly name: string;
  readonly specification: string;
  readonly states: readonly SessionState[];
  /** Unknown to clients that have switched IMAP4rev2 on (RFC 9051 appendix E). */
  readonly only?: "IMAP4rev1";
  /** Whether the client may be told of expunges when the command ends (RFC 9051 section 7.5.1). */
  readonly expunges: "tell-expunges" | "hold-expunges";
  /** The text of the tagged OK, with its code; null when the tagged response has been written. ImapError: NO or BAD. */
  run(context: CommandContext): Promise<string | null>;
}

export const ANY_STATE = ["not-authenticated", "authenticated", "selected"] as const;
export const LOGGED_IN = ["authenticated", "selected"] as const;
export const SELECTED = ["selected"] as const;

/** ImapError BAD, as for a command that does not exist, unless one of these capabilities is offered. */
export function requireOffered(session: Session, ...capabilities: readonly string[]): void {
  if (!capabilities.some((name) => offers(session, name)))
    throw new ImapError("BAD", null, "That command is not offered.");
}

/** The user's mail; the state table has made sure that there is one. */
export function mailOf(session: Session): UserMail {
  if (!session.mail) throw new ImapError("BAD", null, "Log in first.");
  return session.mail;
}

export function selectedOf(session: Session): SelectedMailbox {
  if (!session.selected) throw new ImapError("BAD", null, "Select a mailbox first.");
  return session.selected;
}

/** ImapError NO when the mailbox was opened with EXAMINE. */
export function writableOf(session: Session): SelectedMailbox {
  const selected = selectedOf(session);
  if (selected.access === "read-only")
    throw new ImapError("NO", "READ-ONLY", "The mailbox was opened read-only.");
  return selected;
}

export function noSuchMailbox(): ImapError {
  return new ImapError("NO", "NONEXISTENT", "There is no such mailbox.");
}

/** For destinations that the client may create (RFC 9051 section 7.1). */
export function tryCreate(): ImapError {
  return new ImapError("NO", "TRYCREATE", "There is no such mailbox; create it first.");
}
