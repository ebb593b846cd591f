import { ANY_STATE, type Command, SELECTED } from "./command.js";

export const noop: Command = {
  name: "NOOP",
  specification: "RFC 9051 section 6.1.2",
  states: ANY_STATE,
  expunges: "tell-expunges",
  async run({ parser }) {
    parser.end();
    return "Nothing done.";
  },
};

/** Everything is on disk already. */
export const check: Command = {
  name: "CHECK",
  specification: "RFC 3501 section 6.4.1",
  states: SELECTED,
  only: "IMAP4rev1",
  expunges: "tell-expunges",
  async run({ parser }) {
    parser.end();
    return "Checked.";
  },
};
