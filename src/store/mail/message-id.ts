/** The Message-ID by which a message is found again. */
import type { NewMessage } from "../../mail/imap/backend.js";

const FIELD = /^message-id[ \t]*:/im;
const ID = /<([^<>\r\n]+)>/;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** Without angle brackets; null when the header has none. */
export function messageIdOf(message: NewMessage): string | null {
  const header = message.digest.header ?? headerOf(message.bytes);
  const name = FIELD.exec(header);
  if (name === null) return null;
  const start = name.index + name[0].length;
  return ID.exec(header.slice(start, fieldEnd(header, start)))?.[1]?.trim() ?? null;
}

/** Where the lines end that belong to a field. In steps: an expression that allows for folding takes for ever with some headers. */
function fieldEnd(header: string, start: number): number {
  for (let at = header.indexOf("\n", start); at >= 0; at = header.indexOf("\n", at + 1)) {
    const next = header[at + 1];
    if (next !== " " && next !== "\t") return at;
  }
  return header.length;
}

function headerOf(bytes: Uint8Array): string {
  const end = headerEnd(bytes);
  return Buffer.from(bytes.buffer, bytes.byteOffset, end).toString("latin1");
}

/** Where the blank line begins, or the end. */
function headerEnd(bytes: Uint8Array): number {
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) {
    const next = bytes[at + 1];
    if (next === LINE_FEED || (next === CARRIAGE_RETURN && bytes[at + 2] === LINE_FEED)) return at + 1;
  }
  return bytes.length;
}
