/** What SEARCH and SORT are to return (RFC 4731, RFC 5182, RFC 5267, RFC 9394), and how they return it. */
import { offers } from "./capabilities.js";
import type { Numbering } from "./commands/message-set.js";
import { type CommandParser, syntax } from "./parser.js";
import { formatPartialRange, type PartialRange, takePartial } from "./partial-range.js";
import { formatNumberSet } from "./sequence-set.js";
import type { Session } from "./session.js";

export type ReturnItem = "MIN" | "MAX" | "ALL" | "COUNT";

export interface SearchReturns {
  readonly items: ReadonlySet<ReturnItem>;
  readonly partial: PartialRange | null;
  /** Whether `$` is to stand for the result from now on. */
  readonly save: "save" | "keep-old";
}

/** An empty list, and no list where the answer is to be an ESEARCH all the same. */
export const RETURN_ALL: SearchReturns = { items: new Set(["ALL"]), partial: null, save: "keep-old" };

const ITEMS: readonly string[] = ["MIN", "MAX", "ALL", "COUNT"];

/** `["RETURN" SP "(" [search-return-opt *(SP search-return-opt)] ")" SP]`; null when there is none. */
export function parseReturns(
  session: Session,
  parser: CommandParser,
  command: "SEARCH" | "SORT",
): SearchReturns | null {
  if (!parser.startsWith("RETURN ") || !offers(session, command === "SEARCH" ? "ESEARCH" : "ESORT"))
    return null;
  parser.word();
  parser.space();
  const items = new Set<ReturnItem>();
  let partial: PartialRange | null = null;
  let save = "keep-old" as SearchReturns["save"];
  parser.list(() => {
    const word = parser.word();
    if (ITEMS.includes(word)) items.add(word as ReturnItem);
    else if (word === "SAVE" && offers(session, "SEARCHRES")) save = "save";
    else if (word === "PARTIAL" && command === "SEARCH" && offers(session, "PARTIAL") && !partial) {
      parser.space();
      partial = parser.partialRange();
    } else throw syntax(`Unknown RETURN option ${word.slice(0, 40)}.`);
  });
  parser.space();
  if (partial && items.has("ALL")) throw syntax("PARTIAL and ALL exclude each other.");
  if (items.size === 0 && !partial && save !== "save") items.add("ALL");
  return { items, partial, save };
}

/** Whether there is anything to answer but the tagged response. */
export function isAnswered(returns: SearchReturns): boolean {
  return returns.items.size > 0 || returns.partial !== null;
}

/** Those of the messages that the answer is about: what MODSEQ is of, and what `$` stands for. */
export function chosenBy<T>(returns: SearchReturns | null, found: readonly T[]): readonly T[] {
  if (!returns || returns.items.has("ALL") || returns.items.has("COUNT") || !isAnswered(returns))
    return found;
  const chosen = new Set(returns.partial ? takePartial(found, returns.partial) : []);
  if (found.length > 0 && returns.items.has("MIN")) chosen.add(found[0]!);
  if (found.length > 0 && returns.items.has("MAX")) chosen.add(found.at(-1)!);
  return found.filter((one) => chosen.has(one));
}

export interface SearchAnswer {
  readonly tag: string;
  readonly numbering: Numbering;
  /** In the order of the result. */
  readonly numbers: readonly number[];
  /** 0: not told. */
  readonly modSeq: number;
}

/** `esearch-response` without CRLF. */
export function formatExtended(
  returns: SearchReturns,
  { tag, numbering, numbers, modSeq }: SearchAnswer,
): string {
  const { items, partial } = returns;
  let text = `* ESEARCH (TAG "${tag}")`;
  if (numbering === "uid") text += " UID";
  if (numbers.length > 0) {
    if (items.has("MIN")) text += ` MIN ${numbers[0]}`;
    if (items.has("MAX")) text += ` MAX ${numbers.at(-1)}`;
    if (items.has("ALL")) text += ` ALL ${formatNumberSet(numbers)}`;
  }
  if (items.has("COUNT")) text += ` COUNT ${numbers.length}`;
  if (partial) {
    text += ` PARTIAL (${formatPartialRange(partial)} ${formatNumberSet(takePartial(numbers, partial)) || "NIL"})`;
  }
  if (modSeq > 0) text += ` MODSEQ ${modSeq}`;
  return text;
}
