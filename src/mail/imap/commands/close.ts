import { type Command, SELECTED, selectedOf } from "./command.js";

/** Expunges in silence unless the mailbox was opened read-only. */
export const close: Command = {
  name: "CLOSE",
  specification: "RFC 9051 section 6.4.1",
  states: SELECTED,
  expunges: "hold-expunges",
  async run({ session, parser }) {
    parser.end();
    const { handle, access } = selectedOf(session);
    if (access === "read-write") await handle.expunge("all", "deleted-only");
    session.closeMailbox();
    return "Mailbox closed.";
  },
};

export const unselect: Command = {
  name: "UNSELECT",
  specification: "RFC 9051 section 6.4.2",
  states: SELECTED,
  expunges: "hold-expunges",
  async run({ session, parser }) {
    parser.end();
    session.closeMailbox();
    return "Mailbox closed, nothing expunged.";
  },
};
