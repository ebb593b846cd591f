import { createRequire } from "node:module";
import type { convert } from "html-to-text";
import type { ContentFile, ContentPiece } from "../../bitmessage/protocol/content.js";
import { decodeBody, decodeText } from "../../mail/mime/decode.js";
import { unwrapFlowed } from "../../mail/mime/flowed.js";
import type { MimePart } from "../../mail/mime/parse.js";
import { SmtpError } from "../../mail/smtp/error.js";
import { MOST_FILES } from "../forms/file-parts.js";
import { harmlessFileName } from "../forms/harmless.js";
import { fileName } from "../forms/original.js";
import { takeOriginal } from "../forms/original-pieces.js";
import { mendOriginal } from "./mended-original.js";

/** What the parts of a mail say: its text, with LF line ends, and everything that is not text. */
export interface OutgoingParts {
  readonly body: string;
  readonly files: readonly ContentFile[];
  /** How many of the files are attachments, and not signatures or what is encrypted. */
  readonly attachments: number;
  /** What its MIME entity is built from again; null when that is not well-formed. */
  readonly original: readonly ContentPiece[] | null;
  /** What body and files leave out: nothing; how it looks (HTML, several texts); that it is signed or encrypted. */
  readonly beyond: "nothing" | "looks" | "protection";
}

/** HTML is turned into text up to so many characters. */
const LONGEST_HTML = 2_000_000;

/** A text that is encrypted is shown to who cannot take attachments out, up to so many characters. */
const LONGEST_ARMOUR = 16_000;

/**
 * Reads the parts of a mail (MAIL-MAPPING section 3).
 * @throws SmtpError 550 5.6.1 for what cannot be carried whole
 */
export function readParts(bytes: Uint8Array, root: MimePart): OutgoingParts {
  const reader = new PartReader(bytes);
  reader.read(root);
  const { files, beyond } = reader;
  if (files.length > MOST_FILES) throw refusal(`A message holds at most ${MOST_FILES} attachments`);
  const original =
    takeOriginal(bytes, root, reader) ?? (beyond === "protection" ? null : mendOriginal(bytes, root, reader));
  if (original === null && beyond === "protection")
    throw refusal("This signed or encrypted mail is malformed and could not be carried unchanged");
  return { body: reader.texts.join("\n"), files, attachments: reader.attachments, original, beyond };
}

class PartReader {
  readonly texts: string[] = [];
  readonly files: ContentFile[] = [];
  readonly places = new Map<MimePart, number>();
  attachments = 0;
  #textParts = 0;
  #hasMarkup = false;
  #isProtected = false;

  constructor(private readonly bytes: Uint8Array) {}

  get beyond(): OutgoingParts["beyond"] {
    if (this.#isProtected) return "protection";
    return this.#hasMarkup || this.#textParts > 1 ? "looks" : "nothing";
  }

  read(part: MimePart): void {
    if (part.children.length > 0) this.#readMultipart(part);
    else if (isText(part)) this.#readText(part);
    else if (isCryptographicMessage(part)) this.#readCryptographicMessage(part);
    else this.#readAttachment(part);
  }

  #readMultipart(part: MimePart): void {
    switch (part.subtype) {
      case "alternative":
        this.#readAlternative(part.children);
        break;
      case "signed":
        this.#readSigned(part.children);
        break;
      case "encrypted":
        this.#readEncrypted(part.children);
        break;
      case "report":
        throw refusal("Reports about mail are not sent over the network");
      default:
        for (const child of part.children) this.read(child);
    }
  }

  /** RFC 1847 section 2.1: what is signed, then the signature. */
  #readSigned([signed, ...signatures]: readonly MimePart[]): void {
    this.#isProtected = true;
    if (signed !== undefined) this.read(signed);
    for (const signature of signatures) this.#addFile(signature);
  }

  /** RFC 3156 section 4: the text shows what it is, and what there is to decrypt. */
  #readEncrypted(children: readonly MimePart[]): void {
    this.#isProtected = true;
    const armour = children
      .map((child) => decodeText(decodeBody(this.bytes, child), "us-ascii").replace(/\r\n?/g, "\n"))
      .find((text) => text.trimStart().startsWith("-----BEGIN PGP MESSAGE-----"));
    const note = "This message is encrypted (PGP/MIME).\n";
    const isShown = armour !== undefined && armour.length <= LONGEST_ARMOUR;
    this.texts.push(isShown ? `${note}\n${armour}` : note);
    for (const child of children) this.#addFile(child);
  }

  /** RFC 8551: encrypted, or signed so that only who knows S/MIME can read it. */
  #readCryptographicMessage(part: MimePart): void {
    this.#isProtected = true;
    this.texts.push("This message is encrypted or signed (S/MIME).\n");
    this.#addFile(part);
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
    else if (isText(part)) this.#countText(part);
    else this.read(part);
  }

  #readText(part: MimePart): void {
    this.#countText(part);
    this.texts.push(this.#text(part));
  }

  #countText(part: MimePart): void {
    this.#textParts++;
    if (part.subtype === "html") this.#hasMarkup = true;
  }

  #text(part: MimePart): string {
    const decoded = decodeText(decodeBody(this.bytes, part), part.parameters.get("charset") ?? "utf-8");
    const text = decoded.replace(/\r\n?/g, "\n");
    if (part.subtype === "html") return htmlToText(text);
    if (part.parameters.get("format")?.toLowerCase() !== "flowed") return text;
    const delSp = part.parameters.get("delsp")?.toLowerCase() === "yes" ? "yes" : "no";
    return unwrapFlowed(text, { delSp });
  }

  #readAttachment(part: MimePart): void {
    this.attachments++;
    this.#addFile(part);
  }

  #addFile(part: MimePart): void {
    const fallback = `part-${this.files.length + 1}${part.type === "message" ? ".eml" : ""}`;
    this.places.set(part, this.files.length);
    this.files.push({
      name: harmlessFileName(fileName(part) ?? "", fallback),
      data: decodeBody(this.bytes, part).slice(),
      type: `${part.type}/${part.subtype}`,
      disposition: part.disposition?.value === "inline" ? "inline" : "attachment",
    });
  }
}

/** A file of S/MIME's; its signatures are parts of multipart/signed. */
function isCryptographicMessage(part: MimePart): boolean {
  return part.type === "application" && /^(?:x-)?pkcs7-mime$/.test(part.subtype);
}

/** A multipart without parts is what the octets show: text. */
function isText(part: MimePart): boolean {
  if (part.type === "multipart") return part.children.length === 0;
  const isKnown = part.type === "text" && (part.subtype === "plain" || part.subtype === "html");
  return isKnown && part.disposition?.value !== "attachment" && fileName(part) === null;
}

function holdsPlainText(part: MimePart): boolean {
  return isText(part) ? part.subtype !== "html" : part.children.some(holdsPlainText);
}

function holdsText(part: MimePart): boolean {
  return isText(part) || part.children.some(holdsText);
}

const require = createRequire(import.meta.url);
let loaded: typeof convert | null = null;

/** Loaded with the first mail that has HTML: it takes as long to load as a tenth of the program. */
function convertHtml(...parameters: Parameters<typeof convert>): string {
  loaded ??= (require("html-to-text") as { convert: typeof convert }).convert;
  return loaded(...parameters);
}

function htmlToText(html: string): string {
  return convertHtml(html.slice(0, LONGEST_HTML), {
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
