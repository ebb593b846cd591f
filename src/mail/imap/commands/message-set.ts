import { syntax } from "../parser.js";
import type { SequenceSet } from "../sequence-set.js";
import type { SessionView } from "../view.js";

/** How a command names messages: `FETCH 1:3` or `UID FETCH 101:103`. */
export type Numbering = "sequence" | "uid";

/** Sequence numbers of the set, ascending. ImapError BAD for a sequence number that does not exist; UIDs that do not are passed over. */
export function resolveSet(view: SessionView, set: SequenceSet, numbering: Numbering): number[] {
  if (numbering === "uid") return view.resolveUids(set);
  const sequences = view.resolveSequence(set);
  if (!sequences) throw syntax("There is no message with such a number.");
  return sequences;
}

export function resolveToUids(view: SessionView, set: SequenceSet, numbering: Numbering): number[] {
  return resolveSet(view, set, numbering).map((sequence) => view.at(sequence)!.uid);
}
