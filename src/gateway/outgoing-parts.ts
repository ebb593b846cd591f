import { convert } from "html-to-text";
import type { ContentFile } from "../bitmessage/protocol/content.js";
import { decodeBody, decodeText } from "../mail/mime/decode.js";
import { unwrapFlowed } from "../mail/mime/flowed.js";
import { decodeEncodedWords, decodeParameters } from "../mail/mime/headers.js";
import type { MimePart } from "../mail/mime/parse.js";
import { SmtpError } from "../mail/smtp/error.js";
import { harmlessFileName } from "./harmless.js";

/** What the parts of a mail say: its text, with LF line ends, and everything that is not text. */
export interface OutgoingParts {
  readonly body: string;
  readonly files: readonly ContentFile[];
}

/** HTML is turned into text up to so many characters. */
const LONGEST_HTML = 2_000_000;

/**
 * Reads the parts of a mail (MAIL-MAPPING section 3).
 * @throws SmtpError 550 5.6.1 for what cannot be carried whole yet
 */
export function readParts(bytes: Uint8Array, root: MimePart): OutgoingParts {
  const reader = new PartReader(bytes);
  reader.read(root);
  return { body: reader.texts.join("\n"), files: reader.files };
}

class PartReader {
  readonly texts: string[] = [];
  readonly files: ContentFile[] = [];

  constructor(private readonly bytes: Uint8Array) {}

  read(part: MimePart): void {
    if (part.type === "multipart" && part.children.length > 0) this.#readMultipart(part);
    else if (isText(part)) this.texts.push(this.#text(part));
    else this.files.push(this.#file(part));
  }

  #readMultipart(part: MimePart): void {
    switch (part.subtype) {
      case "alternative":
        this.#readAlternative(part.children);
        break;
      case "signed":
      case "encrypted":
        throw refusal(
          "Signed or encrypted mail (PGP/MIME, S/MIME) cannot be carried yet; send it as plain text",
        );
      case "report":
        throw refusal("Reports about mail are not sent over the network");
      default:
        for (const child of part.children) this.read(child);
    }
  }

  /** One text of the alternatives, the plain one if there is one; what is neither text is a file, such as an invitation. */
  #readAlternative(children: readonly MimePart[]): void {
    const chosen = children.find(holdsPlainText) ?? children.find(holdsText) ?? children[0];
    for (const child of children) {
      if (child === chosen || !holdsText(child)) this.read(child);
      else this.#readFilesOnly(child);
    }
  }

  /** Of an alternative that is not read: the files within it, but not its text. */
  #readFilesOnly(part: MimePart): void {
    if (part.children.length > 0) for (const child of part.children) this.#readFilesOnly(child);
    else if (!isText(part)) this.read(part);
  }

  #text(part: MimePart): string {
    const decoded = decodeText(decodeBody(this.bytes, part), part.parameters.get("charset") ?? "utf-8");
    const text = decoded.replace(/\r\n?/g, "\n");
    if (part.subtype === "html") return htmlToText(text);
    if (part.parameters.get("format")?.toLowerCase() !== "flowed") return text;
    const delSp = part.parameters.get("delsp")?.toLowerCase() === "yes" ? "yes" : "no";
    return unwrapFlowed(text, { delSp });
  }

  #file(part: MimePart): ContentFile {
    const fallback = `part-${this.files.length + 1}${part.type === "message" ? ".eml" : ""}`;
    return {
      name: harmlessFileName(fileName(part) ?? "", fallback),
      data: decodeBody(this.bytes, part).slice(),
      type: `${part.type}/${part.subtype}`,
      disposition: part.disposition?.value === "inline" ? "inline" : "attachment",
    };
  }
}

function isText(part: MimePart): boolean {
  const isKnown = part.type === "text" && (part.subtype === "plain" || part.subtype === "html");
  return isKnown && part.disposition?.value !== "attachment" && fileName(part) === null;
}

function holdsPlainText(part: MimePart): boolean {
  return isText(part) ? part.subtype === "plain" : part.children.some(holdsPlainText);
}

function holdsText(part: MimePart): boolean {
  return isText(part) || part.children.some(holdsText);
}

/** RFC 2183's name, else that of Content-Type; RFC 2231 and encoded words read. */
function fileName(part: MimePart): string | null {
  const raw = dispositionParameter(part, "filename") ?? part.parameters.get("name") ?? null;
  return raw === null ? null : decodeEncodedWords(raw);
}

function dispositionParameter(part: MimePart, name: string): string | null {
  const parameters = part.disposition?.parameters ?? [];
  return decodeParameters(parameters).get(name) ?? null;
}

function htmlToText(html: string): string {
  return convert(html.slice(0, LONGEST_HTML), {
    wordwrap: false,
    limits: { maxInputLength: LONGEST_HTML, maxDepth: 200, maxChildNodes: 50_000 },
    selectors: [
      { selector: "img", format: "skip" },
      { selector: "a", options: { hideLinkHrefIfSameAsText: true } },
      { selector: "h1", options: { uppercase: false } },
      { selector: "h2", options: { uppercase: false } },
      { selector: "h3", options: { uppercase: false } },
    ],
  });
}

function refusal(text: string): SmtpError {
  return new SmtpError(550, "5.6.1", text);
}
