/** Mailbox names: UTF-8 text with `/` between the levels; what creating and renaming do to the names of a user. */
import { ImapError } from "../../mail/imap/error.js";

const DELIMITER = "/";
export const INBOX = "INBOX";

export interface RenamePlan {
  /** Parents that are missing, outermost first. */
  readonly create: readonly string[];
  /** Old and new names, in an order in which each new name is free when its turn comes. */
  readonly rename: readonly (readonly [string, string])[];
}

export function noSuchMailbox(): ImapError {
  return new ImapError("NO", "NONEXISTENT", "There is no such mailbox.");
}

function alreadyExists(): ImapError {
  return new ImapError("NO", "ALREADYEXISTS", "There is a mailbox of that name already.");
}

/** `a`, `a/b` for `a/b/c`. */
export function parentsOf(name: string): string[] {
  const parts = name.split(DELIMITER);
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join(DELIMITER));
}

/** Names that are no mailboxes but have children. */
export function impliedNames(names: ReadonlySet<string>): string[] {
  const parents = new Set([...names].flatMap(parentsOf));
  return [...parents].filter((parent) => !names.has(parent));
}

/** What to make for a new mailbox, missing parents first. @throws ImapError NO [ALREADYEXISTS] or [CANNOT] */
export function planCreate(names: ReadonlySet<string>, name: string): readonly string[] {
  refuseMalformed(name);
  if (names.has(name)) throw alreadyExists();
  return [...parentsOf(name).filter((parent) => !names.has(parent)), name];
}

/** @throws ImapError NO [NONEXISTENT], [ALREADYEXISTS] or [CANNOT] */
export function planRename(names: ReadonlySet<string>, from: string, to: string): RenamePlan {
  refuseMalformed(to);
  const prefix = from + DELIMITER;
  const moving = [...names].filter((name) => name === from || name.startsWith(prefix));
  // Upwards, as from `a/x` to `a`, a new name may be one that moves as well, and is shorter.
  moving.sort((one, other) => one.length - other.length);
  if (moving.length === 0) throw noSuchMailbox();
  if (to.startsWith(prefix)) throw new ImapError("NO", "CANNOT", "A mailbox cannot be moved into itself.");
  const rename = moving.map((name) => [name, to + name.slice(from.length)] as const);
  const movers = new Set(moving);
  const staying = new Set([...names].filter((name) => !movers.has(name)));
  if (to === from || rename.some(([, target]) => staying.has(target))) throw alreadyExists();
  return { create: parentsOf(to).filter((parent) => !staying.has(parent)), rename };
}

/** @throws ImapError NO [CANNOT] */
function refuseMalformed(name: string): void {
  if (name.split(DELIMITER).includes("")) {
    throw new ImapError("NO", "CANNOT", "A mailbox name has no empty levels.");
  }
}
