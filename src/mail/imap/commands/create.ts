import type { SpecialUse } from "../backend.js";
import { offers } from "../capabilities.js";
import { ImapError } from "../error.js";
import { checkNewMailboxName } from "../mailbox-name.js";
import { type CommandParser, syntax } from "../parser.js";
import type { Session } from "../session.js";
import { type Command, LOGGED_IN, mailOf } from "./command.js";
import { tellNormalName } from "./list-line.js";

const SPECIAL_USES: readonly SpecialUse[] = [
  "\\All",
  "\\Archive",
  "\\Drafts",
  "\\Flagged",
  "\\Junk",
  "\\Sent",
  "\\Trash",
];

export const create: Command = {
  name: "CREATE",
  specification: "RFC 9051 section 6.3.4, RFC 6154 for USE, RFC 8474 for MAILBOXID",
  states: LOGGED_IN,
  expunges: "tell-expunges",
  async run({ session, parser }) {
    parser.space();
    const mailbox = parser.mailboxAsWritten();
    const { name } = mailbox;
    const specialUse = parser.optionalSpace() ? parseParameters(session, parser) : null;
    parser.end();
    checkNewMailboxName(name);
    if (name === "INBOX") throw new ImapError("NO", "ALREADYEXISTS", "INBOX exists always.");
    const mail = mailOf(session);
    await mail.createMailbox(name, specialUse ? { specialUse } : {});
    await tellNormalName(session, mailbox);
    const id = offers(session, "OBJECTID") ? (await mail.status(name))?.id : undefined;
    return id ? `[MAILBOXID (${id})] Mailbox created.` : "Mailbox created.";
  },
};

/** `create-param = "USE" SP "(" [use-attr *(SP use-attr)] ")"` */
function parseParameters(session: Session, parser: CommandParser): SpecialUse | null {
  const uses: SpecialUse[] = [];
  parser.list(() => {
    if (parser.word() !== "USE" || !offers(session, "CREATE-SPECIAL-USE")) throw syntax("Unknown parameter.");
    parser.space();
    parser.list(() => {
      const flag = parser.flag().toLowerCase();
      const use = SPECIAL_USES.find((one) => one.toLowerCase() === flag);
      if (!use) throw new ImapError("NO", "USEATTR", "That use is not known.");
      uses.push(use);
    });
  });
  if (uses.length > 1) throw new ImapError("NO", "USEATTR", "A mailbox has one use only.");
  return uses[0] ?? null;
}
