/** What a FETCH asks for (RFC 9051 section 6.4.5). */
import type { SectionSpec } from "./fetch-section.js";
import { formatString, type Octets } from "./format.js";
import { type CommandParser, syntax } from "./parser.js";

export type FetchItem =
  /** Answered from the session's view. */
  | { readonly kind: "state"; readonly name: "UID" | "FLAGS" | "MODSEQ" }
  /** Answered from the message's record. */
  | { readonly kind: "record"; readonly name: RecordItemName }
  | SectionItem;

export type RecordItemName = "INTERNALDATE" | "RFC822.SIZE" | "ENVELOPE" | "BODY" | "BODYSTRUCTURE";

export interface SectionItem {
  readonly kind: "section";
  /** As the response names it, without `<origin>`. */
  readonly label: Octets;
  readonly section: SectionSpec;
  readonly partial: { readonly offset: number; readonly length: number } | null;
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
  RFC822: whole("RFC822", "", "sets-seen"),
  "RFC822.HEADER": whole("RFC822.HEADER", "HEADER", "peeks"),
  "RFC822.TEXT": whole("RFC822.TEXT", "TEXT", "sets-seen"),
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
export function parseFetchItems(parser: CommandParser): FetchItem[] {
  const items: FetchItem[] = [];
  if (parser.peek() === "(") {
    parser.list(() => items.push(parseItem(parser, parser.fetchWord())));
  } else {
    const word = parser.fetchWord();
    const macro = Object.hasOwn(MACROS, word) ? MACROS[word]! : null;
    items.push(...(macro ?? [parseItem(parser, word)]));
  }
  if (items.length === 0) throw syntax("FETCH needs an item.");
  return items;
}

function parseItem(parser: CommandParser, word: string): FetchItem {
  if ((word === "BODY" || word === "BODY.PEEK") && parser.peek() === "[") {
    return parseSection(parser, word === "BODY" ? "sets-seen" : "peeks");
  }
  const item = Object.hasOwn(SIMPLE, word) ? SIMPLE[word]! : null;
  if (!item) throw syntax(`Unknown FETCH item ${word.slice(0, 40)}.`);
  return item;
}

/** `section = "[" [section-spec] "]"` and `partial = "<" number64 "." nz-number64 ">"` */
function parseSection(parser: CommandParser, seen: SectionItem["seen"]): SectionItem {
  parser.literalCharacter("[");
  const section =
    parser.peek() === "]" ? { path: [], text: "" as const, fields: [] } : parseSectionSpec(parser);
  parser.literalCharacter("]");
  let partial: SectionItem["partial"] = null;
  if (parser.take("<")) {
    const offset = parser.number64();
    parser.literalCharacter(".");
    const length = parser.number64();
    parser.literalCharacter(">");
    if (length === 0) throw syntax("A partial fetch needs a length.");
    partial = { offset, length };
  }
  return { kind: "section", label: `BODY[${formatSection(section)}]`, section, partial, seen };
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
