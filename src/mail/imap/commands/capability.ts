import { capabilityLine } from "../capabilities.js";
import { ANY_STATE, type Command } from "./command.js";

export const capability: Command = {
  name: "CAPABILITY",
  specification: "RFC 9051 section 6.1.1",
  states: ANY_STATE,
  expunges: "tell-expunges",
  async run({ session, parser }) {
    parser.end();
    session.out.line(`* CAPABILITY ${capabilityLine(session)}`);
    return "Capabilities listed.";
  },
};
