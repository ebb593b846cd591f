import type { Command } from "./command.js";
import { logIn, requireLoginAllowed } from "./log-in.js";

export const login: Command = {
  name: "LOGIN",
  specification: "RFC 9051 section 6.2.3",
  states: ["not-authenticated"],
  expunges: "hold-expunges",
  async run({ session, parser }) {
    parser.space();
    const username = parser.text();
    parser.space();
    const password = parser.text();
    parser.end();
    requireLoginAllowed(session);
    return logIn(session, username, password);
  },
};
