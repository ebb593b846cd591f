import type { CopyResult } from "../backend.js";
import { formatNumberSet } from "../sequence-set.js";
import { type Command, type CommandContext, SELECTED, selectedOf, tryCreate } from "./command.js";
import { type Numbering, resolveToUids } from "./message-set.js";

export const copy: Command = {
  name: "COPY",
  specification: "RFC 9051 section 6.4.7",
  states: SELECTED,
  expunges: "tell-expunges",
  run: (context) => run(context, "sequence"),
};

export const uidCopy: Command = {
  name: "UID COPY",
  specification: "RFC 9051 section 6.4.9",
  states: SELECTED,
  expunges: "tell-expunges",
  run: (context) => run(context, "uid"),
};

async function run(context: CommandContext, numbering: Numbering): Promise<string> {
  const { session } = context;
  const { uids, destination } = parseCopy(context, numbering);
  if (uids.length === 0) return "Nothing to copy.";
  const result = await selectedOf(session).handle.copy(uids, destination);
  if (!result) throw tryCreate();
  return `${copyUid(result)}Copied.`;
}

/** `SP sequence-set SP mailbox`, for COPY and MOVE. */
export function parseCopy(
  { session, parser }: CommandContext,
  numbering: Numbering,
): { readonly uids: readonly number[]; readonly destination: string } {
  parser.space();
  const set = parser.sequenceSet();
  parser.space();
  const destination = parser.mailbox();
  parser.end();
  return { uids: resolveToUids(selectedOf(session).view, set, numbering), destination };
}

/** The COPYUID code with a space behind it (RFC 4315); empty when nothing was copied. */
export function copyUid({ uidValidity, sourceUids, destinationUids }: CopyResult): string {
  if (sourceUids.length === 0) return "";
  return `[COPYUID ${uidValidity} ${formatNumberSet(sourceUids)} ${formatNumberSet(destinationUids)}] `;
}
