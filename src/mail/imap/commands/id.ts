import { formatText } from "../format.js";
import { ANY_STATE, type Command } from "./command.js";

/** Never refused: clients send it at any time, with fields of any length, and some give up on a BAD. */
export const id: Command = {
  name: "ID",
  specification: "RFC 2971",
  states: ANY_STATE,
  expunges: "tell-expunges",
  async run({ session, parser }) {
    if (parser.optionalSpace()) {
      if (parser.peek() === "(") {
        parser.list(() => {
          parser.string();
          parser.space();
          parser.nstring();
        });
      } else parser.nstring();
    }
    parser.end();
    const fields = Object.entries(session.settings.id).map(
      ([name, value]) => `${formatText(name)} ${formatText(value)}`,
    );
    session.out.line(`* ID ${fields.length > 0 ? `(${fields.join(" ")})` : "NIL"}`);
    return "ID completed.";
  },
};
