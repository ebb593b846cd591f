import { Pacer } from "../pacer.js";
import { parseSearchCriteria } from "../parse-search.js";
import { Progress } from "../progress.js";
import { hasKey } from "../search-key.js";
import { formatExtended, isAnswered, parseReturns } from "../search-returns.js";
import { parseSortCriteria, sortMessages } from "../sort.js";
import { type Command, type CommandContext, requireOffered, SELECTED, selectedOf } from "./command.js";
import type { Numbering } from "./message-set.js";
import { findMessages, greatestModSeq, savingResult } from "./search.js";

export const sort: Command = {
  name: "SORT",
  specification: "RFC 5256, RFC 5267 for RETURN, RFC 5957 for DISPLAYFROM and DISPLAYTO",
  states: SELECTED,
  expunges: "hold-expunges",
  run: (context) => run(context, "sequence"),
};

export const uidSort: Command = {
  name: "UID SORT",
  specification: "RFC 5256",
  states: SELECTED,
  expunges: "tell-expunges",
  run: (context) => run(context, "uid"),
};

async function run(context: CommandContext, numbering: Numbering): Promise<string> {
  const { session, tag, parser } = context;
  requireOffered(session, "SORT");
  parser.space();
  const returns = parseReturns(session, parser, "SORT");
  const { view, handle } = selectedOf(session);
  const { key, found } = await savingResult(session, returns, async () => {
    const criteria = parseSortCriteria(session, parser);
    parser.space();
    const key = parseSearchCriteria(session, parser);
    const matching = await findMessages(context, key);
    const found = await sortMessages(criteria, matching, {
      view,
      handle,
      pacer: new Pacer(),
      progress: new Progress(session, tag),
      wanted: () => !session.connection.closed,
    });
    return { key, found };
  });
  const numbers = numbering === "uid" ? found.map((sequence) => view.at(sequence)!.uid) : found;
  const modSeq = hasKey(key, "modseq") ? greatestModSeq(session, found) : 0;
  if (!returns) {
    const list = numbers.map((number) => ` ${number}`).join("");
    session.out.line(`* SORT${list}${modSeq > 0 ? ` (MODSEQ ${modSeq})` : ""}`);
  } else if (isAnswered(returns)) {
    session.out.line(formatExtended(returns, { tag, numbering, numbers, modSeq }));
  }
  return "Sorted.";
}
