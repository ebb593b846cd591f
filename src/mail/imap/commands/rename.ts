import { ImapError } from "../error.js";
import { checkNewMailboxName, DELIMITER } from "../mailbox-name.js";
import { type Command, LOGGED_IN, mailOf } from "./command.js";
import { tellNormalName } from "./list-line.js";

export const rename: Command = {
  name: "RENAME",
  specification: "RFC 9051 section 6.3.6",
  states: LOGGED_IN,
  expunges: "tell-expunges",
  async run({ session, parser }) {
    parser.space();
    const source = parser.mailboxAsWritten();
    const from = source.name;
    parser.space();
    const target = parser.mailboxAsWritten();
    const to = target.name;
    parser.end();
    checkNewMailboxName(to);
    if (to === from || to === "INBOX")
      throw new ImapError("NO", "ALREADYEXISTS", "A mailbox of that name exists.");
    if (to.startsWith(from + DELIMITER) && from !== "INBOX") {
      throw new ImapError("NO", "CANNOT", "A mailbox cannot be moved into itself.");
    }
    await mailOf(session).renameMailbox(from, to);
    if (source.written !== from) await tellNormalName(session, { name: to, written: source.written });
    else await tellNormalName(session, target);
    return "Mailbox renamed.";
  },
};
