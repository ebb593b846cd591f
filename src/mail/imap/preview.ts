/** The beginning of a message's text, for lists of messages (RFC 8970). */
import { decodeText } from "../mime/charset.js";
import { decodeBody } from "../mime/decode.js";
import { type MimePart, parseMime } from "../mime/parse.js";
import type { MessageRecord } from "./backend.js";

/** RFC 8970 section 3.3: at most 256 characters, 200 should do. */
const LENGTH = 200;
/** Octets of a text that are looked at. */
const TEXT_READ = 16 * 1024;
/** Octets of a message that is read for a preview that must not take long. */
const LAZY_SIZE = 128 * 1024;

/** Whether a preview can be had without undue delay (LAZY). */
export function hasQuickPreview(record: Pick<MessageRecord, "digest">): boolean {
  return record.digest.size <= LAZY_SIZE;
}

/** One line of text without quotations and markup; empty when the message has no text to show. */
export function previewOf(bytes: Uint8Array, root: MimePart = parseMime(bytes)): string {
  const part = findText(root, "plain") ?? findText(root, "html");
  if (part === null) return "";
  const start = decodeBody(bytes, { ...part, bodyEnd: Math.min(part.bodyEnd, part.bodyStart + TEXT_READ) });
  const text = decodeText(start, part.parameters.get("charset") ?? "utf-8");
  const line = oneLine(part.subtype === "html" ? withoutMarkup(text) : withoutQuotations(text));
  return [...line].slice(0, LENGTH).join("").trimEnd();
}

/** The first such text that is not an attachment, looked for in the order of the parts. */
function findText(part: MimePart, subtype: "plain" | "html"): MimePart | null {
  if (part.disposition?.value === "attachment") return null;
  if (part.type === "text") return part.subtype === subtype ? part : null;
  for (const child of part.children) {
    const found = findText(child, subtype);
    if (found !== null) return found;
  }
  return null;
}

/** Lines that a reply quotes say nothing new; a mail of nothing else is shown with them. */
function withoutQuotations(text: string): string {
  const own = text.split(/\r\n|\r|\n/).filter((line) => !line.startsWith(">"));
  return own.some((line) => line.trim() !== "") ? own.join("\n") : text;
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
};

/** What a reader of HTML sees, near enough for a line of it. */
function withoutMarkup(html: string): string {
  return html
    .replace(/<!--[\s\S]*?(?:-->|$)/g, " ")
    .replace(/<(script|style|head|title)\b[\s\S]*?(?:<\/\1\s*>|$)/gi, " ")
    .replace(/<[^>]*(?:>|$)/g, " ")
    .replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,8}));/gi, (whole, decimal, hex, name) => {
      if (name !== undefined) return ENTITIES[String(name).toLowerCase()] ?? whole;
      const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
      return code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? " " : String.fromCodePoint(code);
    });
}

/** Blanks are single; controls and marks that change the direction of text are taken out. */
function oneLine(text: string): string {
  return text
    .replace(/[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\u00ad\ufeff\ufffd]/g, "")
    .replace(/[\s\x00-\x1f\x7f-\x9f]+/g, " ")
    .trim();
}
