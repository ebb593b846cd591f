import { offers } from "../capabilities.js";
import { type FetchItem, parseFetchItems } from "../fetch-items.js";
import { needsBytes, partsFor, writeFetchResponse } from "../fetch-response.js";
import type { Octets } from "../format.js";
import { Pacer } from "../pacer.js";
import { type CommandParser, syntax } from "../parser.js";
import { type PartialRange, takePartial } from "../partial-range.js";
import { formatVanished } from "../qresync.js";
import { finder } from "../read-records.js";
import { resolveRanges, type SequenceSet } from "../sequence-set.js";
import type { Session } from "../session.js";
import { type Command, type CommandContext, SELECTED, selectedOf } from "./command.js";
import { type Numbering, resolveSet } from "./message-set.js";

/** Messages whose records are asked for at a time. */
const BATCH = 256;

export const fetch: Command = {
  name: "FETCH",
  specification: "RFC 9051 section 6.4.5, RFC 7162 for CHANGEDSINCE and MODSEQ",
  states: SELECTED,
  expunges: "hold-expunges",
  run: (context) => run(context, "sequence"),
};

export const uidFetch: Command = {
  name: "UID FETCH",
  specification: "RFC 9051 section 6.4.9",
  states: SELECTED,
  expunges: "tell-expunges",
  run: (context) => run(context, "uid"),
};

interface FetchRequest {
  readonly items: readonly FetchItem[];
  /** Items when \Seen has just been set: with the flags. */
  readonly itemsWithFlags: readonly FetchItem[];
  readonly sets: "sets-seen" | "peeks";
  readonly changedSince: number | null;
}

async function run({ session, parser }: CommandContext, numbering: Numbering): Promise<string> {
  parser.space();
  const set = parser.sequenceSet();
  parser.space();
  const items = parseFetchItems(session, parser);
  const modifiers = parser.optionalSpace() ? parseModifiers(session, parser, numbering) : NO_MODIFIERS;
  parser.end();
  const request = prepare(session, items, modifiers.changedSince, numbering);
  const { view } = selectedOf(session);
  // Sequence numbers stand still while the command runs: expunges are told at its end.
  const all = resolveSet(view, set, numbering);
  const sequences = modifiers.partial ? takePartial(all, modifiers.partial) : all;
  if (modifiers.vanished && modifiers.changedSince !== null)
    session.out.add(await tellVanished(session, set, modifiers.changedSince));
  const pacer = new Pacer();
  let missing = 0;
  for (let i = 0; i < sequences.length && !session.connection.closed; i += BATCH) {
    missing += await answerBatch(session, request, sequences.slice(i, i + BATCH), pacer);
  }
  return missing > 0 ? "[EXPUNGEISSUED] Some of the messages are gone." : "Fetched.";
}

interface FetchModifiers {
  readonly changedSince: number | null;
  /** Tell of the UIDs that have gone since. */
  readonly vanished: boolean;
  readonly partial: PartialRange | null;
}

const NO_MODIFIERS: FetchModifiers = { changedSince: null, vanished: false, partial: null };

/** `fetch-modifier = "CHANGEDSINCE" SP mod-sequence-value / "VANISHED" / "PARTIAL" SP partial-range` (RFC 7162, RFC 9394) */
function parseModifiers(session: Session, parser: CommandParser, numbering: Numbering): FetchModifiers {
  let modifiers = NO_MODIFIERS;
  parser.list(() => {
    const word = parser.word();
    if (word === "CHANGEDSINCE" && offers(session, "CONDSTORE")) {
      parser.space();
      modifiers = { ...modifiers, changedSince: parser.number64() };
    } else if (word === "VANISHED" && offers(session, "QRESYNC") && numbering === "uid") {
      modifiers = { ...modifiers, vanished: true };
    } else if (word === "PARTIAL" && offers(session, "PARTIAL") && numbering === "uid") {
      parser.space();
      modifiers = { ...modifiers, partial: parser.partialRange() };
    } else throw syntax(`Unknown modifier ${word.slice(0, 40)}.`);
  });
  if (modifiers.vanished && modifiers.changedSince === null) throw syntax("VANISHED needs CHANGEDSINCE.");
  if (modifiers.vanished && !session.enabled.has("QRESYNC")) throw syntax("ENABLE QRESYNC first.");
  return modifiers;
}

