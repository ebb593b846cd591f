import type { FlagChange } from "../backend.js";
import { offers } from "../capabilities.js";
import { canonicalFlags } from "../flags.js";
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

async function apply(
  session: Session,
  uids: readonly number[],
  change: FlagChange,
  how: { readonly answer: "flags" | "silent"; readonly numbering: Numbering },
): Promise<string> {
  const { view, handle } = writableOf(session);
  if (uids.length === 0) return "Nothing to store.";
  const before = new Map(uids.map((uid) => [uid, view.current(view.sequenceOf(uid)).modSeq]));
  const { changed, modified } = await handle.store(uids, change);
  const condstore = session.enabled.has("CONDSTORE");
  const lines: string[] = [];
  for (const state of changed) {
    if (!view.applyFlags(state)) continue;
    const sequence = view.sequenceOf(state.uid);
    const format = {
      ...session.updateFormat,
      ...(how.numbering === "uid" ? { uid: "with-uid" as const } : {}),
    };
    if (how.answer === "flags") lines.push(view.fetchFlags(sequence, format));
    else if (condstore && state.modSeq !== before.get(state.uid)) {
      lines.push(`* ${sequence} FETCH (UID ${state.uid} MODSEQ (${state.modSeq}))\r\n`);
    }
  }
  session.out.add(view.newKeywords() + lines.join(""));
  if (modified.length > 0) return modifiedAnswer(session, modified, how.numbering);
  const gone = uids.length - changed.length;
  return gone > 0 ? "[EXPUNGEISSUED] Some of the messages are gone." : "Stored.";
}

function modifiedAnswer(session: Session, modified: readonly number[], numbering: Numbering): string {
  const { view } = writableOf(session);
  const numbers = numbering === "uid" ? modified : modified.map((uid) => view.sequenceOf(uid));
  return `[MODIFIED ${formatNumberSet(numbers)}] Some of the messages have changed since.`;
}
