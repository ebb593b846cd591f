import type { MailboxStatus } from "../backend.js";
import { offers } from "../capabilities.js";
import { formatMailbox, type Octets } from "../format.js";
import { type CommandParser, syntax } from "../parser.js";
import type { Session } from "../session.js";
import { type Command, LOGGED_IN, mailOf, noSuchMailbox } from "./command.js";

export const status: Command = {
  name: "STATUS",
  specification:
    "RFC 9051 section 6.3.11, RFC 8438 for SIZE, RFC 7162 for HIGHESTMODSEQ, RFC 7889 for APPENDLIMIT, RFC 8474 for MAILBOXID",
  states: LOGGED_IN,
  expunges: "tell-expunges",
  async run({ session, parser }) {
    parser.space();
    const name = parser.mailbox();
    parser.space();
    const items = parseStatusItems(session, parser);
    parser.end();
    const found = await mailOf(session).status(name);
    if (!found) throw noSuchMailbox();
    session.out.line(formatStatus(session, name, items, found));
    return "Status given.";
  },
};

type StatusItem = (status: MailboxStatus, session: Session) => string | number;

const ITEMS: Readonly<Record<string, StatusItem>> = {
  MESSAGES: (one) => one.messages,
  RECENT: (one) => one.recent,
  UIDNEXT: (one) => one.uidNext,
  UIDVALIDITY: (one) => one.uidValidity,
  UNSEEN: (one) => one.unseen,
  DELETED: (one) => one.deleted,
  SIZE: (one) => one.size,
  HIGHESTMODSEQ: (one) => Math.max(1, one.highestModSeq),
  APPENDLIMIT: (_, session) => session.settings.appendLimit,
  MAILBOXID: (one) => `(${one.id})`,
};

/** IMAP4rev2 has no RECENT (RFC 9051 appendix E). */
function isKnown(session: Session, item: string): boolean {
  if (item === "RECENT" && session.isRevision2) return false;
  return Object.hasOwn(ITEMS, item) && (item !== "MAILBOXID" || offers(session, "OBJECTID"));
}

/** `"(" status-att *(SP status-att) ")"` */
export function parseStatusItems(session: Session, parser: CommandParser): string[] {
  const items: string[] = [];
  parser.list(() => {
    const item = parser.word();
    if (!isKnown(session, item)) throw syntax(`Unknown STATUS item ${item}.`);
    if (item === "HIGHESTMODSEQ") {
      if (!offers(session, "CONDSTORE")) throw syntax("CONDSTORE is not offered.");
      session.enableCondstore();
    }
    items.push(item);
  });
  if (items.length === 0) throw syntax("STATUS needs an item.");
  return items;
}

export function formatStatus(
  session: Session,
  name: string,
  items: readonly string[],
  found: MailboxStatus,
): Octets {
  const values = items.map((item) => `${item} ${ITEMS[item]!(found, session)}`);
  return `* STATUS ${formatMailbox(name, session.nameForm)} (${values.join(" ")})`;
}
