import { ANY_STATE, type Command } from "./command.js";

export const logout: Command = {
  name: "LOGOUT",
  specification: "RFC 9051 section 6.1.3",
  states: ANY_STATE,
  expunges: "hold-expunges",
  async run({ session, tag, parser }) {
    parser.end();
    session.out.line("* BYE Logging out.");
    session.out.line(`${tag} OK Logged out.`);
    session.state = "logout";
    return null;
  },
};
