import type { NewMessage } from "../backend.js";
import { offers } from "../capabilities.js";
import { ImapError } from "../error.js";
import { canonicalFlags } from "../flags.js";
import { digestMessage } from "../make-digest.js";
import { type CommandParser, syntax } from "../parser.js";
import { formatNumberSet } from "../sequence-set.js";
import { type Command, LOGGED_IN, mailOf, tryCreate } from "./command.js";

/** The octets are taken as they are: nothing is asked of their form but that there are some. */
export const append: Command = {
  name: "APPEND",
  specification: "RFC 9051 section 6.3.12, RFC 3502 for several messages",
  states: LOGGED_IN,
  expunges: "tell-expunges",
  async run({ session, parser }) {
    parser.space();
    const name = parser.mailbox();
    const messages: NewMessage[] = [];
    parser.space();
    do {
      messages.push(parseMessage(parser));
    } while (offers(session, "MULTIAPPEND") && parser.optionalSpace());
    parser.end();
    for (const message of messages) checkSize(message, session.settings.appendLimit);
    const result = await mailOf(session).append(name, messages);
    if (!result) throw tryCreate();
    return `[APPENDUID ${result.uidValidity} ${formatNumberSet(result.uids)}] Appended.`;
  },
};

/** `append-message = [flag-list SP] [date-time SP] literal` */
function parseMessage(parser: CommandParser): NewMessage {
  let flags: string[] = [];
  if (parser.peek() === "(") {
    flags = canonicalFlags(parser.flagList());
    parser.space();
  }
  let internalDate: NewMessage["internalDate"] = null;
  if (parser.peek() === '"') {
    internalDate = parser.dateTime();
    parser.space();
  }
  const { bytes, binary } = parser.literal();
  if (binary) throw syntax("BINARY is not offered.");
  return { bytes, flags, internalDate, digest: digestMessage(bytes) };
}

function checkSize(message: NewMessage, limit: number): void {
  if (message.bytes.length === 0) throw new ImapError("NO", "CANNOT", "An empty message is not kept.");
  if (message.bytes.length > limit)
    throw new ImapError("NO", "TOOBIG", "The message is larger than the server takes.");
}
