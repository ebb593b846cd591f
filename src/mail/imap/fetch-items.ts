/** What a FETCH asks for (RFC 9051 section 6.4.5). */
import { offers } from "./capabilities.js";
import type { SectionSpec } from "./fetch-section.js";
import { formatString, type Octets } from "./format.js";
import { type CommandParser, syntax } from "./parser.js";
import type { Session } from "./session.js";

export type FetchItem =
  /** Answered from the session's view. */
  | { readonly kind: "state"; readonly name: "UID" | "FLAGS" | "MODSEQ" }
  /** Answered from the message's record. */
  | { readonly kind: "record"; readonly name: RecordItemName }
  | SectionItem
  | BinaryItem
  /** RFC 8970; a lazy one is NIL when it would take long. */
  | { readonly kind: "preview"; readonly priority: "normal" | "lazy" };

export type RecordItemName =
  | "INTERNALDATE"
  | "RFC822.SIZE"
  | "ENVELOPE"
  | "BODY"
  | "BODYSTRUCTURE"
  | "SAVEDATE"
  | "EMAILID"
  | "THREADID";

/** Octets of a part with its transfer encoding undone, or their number (RFC 3516). */
export interface BinaryItem {
  readonly kind: "binary";
  readonly answer: "octets" | "size";
  /** As the response names it, without `<origin>`. */
  readonly label: Octets;
  readonly path: readonly number[];
  readonly partial: OctetRange | null;
  readonly seen: "sets-seen" | "peeks";
}

export interface OctetRange {
  readonly offset: number;
  readonly length: number;
}

export interface SectionItem {
  readonly kind: "section";
  /** As the response names it, without `<origin>`. */
  readonly label: Octets;
  readonly section: SectionSpec;
  readonly partial: OctetRange | null;
  readonly seen: "sets-seen" | "peeks";
}

const state = (name: "UID" | "FLAGS" | "MODSEQ"): FetchItem => ({ kind: "state", name });
const record = (name: RecordItemName): FetchItem => ({ kind: "record", name });

/** Items that stand alone as a word. */
const SIMPLE: Readonly<Record<string, FetchItem>> = {
  UID: state("UID"),
  FLAGS: state("FLAGS"),
  MODSEQ: state("MODSEQ"),
  INTERNALDATE: record("INTERNALDATE"),
  "RFC822.SIZE": record("RFC822.SIZE"),
  ENVELOPE: record("ENVELOPE"),
  BODY: record("BODY"),
  BODYSTRUCTURE: record("BODYSTRUCTURE"),
  SAVEDATE: record("SAVEDATE"),
  EMAILID: record("EMAILID"),
  THREADID: record("THREADID"),
  RFC822: whole("RFC822", "", "sets-seen"),
  "RFC822.HEADER": whole("RFC822.HEADER", "HEADER", "peeks"),
  "RFC822.TEXT": whole("RFC822.TEXT", "TEXT", "sets-seen"),
};

/** The capability that an item comes with. */
const EXTENSIONS: Readonly<Record<string, string>> = {
  SAVEDATE: "SAVEDATE",
  EMAILID: "OBJECTID",
  THREADID: "OBJECTID",
  PREVIEW: "PREVIEW",
};

const FAST = ["FLAGS", "INTERNALDATE", "RFC822.SIZE"].map((name) => SIMPLE[name]!);
const MACROS: Readonly<Record<string, readonly FetchItem[]>> = {
  FAST,
  ALL: [...FAST, SIMPLE["ENVELOPE"]!],
  FULL: [...FAST, SIMPLE["ENVELOPE"]!, SIMPLE["BODY"]!],
};

function whole(label: string, text: SectionSpec["text"], seen: SectionItem["seen"]): FetchItem {
  return { kind: "section", label, section: { path: [], text, fields: [] }, partial: null, seen };
}

/** `"ALL" / "FULL" / "FAST" / fetch-att / "(" fetch-att *(SP fetch-att) ")"` */
export function parseFetchItems(session: Session, parser: CommandParser): FetchItem[] {
  const items: FetchItem[] = [];
  if (parser.peek() === "(") {
    parser.list(() => items.push(parseItem(session, parser, parser.fetchWord())));
  } else {
    const word = parser.fetchWord();
    const macro = Object.hasOwn(MACROS, word) ? MACROS[word]! : null;
    items.push(...(macro ?? [parseItem(session, parser, word)]));
  }
  if (items.length === 0) throw syntax("FETCH needs an item.");
  return items;
}

