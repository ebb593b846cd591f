/** The Message-ID by which a message is found again. */
import type { NewMessage } from "../../mail/imap/backend.js";

const FIELD = /^message-id[ \t]*:[^<\r\n]*(?:\r?\n[ \t]+[^<\r\n]*)*<([^<>\r\n]+)>/im;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** Without angle brackets; null when the header has none. */
export function messageIdOf(message: NewMessage): string | null {
  const header = message.digest.header ?? headerOf(message.bytes);
  return FIELD.exec(header)?.[1]?.trim() ?? null;
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
