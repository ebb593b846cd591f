import { ImapError } from "../error.js";
import { checkNewMailboxName, DELIMITER } from "../mailbox-name.js";
import { type Command, LOGGED_IN, mailOf } from "./command.js";

export const rename: Command = {
  name: "RENAME",
  specification: "RFC 9051 section 6.3.6",
  states: LOGGED_IN,
  expunges: "tell-expunges",
  async run({ session, parser }) {
    parser.space();
    const from = parser.mailbox();
    parser.space();
    const to = parser.mailbox();
    parser.end();
    checkNewMailboxName(to);
    if (to === from || to === "INBOX")
      throw new ImapError("NO", "ALREADYEXISTS", "A mailbox of that name exists.");
    if (to.startsWith(from + DELIMITER) && from !== "INBOX") {
      throw new ImapError("NO", "CANNOT", "A mailbox cannot be moved into itself.");
    }
    await mailOf(session).renameMailbox(from, to);
    return "Mailbox renamed.";
  },
};
