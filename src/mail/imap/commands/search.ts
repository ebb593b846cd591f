import { ImapError } from "../error.js";
import { parseSearchProgram } from "../parse-search.js";
import { Progress } from "../progress.js";
import { hasKey, type SearchKey } from "../search-key.js";
import {
  chosenBy,
  formatExtended,
  isAnswered,
  parseReturns,
  RETURN_ALL,
  type SearchReturns,
} from "../search-returns.js";
import { runSearch } from "../search-run.js";
import type { Session } from "../session.js";
import { type Command, type CommandContext, SELECTED, selectedOf } from "./command.js";
import type { Numbering } from "./message-set.js";

export const search: Command = {
  name: "SEARCH",
  specification:
    "RFC 9051 section 6.4.4, RFC 3501 section 6.4.4, RFC 4731 for RETURN, RFC 5182 for SAVE, RFC 9394 for PARTIAL",
  states: SELECTED,
  expunges: "hold-expunges",
  run: (context) => run(context, "sequence"),
};

export const uidSearch: Command = {
  name: "UID SEARCH",
  specification: "RFC 9051 section 6.4.9",
  states: SELECTED,
  expunges: "tell-expunges",
  run: (context) => run(context, "uid"),
};

async function run(context: CommandContext, numbering: Numbering): Promise<string> {
  const { session, tag, parser } = context;
  parser.space();
  const returns = parseReturns(session, parser, "SEARCH");
  const { key, found } = await savingResult(session, returns, async () => {
    const key = parseSearchProgram(session, parser);
    return { key, found: await findMessages(context, key) };
  });
  const { view } = selectedOf(session);
  const numbers = numbering === "uid" ? found.map((sequence) => view.at(sequence)!.uid) : found;
  const modSeq = hasKey(key, "modseq") ? greatestModSeq(session, chosenBy(returns, found)) : 0;
  const form = returns ?? (session.enabled.has("IMAP4REV2") ? RETURN_ALL : null);
  if (!form) {
    const list = numbers.map((number) => ` ${number}`).join("");
    session.out.line(`* SEARCH${list}${modSeq > 0 ? ` (MODSEQ ${modSeq})` : ""}`);
  } else if (isAnswered(form)) session.out.line(formatExtended(form, { tag, numbering, numbers, modSeq }));
  return "Searched.";
}

/** Sequence numbers of what matches, ascending. */
export async function findMessages(context: CommandContext, key: SearchKey): Promise<readonly number[]> {
  const { session, tag } = context;
  const { view, handle } = selectedOf(session);
  // Numbers that the client has used must not change before it has read the answer (RFC 7162 section 3.2.10.2).
  if (hasKey(key, "sequence")) context.holdExpunges();
  return runSearch({
    key,
    view,
    handle,
    now: Math.floor(Date.now() / 1000),
    wanted: () => !session.connection.closed,
    progress: new Progress(session, tag),
  });
}

/** Does the search; with SAVE what it finds becomes `$`, which is empty when it fails with NO (RFC 5182 section 2.1). */
export async function savingResult<T extends { readonly found: readonly number[] }>(
  session: Session,
  returns: SearchReturns | null,
  find: () => Promise<T>,
): Promise<T> {
  const { view } = selectedOf(session);
  if (returns?.save !== "save") return find();
  try {
    const result = await find();
    view.savedResult = chosenBy(returns, result.found)
      .map((sequence) => view.at(sequence)!.uid)
      .sort((a, b) => a - b);
    return result;
  } catch (error) {
    if (!(error instanceof ImapError && error.status === "BAD")) view.savedResult = [];
    throw error;
  }
}

export function greatestModSeq(session: Session, sequences: readonly number[]): number {
  const { view } = selectedOf(session);
  return sequences.reduce((greatest, sequence) => Math.max(greatest, view.current(sequence).modSeq), 0);
}