/** RFC 7162 section 3.2.6. `*` is the last UID there has been. */
async function tellVanished(session: Session, set: SequenceSet, modSeq: number): Promise<Octets> {
  const { view, handle } = selectedOf(session);
  const last = Math.max(view.uids.at(-1) ?? 0, handle.snapshot.uidNext - 1);
  const ranges = set.saved ? [] : resolveRanges(set, last);
  return formatVanished(handle, view, { modSeq, ranges, above: 0 });
}

function prepare(
  session: Session,
  asked: readonly FetchItem[],
  changedSince: number | null,
  numbering: Numbering,
): FetchRequest {
  const { access } = selectedOf(session);
  const items = [...asked];
  const has = (name: string): boolean => items.some((item) => item.kind === "state" && item.name === name);
  if (has("MODSEQ") || changedSince !== null) {
    if (!offers(session, "CONDSTORE")) throw syntax("Unknown FETCH item MODSEQ.");
    session.enableCondstore();
  }
  if (changedSince !== null && !has("MODSEQ")) items.push({ kind: "state", name: "MODSEQ" });
  if (numbering === "uid" && !has("UID")) items.unshift({ kind: "state", name: "UID" });
  const itemsWithFlags = [...items];
  if (!has("FLAGS")) itemsWithFlags.push({ kind: "state", name: "FLAGS" });
  if (session.enabled.has("CONDSTORE") && !has("MODSEQ"))
    itemsWithFlags.push({ kind: "state", name: "MODSEQ" });
  const setsSeen =
    access === "read-write" && items.some((item) => "seen" in item && item.seen === "sets-seen");
  return { items, itemsWithFlags, sets: setsSeen ? "sets-seen" : "peeks", changedSince };
}

/** FETCH responses that nobody asked for just now, with UIDs (NOTIFY). */
export async function fetchMessages(
  session: Session,
  items: readonly FetchItem[],
  sequences: readonly number[],
): Promise<void> {
  const request: FetchRequest = { ...prepare(session, items, null, "uid"), sets: "peeks" };
  const pacer = new Pacer();
  for (let i = 0; i < sequences.length && !session.connection.closed; i += BATCH) {
    await answerBatch(session, request, sequences.slice(i, i + BATCH), pacer);
  }
}

/** Answers for these messages; returns how many of them were gone. */
async function answerBatch(
  session: Session,
  request: FetchRequest,
  batch: readonly number[],
  pacer: Pacer,
): Promise<number> {
  const { view, handle } = selectedOf(session);
  const sequences = batch.filter((sequence) => isWanted(view.current(sequence), request.changedSince));
  const marked = request.sets === "sets-seen" ? await markSeen(session, sequences) : null;
  if (request.items.some((item) => item.kind === "state" && item.name !== "UID")) {
    for (const sequence of sequences) view.absorb(sequence);
  }
  session.out.add(view.newKeywords());
  const needsRecords = request.items.some((item) => item.kind !== "state");
  const parts = partsFor(request.items);
  const uids = sequences.map((sequence) => view.at(sequence)!.uid);
  const find = finder(needsRecords ? await handle.records(uids, parts) : []);
  let missing = 0;
  for (const sequence of sequences) {
    const message = view.at(sequence)!;
    const record = find(message.uid);
    const items = marked?.has(message.uid) ? request.itemsWithFlags : request.items;
    if (needsRecords && !record) missing += 1;
    else {
      const needed = items.some((item) => needsBytes(item, record));
      const bytes = needed ? await handle.read(message.uid) : null;
      if (needed && !bytes) missing += 1;
      else writeFetchResponse(session.out, items, { sequence, message, record, bytes });
    }
    // Most answers need not wait, and waiting for nothing costs more than the answer.
    const wait = session.out.ready() ?? pacer.pause();
    if (wait) await wait;
    if (session.connection.closed) break;
  }
  return missing;
}

function isWanted(message: { readonly modSeq: number }, changedSince: number | null): boolean {
  return changedSince === null || message.modSeq > changedSince;
}

/** Sets \Seen where it is missing (RFC 9051 section 6.4.5); returns the UIDs whose flags have changed by it. */
async function markSeen(session: Session, sequences: readonly number[]): Promise<ReadonlySet<number>> {
  const { view, handle } = selectedOf(session);
  const uids = sequences
    .filter((sequence) => !view.current(sequence).flags.includes("\\Seen"))
    .map((sequence) => view.at(sequence)!.uid);
  if (uids.length === 0) return new Set();
  const { changed } = await handle.store(uids, { action: "add", flags: ["\\Seen"] });
  for (const state of changed) view.applyFlags(state);
  return new Set(changed.map((state) => state.uid));
}
