import { offers } from "../capabilities.js";
import { type Command, LOGGED_IN } from "./command.js";

/** What ENABLE can switch on, where it is offered. */
const ENABLEABLE = ["CONDSTORE"];

/** Names that are not known or not offered are passed over in silence: mutt asks for UTF8=ACCEPT without having been offered it. */
export const enable: Command = {
  name: "ENABLE",
  specification: "RFC 5161",
  states: LOGGED_IN,
  expunges: "tell-expunges",
  async run({ session, parser }) {
    const names: string[] = [];
    do {
      parser.space();
      names.push(parser.word());
    } while (parser.peek() === " ");
    parser.end();
    const enabled = names.filter(
      (name) => ENABLEABLE.includes(name) && offers(session, name) && !session.enabled.has(name),
    );
    if (enabled.includes("CONDSTORE")) session.enableCondstore();
    session.out.line(`* ENABLED${enabled.map((name) => ` ${name}`).join("")}`);
    return "Enabled.";
  },
};
