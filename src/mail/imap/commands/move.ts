import { type Command, type CommandContext, SELECTED, tryCreate, writableOf } from "./command.js";
import { copyUid, parseCopy } from "./copy.js";
import { tellExpunges } from "./expunge.js";
import type { Numbering } from "./message-set.js";

export const move: Command = {
  name: "MOVE",
  specification: "RFC 6851",
  states: SELECTED,
  expunges: "tell-expunges",
  run: (context) => run(context, "sequence"),
};

export const uidMove: Command = {
  name: "UID MOVE",
  specification: "RFC 6851",
  states: SELECTED,
  expunges: "tell-expunges",
  run: (context) => run(context, "uid"),
};

/** The new UIDs are told untagged, before the expunges that the end of the command tells. */
async function run(context: CommandContext, numbering: Numbering): Promise<string> {
  const { session } = context;
  const { uids, destination } = parseCopy(context, numbering);
  const { handle, view } = writableOf(session);
  if (uids.length === 0) return "Nothing to move.";
  const result = await handle.move(uids, destination);
  if (!result) throw tryCreate();
  const code = copyUid(result);
  if (code !== "") session.out.line(`* OK ${code}Moved.`);
  view.queueExpunged(result);
  return result.expunged.length > 0 ? `${tellExpunges(session)}Moved.` : "Moved.";
}
