import { formatMailbox } from "../format.js";
import { matchesPattern } from "../list-pattern.js";
import { DELIMITER, parentsOf } from "../mailbox-name.js";
import { type Command, LOGGED_IN, mailOf } from "./command.js";

export const lsub: Command = {
  name: "LSUB",
  specification: "RFC 3501 section 6.3.9",
  states: LOGGED_IN,
  only: "IMAP4rev1",
  expunges: "tell-expunges",
  async run({ session, parser }) {
    parser.space();
    const reference = parser.listMailbox();
    parser.space();
    const pattern = parser.listMailbox();
    parser.end();
    if (pattern === "") {
      session.out.line(`* LSUB (\\Noselect) "${DELIMITER}" ""`);
      return "Delimiter given.";
    }
    const subscriptions = await mailOf(session).listSubscriptions();
    for (const [name, attributes] of answers(subscriptions, reference + pattern)) {
      session.out.line(`* LSUB (${attributes}) "${DELIMITER}" ${formatMailbox(name, session.nameForm)}`);
    }
    return "Subscriptions listed.";
  },
};

/** With `%`, a parent that is not subscribed stands for what is subscribed below it, as `\Noselect`. */
function answers(subscriptions: readonly string[], pattern: string): [string, string][] {
  const found = new Map<string, string>();
  for (const name of [...subscriptions].sort()) {
    if (matchesPattern(pattern, name)) found.set(name, "");
    else if (pattern.endsWith("%")) {
      for (const parent of parentsOf(name)) {
        if (!found.has(parent) && matchesPattern(pattern, parent)) found.set(parent, "\\Noselect");
      }
    }
  }
  return [...found];
}
