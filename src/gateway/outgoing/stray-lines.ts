import { concatBytes } from "../../bitmessage/protocol/bytes.js";
import { latin1Encode } from "../../mail/mime/latin1.js";
import { type HeaderField, type MimePart, parseMime } from "../../mail/mime/parse.js";

/**
 * Lines within a header that are no fields: text before which somebody forgot the blank line. As mail servers do, the body begins there,
 * so that nothing of it is lost. Where the header goes on behind them they are noise; of a plain text they lead the text all the same.
 */

/** RFC 5322 section 2.2. */
const FIELD_NAME = /^[!-9;-~]+$/;
/** What mboxes put before a mail. */
const MBOX_LINE = /^>?From /;
/** Fields that tell that a header goes on. */
const KNOWN =
  /^(?:from|to|cc|bcc|sender|reply-to|subject|date|message-id|in-reply-to|references|received|return-path|delivered-to|mime-version|user-agent|mailer|organization|auto-submitted|expires|precedence|importance|priority|dkim-signature|authentication-results|(?:x|content|list|resent|arc)-.*)$/i;

const BLANK_LINE = latin1Encode("\r\n");

/** A mail and its parts, whose offsets are into its bytes. */
export interface ParsedMail {
  readonly bytes: Uint8Array;
  readonly root: MimePart;
}

/** The mail with the blank lines that its headers lack; of what is signed or encrypted nothing is changed. */
export function parseWithBlankLines(received: Uint8Array): ParsedMail {
  const root = parseMime(received);
  const bytes = withBlankLines(received, root);
  return { bytes, root: bytes === received ? root : parseMime(bytes) };
}

function withBlankLines(bytes: Uint8Array, root: MimePart): Uint8Array {
  const edits: Edit[] = [];
  collect(bytes, root, edits);
  if (edits.length === 0) return bytes;
  const pieces: Uint8Array[] = [];
  let position = 0;
  for (const { start, end, octets } of edits) {
    pieces.push(bytes.subarray(position, start), octets);
    position = end;
  }
  return concatBytes(...pieces, bytes.subarray(position));
}

/** Octets that stand for those from `start` to `end`. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly octets: Uint8Array;
}

function collect(bytes: Uint8Array, part: MimePart, edits: Edit[]): void {
  editHeader(bytes, part, edits);
  const isSealed = part.type === "multipart" && (part.subtype === "signed" || part.subtype === "encrypted");
  if (!isSealed) for (const child of part.children) collect(bytes, child, edits);
}

function editHeader(bytes: Uint8Array, part: MimePart, edits: Edit[]): void {
  const first = part.fields.findIndex(isStray);
  const stray = part.fields[first];
  if (stray === undefined) return;
  const rest = part.fields.slice(first);
  if (!rest.some(({ name }) => KNOWN.test(name))) {
    edits.push({ start: stray.start, end: stray.start, octets: BLANK_LINE });
  } else if (part.headerStart === 0 && isPlainText(part)) {
    const isField = (field: HeaderField) => KNOWN.test(field.name);
    const octetsOf = ({ start, end }: HeaderField) => bytes.subarray(start, end);
    const fields = rest.filter(isField).map(octetsOf);
    const text = rest.filter((field) => !isField(field)).map(octetsOf);
    const end = rest.at(-1)?.end ?? stray.end;
    edits.push({ start: stray.start, end, octets: concatBytes(...fields, BLANK_LINE, ...text) });
  }
}

function isStray({ name, start }: HeaderField): boolean {
  return !FIELD_NAME.test(name) && !(start === 0 && MBOX_LINE.test(name));
}

function isPlainText({ type, subtype, encoding }: MimePart): boolean {
  return type === "text" && subtype === "plain" && encoding !== "base64";
}
