/** Quick resynchronisation (RFC 7162 section 3.2): what a client that has been here before is told when it comes back. */
import type { OpenMailbox } from "./backend.js";
import type { Octets } from "./format.js";
import { type CommandParser, syntax } from "./parser.js";
import { formatNumberSet, lowerBound, resolveRanges, type SequenceSet } from "./sequence-set.js";
import type { SessionView, UpdateFormat } from "./view.js";

/** What the client says that it knows. */
export interface KnownState {
  readonly uidValidity: number;
  readonly modSeq: number;
  /** Null: all UIDs there have been. */
  readonly uids: SequenceSet | null;
  /** Pairs of sequence number and UID, ascending. */
  readonly samples: readonly (readonly [sequence: number, uid: number])[];
}

/** A sample of more is not asked of anybody (RFC 7162 section 4: lines of 8,192 octets). */
const MOST_SAMPLES = 10_000;

/** `"(" uidvalidity SP mod-sequence-value [SP known-uids] [SP seq-match-data] ")"` */
export function parseKnownState(parser: CommandParser): KnownState {
  parser.literalCharacter("(");
  const uidValidity = parser.positiveNumber();
  parser.space();
  const modSeq = parser.number64();
  let uids: SequenceSet | null = null;
  let samples: KnownState["samples"] = [];
  let more = parser.optionalSpace();
  if (more && parser.peek() !== "(") {
    uids = withoutStar(parser.numberedSet());
    more = parser.optionalSpace();
  }
  if (more) samples = parseSamples(parser);
  parser.literalCharacter(")");
  return { uidValidity, modSeq, uids, samples };
}

/** `"(" known-sequence-set SP known-uid-set ")"` */
function parseSamples(parser: CommandParser): KnownState["samples"] {
  parser.literalCharacter("(");
  const sequences = expand(withoutStar(parser.numberedSet()));
  parser.space();
  const uids = expand(withoutStar(parser.numberedSet()));
  parser.literalCharacter(")");
  if (sequences.length !== uids.length)
    throw syntax("As many UIDs as sequence numbers are needed, ascending.");
  return sequences.map((sequence, index) => [sequence, uids[index]!]);
}

function withoutStar(set: SequenceSet): SequenceSet {
  if (set.ranges.some(({ from, to }) => from === "*" || to === "*")) throw syntax("* is not known here.");
  return set;
}

function expand(set: SequenceSet): number[] {
  const ranges = resolveRanges(set, 0);
  const count = ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0);
  if (count > MOST_SAMPLES) throw syntax("Too many samples.");
  return ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, index) => from + index));
}

/** The untagged responses that bring the client's copy of the mailbox up to date: VANISHED (EARLIER) before FETCH. */
export async function resynchronise(
  handle: OpenMailbox,
  view: SessionView,
  known: KnownState,
  format: UpdateFormat,
): Promise<Octets> {
  if (known.uidValidity !== handle.snapshot.uidValidity) return "";
  const last = handle.snapshot.uidNext - 1;
  const ranges = known.uids ? resolveRanges(known.uids, last) : [[1, last] as [number, number]];
  const matched = lastMatch(view, known.samples);
  const vanished = await formatVanished(handle, view, { modSeq: known.modSeq, ranges, above: matched });
  const changed: string[] = [];
  for (const [from, to] of ranges) {
    const set: SequenceSet = { ranges: [{ from, to }] };
    for (const sequence of view.resolveUids(set)) {
      if (view.at(sequence)!.modSeq > known.modSeq) changed.push(view.fetchFlags(sequence, format));
    }
  }
  return vanished + changed.join("");
}

/** The UID up to which the client knows of every expunge. */
function lastMatch(view: SessionView, samples: KnownState["samples"]): number {
  let matched = 0;
  for (const [sequence, uid] of samples) if (view.at(sequence)?.uid === uid) matched = Math.max(matched, uid);
  return matched;
}

export interface VanishedQuestion {
  readonly modSeq: number;
  /** Of UIDs, ascending. */
  readonly ranges: readonly (readonly [number, number])[];
  /** Only UIDs above this one. */
  readonly above: number;
}

/**
 * `* VANISHED (EARLIER) ...`, or nothing. When it is not known any more what has been expunged since, every UID that is not there counts (section 3.2.6).
 * What the client still counts, because it has not been told that it is gone, is left to VANISHED without EARLIER.
 */
export async function formatVanished(
  handle: OpenMailbox,
  view: SessionView,
  { modSeq, ranges, above }: VanishedQuestion,
): Promise<Octets> {
  const since = await handle.vanishedSince(modSeq);
  const wanted = ranges
    .map(([from, to]) => [Math.max(from, above + 1), to] as const)
    .filter(([from, to]) => from <= to);
  const gone = since
    ? inRanges(since, wanted).filter((uid) => view.sequenceOf(uid) === 0)
    : missing(view.uids, wanted);
  const set = typeof gone === "string" ? gone : formatNumberSet(gone);
  return set === "" ? "" : `* VANISHED (EARLIER) ${set}\r\n`;
}

function inRanges(ascending: readonly number[], ranges: readonly (readonly [number, number])[]): number[] {
  let current = 0;
  return ascending.filter((uid) => {
    while (current < ranges.length && ranges[current]![1] < uid) current += 1;
    return current < ranges.length && uid >= ranges[current]![0];
  });
}

/** The UIDs of the ranges that are not among those present, as a set: gaps may be wide. */
function missing(present: readonly number[], ranges: readonly (readonly [number, number])[]): string {
  const parts: string[] = [];
  const add = (from: number, to: number): void => {
    if (from <= to) parts.push(from === to ? `${from}` : `${from}:${to}`);
  };
  for (const [from, to] of ranges) {
    let next = from;
    for (let i = lowerBound(present, from); i < present.length && present[i]! <= to; i++) {
      add(next, present[i]! - 1);
      next = present[i]! + 1;
    }
    add(next, to);
  }
  return parts.join(",");
}
