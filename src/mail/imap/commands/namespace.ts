import { DELIMITER } from "../mailbox-name.js";
import { type Command, LOGGED_IN } from "./command.js";

export const namespace: Command = {
  name: "NAMESPACE",
  specification: "RFC 2342",
  states: LOGGED_IN,
  expunges: "tell-expunges",
  async run({ session, parser }) {
    parser.end();
    session.out.line(`* NAMESPACE (("" "${DELIMITER}")) NIL NIL`);
    return "Namespaces listed.";
  },
};
