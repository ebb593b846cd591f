import { Notifier } from "../notifier.js";
import { NOTHING, parseEventGroups } from "../notify-request.js";
import { syntax } from "../parser.js";
import { type Command, LOGGED_IN, mailOf, requireOffered } from "./command.js";

export const notify: Command = {
  name: "NOTIFY",
  specification: "RFC 5465",
  states: LOGGED_IN,
  expunges: "tell-expunges",
  async run({ session, parser }) {
    requireOffered(session, "NOTIFY");
    parser.space();
    const word = parser.word();
    if (word === "NONE") {
      parser.end();
      session.notify(new Notifier(session, mailOf(session), NOTHING));
      return "Nothing will be told.";
    }
    if (word !== "SET") throw syntax("SET or NONE was expected.");
    parser.space();
    const answer = parser.startsWith("STATUS ") ? "status" : "no-status";
    if (answer === "status") {
      parser.word();
      parser.space();
    }
    const request = parseEventGroups(session, parser);
    parser.end();
    // NOTIFY SET is a NOOP as well (section 3.1): what has waited until now is told whatever is wanted from now on.
    if (session.selected) session.tell("tell-expunges");
    const notifier = new Notifier(session, mailOf(session), request);
    session.notify(notifier);
    await notifier.begin(answer);
    return "You will be told.";
  },
};
