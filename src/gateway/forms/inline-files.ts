import type { ContentFile } from "../../bitmessage/protocol/content.js";
import { decodeBase64 } from "../../mail/mime/decode.js";
import { latin1Encode } from "../../mail/mime/latin1.js";
import { MOST_FILES } from "./file-parts.js";
import { harmlessFileName } from "./harmless.js";

/**
 * The older form of attachments, which PyBitmessage's command-line tools write into the text:
 * `<attachment alt = "NAME" src='data:TYPE;base64, DATA' />`, and `<img ... />` for pictures.
 */

/** Nothing in a name or type may end the form early. The blanks stand where those tools look for them. */
export function withInlineFiles(body: string, files: readonly ContentFile[]): string {
  const forms = files.map(({ name, type, data }, index) => {
    const alt = harmlessFileName(name, `part-${index + 1}`).replace(/["'&]/g, "_");
    const essence = /^[a-z]+\/[a-z0-9.+-]+$/.test(type) ? type : "application/octet-stream";
    const base64 = Buffer.from(data.buffer, data.byteOffset, data.length).toString("base64");
    return `\n<attachment alt = "${alt}" src='data:${essence};base64, ${base64}' />`;
  });
  return body + forms.join("");
}

export interface TextWithFiles {
  readonly body: string;
  readonly files: readonly ContentFile[];
}

const OPENING =
  /<(attachment|img)\s[^<>]{0,1000}?\bsrc\s{0,3}=\s{0,3}(["'])data:([^<>"',]{0,300}?);base64,/gi;
const CLOSING = /[^<>"']{0,200}>/y;

/** The text with every such form taken out that can be read; of one within a line its name stays. What cannot be read stays text. */
export function readInlineFiles(body: string): TextWithFiles {
  const files: ContentFile[] = [];
  const kept: string[] = [];
  let position = 0;
  for (const found of findForms(body)) {
    if (files.length === MOST_FILES) break;
    const { start, end, file } = found;
    const startsLine = start === 0 || body[start - 1] === "\n";
    const endsLine = end === body.length || body[end] === "\n";
    const isLine = startsLine && endsLine;
    // With its line goes the break before it.
    kept.push(body.slice(position, isLine ? Math.max(position, start - 1) : start));
    if (!isLine) kept.push(`[${file.name}]`);
    files.push(file);
    position = end;
  }
  kept.push(body.slice(position));
  return { body: kept.join(""), files };
}

interface Form {
  readonly start: number;
  readonly end: number;
  readonly file: ContentFile;
}

function* findForms(body: string): Generator<Form> {
  let count = 0;
  const absent = new Set<string>();
  const opening = new RegExp(OPENING);
  for (let match = opening.exec(body); match !== null; match = opening.exec(body)) {
    const [head, element = "", quote = "", type = ""] = match;
    const dataStart = match.index + head.length;
    const dataEnd = absent.has(quote) ? -1 : body.indexOf(quote, dataStart);
    if (dataEnd < 0) {
      absent.add(quote);
      continue;
    }
    const data = readBase64(body.slice(dataStart, dataEnd));
    const closing = new RegExp(CLOSING);
    closing.lastIndex = dataEnd + 1;
    if (data === null || !closing.test(body)) continue;
    const isPicture = element.toLowerCase() === "img";
    const disposition = isPicture ? "inline" : "attachment";
    const name = harmlessFileName(nameOf(head, type), `part-${++count}`);
    yield { start: match.index, end: closing.lastIndex, file: { name, data, type, disposition } };
    opening.lastIndex = closing.lastIndex;
  }
}

function readBase64(text: string): Uint8Array | null {
  const digits = text.replace(/\s+/g, "");
  return /^[A-Za-z0-9+/]+={0,2}$/.test(digits) ? decodeBase64(latin1Encode(digits)).slice() : null;
}

/** Those tools write `file/NAME` for a type that they do not know. */
function nameOf(head: string, type: string): string {
  const alt = /\balt\s{0,3}=\s{0,3}(?:"([^"]*)"|'([^']*)')/i.exec(head);
  return alt?.[1] ?? alt?.[2] ?? /^file\/(.*)$/i.exec(type)?.[1] ?? "";
}
