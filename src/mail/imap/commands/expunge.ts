import type { Session } from "../session.js";
import { type Command, SELECTED, writableOf } from "./command.js";

export const expunge: Command = {
  name: "EXPUNGE",
  specification: "RFC 9051 section 6.4.3",
  states: SELECTED,
  expunges: "tell-expunges",
  async run({ session, parser }) {
    parser.end();
    return expungeDeleted(session, "all");
  },
};

export const uidExpunge: Command = {
  name: "UID EXPUNGE",
  specification: "RFC 4315 section 2.1",
  states: SELECTED,
  expunges: "tell-expunges",
  async run({ session, parser }) {
    parser.space();
    const set = parser.sequenceSet();
    parser.end();
    const { view } = writableOf(session);
    return expungeDeleted(
      session,
      view.resolveUids(set).map((sequence) => view.at(sequence)!.uid),
    );
  },
};

/** Tells of the expunges now; gives the HIGHESTMODSEQ code of the tagged OK, where QRESYNC wants it (RFC 7162 section 3.2.7). */
export function tellExpunges(session: Session): string {
  const { view } = writableOf(session);
  session.tell("tell-expunges");
  return session.enabled.has("QRESYNC") ? `[HIGHESTMODSEQ ${view.toldModSeq}] ` : "";
}

async function expungeDeleted(session: Session, uids: readonly number[] | "all"): Promise<string> {
  const { handle, view } = writableOf(session);
  if (uids === "all" || uids.length > 0) {
    const result = await handle.expunge(uids, "deleted-only");
    view.queueExpunged(result);
    if (result.expunged.length > 0) return `${tellExpunges(session)}Expunged.`;
  }
  return "Expunged.";
}
