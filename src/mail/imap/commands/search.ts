import { parseSearch, type SearchProgram } from "../parse-search.js";
import type { SearchKey } from "../search-key.js";
import { runSearch } from "../search-run.js";
import { formatNumberSet } from "../sequence-set.js";
import type { Session } from "../session.js";
import { type Command, type CommandContext, SELECTED, selectedOf } from "./command.js";
import type { Numbering } from "./message-set.js";

export const search: Command = {
  name: "SEARCH",
  specification: "RFC 9051 section 6.4.4, RFC 3501 section 6.4.4, RFC 4731 for RETURN",
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

async function run({ session, tag, parser }: CommandContext, numbering: Numbering): Promise<string> {
  const program = parseSearch(session, parser);
  const { view, handle } = selectedOf(session);
  const sequences = await runSearch({
    key: program.key,
    view,
    handle,
    now: Math.floor(Date.now() / 1000),
    wanted: () => !session.connection.closed,
  });
  const numbers = numbering === "uid" ? sequences.map((sequence) => view.at(sequence)!.uid) : sequences;
  const told = program.returns ? toldByReturns(program.returns, sequences) : sequences;
  const modSeq = usesModSeq(program.key) ? greatestModSeq(session, told) : 0;
  if (program.returns)
    session.out.line(`* ESEARCH (TAG "${tag}")${extended(program.returns, numbers, numbering, modSeq)}`);
  else
    session.out.line(
      `* SEARCH${numbers.map((number) => ` ${number}`).join("")}${modSeq > 0 ? ` (MODSEQ ${modSeq})` : ""}`,
    );
  return "Searched.";
}

/** `*(SP search-return-data)` (RFC 4731 section 3.1) */
function extended(
  returns: NonNullable<SearchProgram["returns"]>,
  numbers: readonly number[],
  numbering: Numbering,
  modSeq: number,
): string {
  let text = numbering === "uid" ? " UID" : "";
  if (numbers.length > 0) {
    if (returns.has("MIN")) text += ` MIN ${numbers[0]}`;
    if (returns.has("MAX")) text += ` MAX ${numbers.at(-1)}`;
    if (returns.has("ALL") || returns.size === 0) text += ` ALL ${formatNumberSet(numbers)}`;
  }
  if (returns.has("COUNT")) text += ` COUNT ${numbers.length}`;
  if (modSeq > 0) text += ` MODSEQ ${modSeq}`;
  return text;
}

/** With MIN and MAX alone the MODSEQ is that of the messages named (RFC 4731 section 3.2). */
function toldByReturns(
  returns: NonNullable<SearchProgram["returns"]>,
  sequences: readonly number[],
): readonly number[] {
  if (returns.size === 0 || returns.has("ALL") || returns.has("COUNT")) return sequences;
  return [
    ...(returns.has("MIN") ? sequences.slice(0, 1) : []),
    ...(returns.has("MAX") ? sequences.slice(-1) : []),
  ];
}

function usesModSeq(key: SearchKey): boolean {
  switch (key.type) {
    case "modseq":
      return true;
    case "and":
      return key.keys.some(usesModSeq);
    case "or":
      return usesModSeq(key.left) || usesModSeq(key.right);
    case "not":
      return usesModSeq(key.key);
    default:
      return false;
  }
}

function greatestModSeq(session: Session, sequences: readonly number[]): number {
  const { view } = selectedOf(session);
  return sequences.reduce((greatest, sequence) => Math.max(greatest, view.current(sequence).modSeq), 0);
}
