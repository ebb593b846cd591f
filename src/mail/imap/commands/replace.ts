import { offers } from "../capabilities.js";
import { ImapError } from "../error.js";
import { syntax } from "../parser.js";
import { parseAppendMessage, toNewMessage } from "./append-message.js";
import { type Command, type CommandContext, SELECTED, tryCreate, writableOf } from "./command.js";
import { tellExpunges } from "./expunge.js";
import { type Numbering, resolveToUids } from "./message-set.js";

/** A new message takes the place of an old one, in the same mailbox or in another. */
export const replace: Command = {
  name: "REPLACE",
  specification: "RFC 8508",
  states: SELECTED,
  expunges: "tell-expunges",
  run: (context) => run(context, "sequence"),
};

export const uidReplace: Command = {
  name: "UID REPLACE",
  specification: "RFC 8508 section 3.3",
  states: SELECTED,
  expunges: "tell-expunges",
  run: (context) => run(context, "uid"),
};

async function run({ session, parser }: CommandContext, numbering: Numbering): Promise<string> {
  if (!offers(session, "REPLACE")) throw syntax("REPLACE is not offered.");
  parser.space();
  const number = parser.take("*") ? "*" : parser.positiveNumber();
  parser.space();
  const destination = parser.mailbox();
  parser.space();
  const sent = parseAppendMessage(session, parser);
  parser.end();
  const { handle, view } = writableOf(session);
  const [uid] = resolveToUids(view, { ranges: [{ from: number, to: number }] }, numbering);
  if (uid === undefined) throw new ImapError("NO", "NONEXISTENT", "There is no message with that UID.");
  const result = await handle.replace(uid, destination, toNewMessage(session, sent));
  if (!result) throw tryCreate();
  // Before the expunge that the end of the command tells (section 4.3).
  session.out.line(`* OK [APPENDUID ${result.uidValidity} ${result.uids[0]}] The new message is kept.`);
  view.queueExpunged(result);
  return `${tellExpunges(session)}Replaced.`;
}
