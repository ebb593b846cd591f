import { ImapError } from "../error.js";
import { type Command, LOGGED_IN, mailOf } from "./command.js";
import { tellNormalName } from "./list-line.js";

export const deleteMailbox: Command = {
  name: "DELETE",
  specification: "RFC 9051 section 6.3.5",
  states: LOGGED_IN,
  expunges: "tell-expunges",
  async run({ session, parser }) {
    parser.space();
    const mailbox = parser.mailboxAsWritten();
    const { name } = mailbox;
    parser.end();
    if (name === "INBOX") throw new ImapError("NO", "CANNOT", "INBOX cannot be deleted.");
    await mailOf(session).deleteMailbox(name);
    await tellNormalName(session, mailbox);
    if (session.selected?.name === name) {
      session.closeMailbox();
      session.out.line("* OK [CLOSED] The deleted mailbox was the selected one.");
    }
    return "Mailbox deleted.";
  },
};