function parseItem(session: Session, parser: CommandParser, word: string): FetchItem {
  if ((word === "BODY" || word === "BODY.PEEK") && parser.peek() === "[") {
    return parseSection(parser, word === "BODY" ? "sets-seen" : "peeks");
  }
  if (word.startsWith("BINARY") && parser.peek() === "[") {
    const item = session.isRevision2 || offers(session, "BINARY") ? parseBinary(parser, word) : null;
    if (item) return item;
  }
  const extension = Object.hasOwn(EXTENSIONS, word) ? EXTENSIONS[word]! : null;
  // RFC822 and its parts, which IMAP4rev2 has dropped, are answered to its clients too: imaptest for one asks for them.
  const known = extension ? offers(session, extension) : true;
  if (known && word === "PREVIEW") return { kind: "preview", priority: parsePriority(parser) };
  const item = known && Object.hasOwn(SIMPLE, word) ? SIMPLE[word]! : null;
  if (!item) throw syntax(`Unknown FETCH item ${word.slice(0, 40)}.`);
  return item;
}

/** `["(" preview-mod *(SP preview-mod) ")"]`, which must not be taken for the modifiers of FETCH. */
function parsePriority(parser: CommandParser): "normal" | "lazy" {
  if (!parser.startsWith(" (LAZY")) return "normal";
  parser.space();
  parser.list(() => {
    if (parser.word() !== "LAZY") throw syntax("Unknown modifier of PREVIEW.");
  });
  return "lazy";
}

/** `("BINARY" [".PEEK"] section-binary [partial]) / ("BINARY.SIZE" section-binary)`, `section-binary = "[" [section-part] "]"` */
function parseBinary(parser: CommandParser, word: string): BinaryItem | null {
  if (word !== "BINARY" && word !== "BINARY.PEEK" && word !== "BINARY.SIZE") return null;
  parser.literalCharacter("[");
  const numbers = parser.peek() === "]" ? [] : parser.fetchWord().split(".");
  if (!numbers.every((number) => /^[1-9]\d{0,8}$/.test(number))) throw syntax("BINARY takes a part number.");
  parser.literalCharacter("]");
  const size = word === "BINARY.SIZE";
  const section = `[${numbers.join(".")}]`;
  return {
    kind: "binary",
    answer: size ? "size" : "octets",
    label: (size ? "BINARY.SIZE" : "BINARY") + section,
    path: numbers.map(Number),
    partial: size ? null : parsePartial(parser),
    seen: word === "BINARY" ? "sets-seen" : "peeks",
  };
}

/** `section = "[" [section-spec] "]"` and what part of it. */
function parseSection(parser: CommandParser, seen: SectionItem["seen"]): SectionItem {
  parser.literalCharacter("[");
  const section =
    parser.peek() === "]" ? { path: [], text: "" as const, fields: [] } : parseSectionSpec(parser);
  parser.literalCharacter("]");
  const partial = parsePartial(parser);
  return { kind: "section", label: `BODY[${formatSection(section)}]`, section, partial, seen };
}

/** `[partial]`, `partial = "<" number64 "." nz-number64 ">"` */
function parsePartial(parser: CommandParser): OctetRange | null {
  if (!parser.take("<")) return null;
  const offset = parser.number64();
  parser.literalCharacter(".");
  const length = parser.number64();
  parser.literalCharacter(">");
  if (length === 0) throw syntax("A partial fetch needs a length.");
  return { offset, length };
}

/** `section-spec = section-msgtext / (section-part ["." section-text])` */
function parseSectionSpec(parser: CommandParser): SectionSpec {
  const words = parser.fetchWord().split(".");
  const path: number[] = [];
  while (words.length > 0 && /^[1-9]\d{0,8}$/.test(words[0]!)) path.push(Number(words.shift()));
  const text = words.join(".");
  switch (text) {
    case "HEADER.FIELDS":
    case "HEADER.FIELDS.NOT":
      return { path, text, fields: parseHeaderList(parser) };
    case "":
    case "HEADER":
    case "TEXT":
      return { path, text, fields: [] };
    case "MIME":
      if (path.length > 0) return { path, text, fields: [] };
      throw syntax("MIME needs a part number.");
    default:
      throw syntax("Unknown section.");
  }
}

/** `header-list = "(" header-fld-name *(SP header-fld-name) ")"` */
function parseHeaderList(parser: CommandParser): string[] {
  const fields: string[] = [];
  parser.space();
  parser.list(() => fields.push(parser.astring()));
  if (fields.length === 0) throw syntax("HEADER.FIELDS needs a field.");
  return fields;
}

function formatSection({ path, text, fields }: SectionSpec): Octets {
  const parts: string[] = path.map(String);
  if (text !== "") parts.push(text);
  const list = fields.length > 0 ? ` (${fields.map(formatFieldName).join(" ")})` : "";
  return parts.join(".") + list;
}

function formatFieldName(name: Octets): Octets {
  const upper = name.replace(/[a-z]/g, (letter) => letter.toUpperCase());
  return /^[!#$&'+,./0-9:;<=>?@A-Z^_`|}~-]+$/.test(upper) && upper !== "NIL" ? upper : formatString(upper);
}
