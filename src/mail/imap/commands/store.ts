import type { FlagChange, MessageState } from "../backend.js";
import { offers } from "../capabilities.js";
import { canonicalFlags } from "../flags.js";
import { Pacer } from "../pacer.js";
import { type CommandParser, syntax } from "../parser.js";
import { formatNumberSet } from "../sequence-set.js";
import type { Session } from "../session.js";
import { type Command, type CommandContext, SELECTED, writableOf } from "./command.js";
import { type Numbering, resolveToUids } from "./message-set.js";

export const store: Command = {
  name: "STORE",
  specification: "RFC 9051 section 6.4.6, RFC 7162 for UNCHANGEDSINCE",
  states: SELECTED,
  expunges: "hold-expunges",
  run: (context) => run(context, "sequence"),
};

export const uidStore: Command = {
  name: "UID STORE",
  specification: "RFC 9051 section 6.4.9",
  states: SELECTED,
  expunges: "tell-expunges",
  run: (context) => run(context, "uid"),
};

/** Messages that are changed at a time. */
const BATCH = 2000;

const ACTIONS = { "+": "add", "-": "remove", "": "replace" } as const;

async function run({ session, parser }: CommandContext, numbering: Numbering): Promise<string> {
  parser.space();
  const set = parser.sequenceSet();
  parser.space();
  const unchangedSince = parser.peek() === "(" ? parseModifier(session, parser) : undefined;
  const { action, answer, flags } = parseStoreAttributes(parser);
  parser.end();
  const { view } = writableOf(session);
  const change: FlagChange = {
    action,
    flags: canonicalFlags(flags, view.keywords),
    ...(unchangedSince === undefined ? {} : { unchangedSince }),
  };
  return apply(session, resolveToUids(view, set, numbering), change, { answer, numbering });
}

/** `"(" "UNCHANGEDSINCE" SP mod-sequence-valzer ")" SP` (RFC 7162 section 3.1.3) */
function parseModifier(session: Session, parser: CommandParser): number | undefined {
  let unchangedSince: number | undefined;
  parser.list(() => {
    if (parser.word() !== "UNCHANGEDSINCE" || !offers(session, "CONDSTORE"))
      throw syntax("Unknown modifier.");
    parser.space();
    unchangedSince = parser.number64();
  });
  parser.space();
  if (unchangedSince !== undefined) session.enableCondstore();
  return unchangedSince;
}

interface StoreAttributes {
  readonly action: FlagChange["action"];
  readonly answer: "flags" | "silent";
  readonly flags: readonly string[];
}

/** `store-att-flags = (["+" / "-"] "FLAGS" [".SILENT"]) SP (flag-list / (flag *(SP flag)))` */
function parseStoreAttributes(parser: CommandParser): StoreAttributes {
  const sign = parser.take("+") ? "+" : parser.take("-") ? "-" : "";
  const item = parser.word();
  if (item !== "FLAGS" && item !== "FLAGS.SILENT") throw syntax("STORE takes FLAGS or FLAGS.SILENT.");
  parser.space();
  let flags: string[] = [];
  if (parser.peek() === "(") flags = parser.flagList();
  else {
    do flags.push(parser.flag());
    while (parser.optionalSpace());
  }
  return { action: ACTIONS[sign], answer: item === "FLAGS" ? "flags" : "silent", flags };
}

interface StoreManner {
  readonly answer: "flags" | "silent";
  readonly numbering: Numbering;
}

/** In slices: to change a hundred thousand messages at once would keep every other session waiting. */
async function apply(
  session: Session,
  uids: readonly number[],
  change: FlagChange,
  manner: StoreManner,
): Promise<string> {
  if (uids.length === 0) return "Nothing to store.";
  const { handle } = writableOf(session);
  const modified: number[] = [];
  const pacer = new Pacer();
  let gone = uids.length;
  for (let i = 0; i < uids.length; i += BATCH) {
    const batch = uids.length > BATCH ? uids.slice(i, i + BATCH) : uids;
    const result = await handle.store(batch, change);
    // What the client asked for is finished when it has gone meanwhile.
    if (!session.connection.closed) tellChanged(session, batch, result.changed, manner);
    modified.push(...result.modified);
    gone -= result.changed.length;
    const wait = session.out.ready() ?? pacer.pause();
    if (wait) await wait;
  }
  if (session.connection.closed) return "Stored.";
  if (modified.length > 0) return modifiedAnswer(session, modified, manner.numbering);
  return gone > 0 ? "[EXPUNGEISSUED] Some of the messages are gone." : "Stored.";
}

/** Takes the new states into the view, and tells of them what the client does not know. */
function tellChanged(
  session: Session,
  uids: readonly number[],
  changed: readonly MessageState[],
  { answer, numbering }: StoreManner,
): void {
  const { view } = writableOf(session);
  const condstore = session.enabled.has("CONDSTORE");
  const withUid = numbering === "uid" ? { uid: "with-uid" as const } : {};
  const format = { ...session.updateFormat, ...withUid };
  const before = new Map(uids.map((uid) => [uid, view.current(view.sequenceOf(uid)).modSeq]));
  const lines: string[] = [];
  for (const state of changed) {
    // What others did meanwhile the client has not asked to be silent about (RFC 9051 section 6.4.6).
    const isNews = view.hasUntoldFlags(state.uid);
    if (!view.applyFlags(state)) continue;
    const sequence = view.sequenceOf(state.uid);
    if (answer === "flags" || isNews) lines.push(view.fetchFlags(sequence, format));
    else if (condstore && state.modSeq !== before.get(state.uid)) {
      lines.push(`* ${sequence} FETCH (UID ${state.uid} MODSEQ (${state.modSeq}))\r\n`);
    }
  }
  session.out.add(view.newKeywords() + lines.join(""));
}

function modifiedAnswer(session: Session, modified: readonly number[], numbering: Numbering): string {
  const { view } = writableOf(session);
  const numbers = numbering === "uid" ? modified : modified.map((uid) => view.sequenceOf(uid));
  return `[MODIFIED ${formatNumberSet(numbers)}] Some of the messages have changed since.`;
}
