import { ImapError } from "../error.js";
import type { Command } from "./command.js";
import { logIn, requireLoginAllowed } from "./log-in.js";

const LONGEST_RESPONSE = 12_288;

export const authenticate: Command = {
  name: "AUTHENTICATE",
  specification: "RFC 9051 section 6.2.2, RFC 4959 for the initial response, RFC 4616 for PLAIN",
  states: ["not-authenticated"],
  expunges: "hold-expunges",
  async run({ session, parser }) {
    parser.space();
    const mechanism = parser.word();
    let response: string | null = parser.optionalSpace() ? parser.rest().trim() : null;
    parser.end();
    if (mechanism !== "PLAIN") throw new ImapError("NO", null, "That mechanism is not offered.");
    requireLoginAllowed(session);
    if (response === null) {
      session.out.line("+ ");
      response = await session.connection.nextLine(LONGEST_RESPONSE);
    }
    if (response === null) throw new ImapError("NO", null, "The connection has ended.");
    if (response.trim() === "*") throw new ImapError("BAD", null, "Authentication was cancelled.");
    const [authorization, username, password] = decodePlain(response);
    if (authorization !== "" && authorization !== username) {
      throw new ImapError("NO", "AUTHORIZATIONFAILED", "One user cannot log in as another.");
    }
    return logIn(session, username, password);
  },
};

/** `message = [authzid] UTF8NUL authcid UTF8NUL passwd` in base64, its padding present or not. */
function decodePlain(response: string): [string, string, string] {
  const text = response.trim() === "=" ? "" : response.trim();
  if (text.length >= LONGEST_RESPONSE || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) {
    throw new ImapError("BAD", null, "That is not base64.");
  }
  const parts = Buffer.from(text, "base64").toString("utf8").split("\0");
  if (parts.length !== 3 || parts[1] === "")
    throw new ImapError("BAD", null, "That is not a PLAIN response.");
  return parts as [string, string, string];
}
