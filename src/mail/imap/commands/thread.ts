import { offers } from "../capabilities.js";
import { ImapError } from "../error.js";
import { Pacer } from "../pacer.js";
import { parseSearchCriteria } from "../parse-search.js";
import { Progress } from "../progress.js";
import { readRecords } from "../read-records.js";
import { formatThreads, type ThreadNode } from "../thread.js";
import { threadByReferences } from "../thread-by-references.js";
import { threadBySubject } from "../thread-by-subject.js";
import { THREAD_PARTS, type ThreadMessage, threadMessage } from "../thread-message.js";
import { type Command, type CommandContext, requireOffered, SELECTED, selectedOf } from "./command.js";
import type { Numbering } from "./message-set.js";
import { findMessages } from "./search.js";

export const thread: Command = {
  name: "THREAD",
  specification: "RFC 5256",
  states: SELECTED,
  expunges: "hold-expunges",
  run: (context) => run(context, "sequence"),
};

export const uidThread: Command = {
  name: "UID THREAD",
  specification: "RFC 5256",
  states: SELECTED,
  expunges: "tell-expunges",
  run: (context) => run(context, "uid"),
};

type Algorithm = (messages: readonly ThreadMessage[], pacer: Pacer) => Promise<ThreadNode[]>;

const ALGORITHMS: Readonly<Record<string, Algorithm>> = {
  ORDEREDSUBJECT: threadBySubject,
  REFERENCES: threadByReferences,
};

async function run(context: CommandContext, numbering: Numbering): Promise<string> {
  const { session, tag, parser } = context;
  requireOffered(session, "THREAD=REFERENCES", "THREAD=ORDEREDSUBJECT");
  parser.space();
  const name = parser.word();
  const algorithm =
    Object.hasOwn(ALGORITHMS, name) && offers(session, `THREAD=${name}`) ? ALGORITHMS[name]! : null;
  if (!algorithm) throw new ImapError("BAD", null, "That threading algorithm is not offered.");
  parser.space();
  const found = await findMessages(context, parseSearchCriteria(session, parser));
  const { view, handle } = selectedOf(session);
  const messages: ThreadMessage[] = [];
  const pacer = new Pacer();
  const reading = {
    view,
    handle,
    pacer,
    progress: new Progress(session, tag),
    parts: THREAD_PARTS,
    wanted: () => !session.connection.closed,
  };
  await readRecords(reading, found, (sequence, record) => {
    messages.push(threadMessage(sequence, record));
  });
  const threads = formatThreads(await algorithm(messages, pacer), (sequence) =>
    numbering === "uid" ? view.at(sequence)!.uid : sequence,
  );
  session.out.line(`* THREAD${threads === "" ? "" : ` ${threads}`}`);
  return "Threaded.";
}
