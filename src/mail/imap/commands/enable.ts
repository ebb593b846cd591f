import { offers } from "../capabilities.js";
import { type Command, LOGGED_IN } from "./command.js";

/** What ENABLE can switch on, where it is offered. */
const ENABLEABLE = ["CONDSTORE", "QRESYNC", "UTF8=ACCEPT", "IMAP4rev2"];

/** Names that are not known or not offered are passed over in silence. */
export const enable: Command = {
  name: "ENABLE",
  specification: "RFC 9051 section 6.3.1, RFC 5161",
  states: LOGGED_IN,
  expunges: "tell-expunges",
  async run({ session, parser }) {
    const names = new Set<string>();
    do {
      parser.space();
      names.add(parser.word());
    } while (parser.peek() === " ");
    parser.end();
    const enabled = ENABLEABLE.filter(
      (name) =>
        names.has(name.toUpperCase()) && offers(session, name) && !session.enabled.has(name.toUpperCase()),
    );
    if (enabled.includes("CONDSTORE") || enabled.includes("QRESYNC")) session.enableCondstore();
    for (const name of enabled) session.enabled.add(name.toUpperCase());
    if (enabled.includes("IMAP4rev2")) session.selected?.view.forgetRecent();
    session.out.line(`* ENABLED${enabled.map((name) => ` ${name}`).join("")}`);
    return "Enabled.";
  },
};
