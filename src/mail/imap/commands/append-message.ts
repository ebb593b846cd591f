/** The message in APPEND and REPLACE. */
import type { NewMessage } from "../backend.js";
import { encodeBinaryParts } from "../binary-message.js";
import { offers } from "../capabilities.js";
import { ImapError } from "../error.js";
import { canonicalFlags } from "../flags.js";
import { digestMessage } from "../make-digest.js";
import { type CommandParser, syntax } from "../parser.js";
import type { Session } from "../session.js";

/** What a client sends of a message; its octets are looked at when the whole command has been read. */
export interface SentMessage {
  readonly flags: readonly string[];
  readonly internalDate: NewMessage["internalDate"];
  readonly octets: Uint8Array;
}

/** `[flag-list SP] [date-time SP] append-data`, `append-data = literal / literal8 / "UTF8" SP "(" literal8 ")"` */
export function parseAppendMessage(session: Session, parser: CommandParser): SentMessage {
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
  const isUtf8 = parser.startsWith("UTF8 ") && offers(session, "UTF8=ACCEPT");
  const octets = isUtf8 ? parseUtf8Data(session, parser) : parseData(session, parser);
  return { flags, internalDate, octets };
}

function parseData(session: Session, parser: CommandParser): Uint8Array {
  const { bytes, binary } = parser.literal();
  if (binary && !offers(session, "BINARY")) throw syntax("BINARY is not offered.");
  return bytes;
}

/** RFC 6855 section 4; without it a message is taken just the same, whatever its header has. */
function parseUtf8Data(session: Session, parser: CommandParser): Uint8Array {
  parser.word();
  parser.space();
  parser.literalCharacter("(");
  const { bytes, binary } = parser.literal();
  parser.literalCharacter(")");
  if (!binary) throw syntax("UTF8 takes a literal8.");
  if (session.nameForm !== "utf-8") throw new ImapError("NO", "CANNOT", "Enable UTF8=ACCEPT first.");
  return bytes;
}

/** The message as it is to be kept. ImapError NO when it is empty, too large, or has NUL octets that cannot be encoded. */
export function toNewMessage(session: Session, { flags, internalDate, octets }: SentMessage): NewMessage {
  if (octets.length === 0) throw new ImapError("NO", "CANNOT", "An empty message is not kept.");
  if (octets.length > session.settings.appendLimit)
    throw new ImapError("NO", "TOOBIG", "The message is larger than the server takes.");
  const bytes = encodeBinaryParts(octets);
  if (bytes === null)
    throw new ImapError("NO", "UNKNOWN-CTE", "NUL is kept in parts of binary encoding only.");
  return { bytes, flags, internalDate, digest: digestMessage(bytes) };
}
