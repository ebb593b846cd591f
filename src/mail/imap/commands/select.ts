import type { MailboxUpdate } from "../backend.js";
import { offers } from "../capabilities.js";
import { formatFlags } from "../format.js";
import { syntax } from "../parser.js";
import { type KnownState, parseKnownState, resynchronise } from "../qresync.js";
import type { Session } from "../session.js";
import { SessionView } from "../view.js";
import { type Command, type CommandContext, LOGGED_IN, mailOf, noSuchMailbox } from "./command.js";
import { type MailboxArgument, tellMailbox } from "./list-line.js";

export const select: Command = {
  name: "SELECT",
  specification: "RFC 9051 section 6.3.2, RFC 7162 for CONDSTORE and QRESYNC",
  states: LOGGED_IN,
  expunges: "hold-expunges",
  run: (context) => open(context, "read-write"),
};

export const examine: Command = {
  name: "EXAMINE",
  specification: "RFC 9051 section 6.3.3",
  states: LOGGED_IN,
  expunges: "hold-expunges",
  run: (context) => open(context, "read-only"),
};

async function open(
  { session, parser }: CommandContext,
  access: "read-write" | "read-only",
): Promise<string> {
  parser.space();
  let mailbox: MailboxArgument;
  let known: KnownState | null = null;
  try {
    mailbox = parser.mailboxAsWritten();
    if (parser.optionalSpace()) known = parseParameters(session, parser);
    parser.end();
  } finally {
    // A SELECT that fails leaves no mailbox selected (RFC 9051 section 6.3.2).
    leave(session);
  }
  const { name } = mailbox;
  const mail = mailOf(session);
  // What is told while the mailbox is being opened waits for the view.
  let view: SessionView | null = null;
  const early: MailboxUpdate[] = [];
  const handle = await mail.openMailbox(
    name,
    (update) => {
      if (view) view.receive(update);
      else early.push(update);
    },
    access,
  );
  if (!handle) throw noSuchMailbox();
  if (session.connection.closed) {
    handle.close();
    throw noSuchMailbox();
  }
  view = new SessionView(handle.snapshot);
  if (session.isRevision2) view.forgetRecent();
  for (const update of early) view.receive(update);
  session.selected = { name, handle, view, access };
  session.state = "selected";
  session.listen();
  describe(session);
  if (session.isRevision2) await tellMailbox(session, mailbox);
  if (known) {
    try {
      session.out.add(await resynchronise(handle, view, known, session.updateFormat));
    } catch (error) {
      session.closeMailbox();
      throw error;
    }
  }
  return access === "read-only" ? "[READ-ONLY] Mailbox opened read-only." : "[READ-WRITE] Mailbox opened.";
}

/** `select-params = SP "(" select-param *(SP select-param) ")"` (RFC 4466). */
function parseParameters(session: Session, parser: CommandContext["parser"]): KnownState | null {
  let known: KnownState | null = null;
  parser.list(() => {
    const parameter = parser.word();
    if (parameter === "CONDSTORE" && offers(session, "CONDSTORE")) session.enabled.add("CONDSTORE");
    else if (parameter === "QRESYNC" && offers(session, "QRESYNC") && !known) {
      if (!session.enabled.has("QRESYNC")) throw syntax("ENABLE QRESYNC first.");
      parser.space();
      known = parseKnownState(parser);
    } else throw syntax(`Unknown parameter ${parameter}.`);
  });
  return known;
}

function leave(session: Session): void {
  if (!session.selected) return;
  session.closeMailbox();
  session.out.line("* OK [CLOSED] The mailbox before is closed.");
}

function describe(session: Session): void {
  const { view, handle, access } = session.selected!;
  const { out } = session;
  const { snapshot } = handle;
  out.line(`* FLAGS ${formatFlags(view.flags)}`);
  const permanent = access === "read-only" ? [] : [...view.flags, "\\*"];
  out.line(
    `* OK [PERMANENTFLAGS ${formatFlags(permanent)}] ${access === "read-only" ? "No flags are kept." : "Flags kept."}`,
  );
  out.line(`* ${view.size} EXISTS`);
  if (!session.isRevision2) out.line(`* ${view.recentCount} RECENT`);
  if (view.firstUnseen > 0 && !session.isRevision2)
    out.line(`* OK [UNSEEN ${view.firstUnseen}] First unseen.`);
  out.line(`* OK [UIDVALIDITY ${snapshot.uidValidity}] UIDs valid.`);
  out.line(`* OK [UIDNEXT ${snapshot.uidNext}] Predicted next UID.`);
  if (offers(session, "CONDSTORE"))
    out.line(`* OK [HIGHESTMODSEQ ${Math.max(1, snapshot.highestModSeq)}] Highest.`);
  if (offers(session, "OBJECTID")) out.line(`* OK [MAILBOXID (${snapshot.id})] Stays when it is renamed.`);
}
