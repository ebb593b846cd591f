/** Writes the FETCH responses of one message. */
import type { MimePart } from "../mime/parse.js";
import { parseMime } from "../mime/parse.js";
import type { MessageRecord, RecordPart } from "./backend.js";
import { formatDateTime } from "./date-time.js";
import { ImapError } from "./error.js";
import type { BinaryItem, FetchItem, OctetRange, RecordItemName, SectionItem } from "./fetch-items.js";
import { extractBinary, extractSection } from "./fetch-section.js";
import { flagsItem } from "./flags-item.js";
import { formatText, type Octets } from "./format.js";
import { selectHeaderFields } from "./header-fields.js";
import type { ResponseWriter } from "./output.js";
import { hasQuickPreview, previewOf } from "./preview.js";
import type { ViewMessage } from "./view.js";

/** What is at hand to answer from; `bytes` only when an item needs them. */
export interface FetchSource {
  readonly sequence: number;
  readonly message: ViewMessage;
  readonly record: MessageRecord | null;
  readonly bytes: Uint8Array | null;
}

/** Whether the message itself has to be read for the item. */
export function needsBytes(item: FetchItem, record: MessageRecord | null): boolean {
  if (item.kind === "section") return !(isHeaderItem(item) && record?.digest.header != null);
  if (item.kind === "preview")
    return item.priority === "normal" || (record !== null && hasQuickPreview(record));
  return item.kind === "binary" && !(item.answer === "size" && item.path.length === 0);
}

/** What the answers ask of the records. */
export function partsFor(items: readonly FetchItem[]): readonly RecordPart[] {
  return [...new Set(items.flatMap((item) => partFor(item) ?? []))];
}

function partFor(item: FetchItem): RecordPart | null {
  switch (item.kind) {
    case "record":
      return RECORD_PARTS[item.name];
    case "section":
      return isHeaderItem(item) ? "header" : null;
    case "state":
      return null;
    default:
      return "size";
  }
}

const RECORD_PARTS: Readonly<Record<RecordItemName, RecordPart | null>> = {
  INTERNALDATE: "internalDate",
  SAVEDATE: "saveDate",
  EMAILID: "emailId",
  THREADID: null,
  "RFC822.SIZE": "size",
  ENVELOPE: "envelope",
  BODY: "body",
  BODYSTRUCTURE: "bodyStructure",
};

function isHeaderItem({ section }: SectionItem): boolean {
  return section.path.length === 0 && section.text.startsWith("HEADER");
}

/** ImapError NO [UNKNOWN-CTE] when a part's encoding cannot be undone; nothing has been written then. */
export function writeFetchResponse(
  out: ResponseWriter,
  items: readonly FetchItem[],
  source: FetchSource,
): void {
  const message = new MessageOctets(source.bytes);
  const parts: (Octets | Uint8Array)[] = [];
  let text = `* ${source.sequence} FETCH (`;
  let separator = "";
  for (const item of items) {
    const value = formatItem(item, source, message);
    if (typeof value === "string") text += separator + value;
    else {
      parts.push(text + separator + value.before, value.octets);
      text = "";
    }
    separator = " ";
  }
  for (const part of parts) out.add(part);
  out.add(`${text})\r\n`);
}

/** The octets of a message with its structure, which is read when something asks for it. */
class MessageOctets {
  #root: MimePart | null = null;

  constructor(private readonly given: Uint8Array | null) {}

  get bytes(): Uint8Array {
    return this.given!;
  }

  get root(): MimePart {
    this.#root ??= parseMime(this.bytes);
    return this.#root;
  }
}

/** Octets that are not made a string of. */
interface LongValue {
  readonly before: Octets;
  readonly octets: Uint8Array;
}

function formatItem(item: FetchItem, source: FetchSource, message: MessageOctets): Octets | LongValue {
  switch (item.kind) {
    case "state":
      return formatState(item.name, source.message);
    case "record":
      return `${item.name} ${formatRecord(item.name, source.record!)}`;
    case "preview":
      return `PREVIEW ${needsBytes(item, source.record) ? formatText(previewOf(message.bytes, message.root)) : "NIL"}`;
    case "binary":
      return formatBinary(item, source, message);
    case "section":
      return formatSection(item, source, message);
  }
}

function formatSection(item: SectionItem, source: FetchSource, message: MessageOctets): Octets | LongValue {
  const label = labelOf(item);
  const value = headerValue(item, source.record);
  if (value !== null) return label + literal(cutText(value, item.partial));
  const octets = extractSection(message.bytes, message.root, item.section);
  if (octets === null) return `${label} NIL`;
  const cut = cutBytes(octets, item.partial);
  return { before: `${label} {${cut.length}}\r\n`, octets: cut };
}

/** A literal8 only where there is a NUL, so that a client sees whether there is one (RFC 3516 section 4.3). */
function formatBinary(item: BinaryItem, source: FetchSource, message: MessageOctets): Octets | LongValue {
  const label = labelOf(item);
  if (!needsBytes(item, source.record)) return `${label} ${source.record!.digest.size}`;
  const octets = extractBinary(message.bytes, message.root, item.path);
  if (octets === "unknown-cte") {
    throw new ImapError("NO", "UNKNOWN-CTE", "The transfer encoding of that part is not known.");
  }
  if (item.answer === "size") return `${label} ${octets?.length ?? 0}`;
  if (octets === null) return `${label} NIL`;
  const cut = cutBytes(octets, item.partial);
  return { before: `${label} ${octets.includes(0) ? "~" : ""}{${cut.length}}\r\n`, octets: cut };
}

function formatState(name: "UID" | "FLAGS" | "MODSEQ", message: ViewMessage): Octets {
  if (name === "UID") return `UID ${message.uid}`;
  if (name === "MODSEQ") return `MODSEQ (${message.modSeq})`;
  return flagsItem(message);
}

function formatRecord(name: RecordItemName, record: MessageRecord): Octets {
  const { digest, internalDate } = record;
  switch (name) {
    case "INTERNALDATE":
      return `"${formatDateTime(internalDate)}"`;
    case "RFC822.SIZE":
      return String(digest.size);
    case "ENVELOPE":
      return digest.envelope;
    case "BODY":
      return digest.body;
    case "BODYSTRUCTURE":
      return digest.bodyStructure;
    case "SAVEDATE":
      return `"${formatDateTime({ seconds: record.saveDate, zone: 0 })}"`;
    case "EMAILID":
      return `(${record.emailId})`;
    case "THREADID":
      // Threads are not kept: RFC 8474 section 5.2.
      return "NIL";
  }
}

function labelOf({ label, partial }: SectionItem | BinaryItem): Octets {
  return partial ? `${label}<${partial.offset}>` : label;
}

/** The value of an item that the kept header answers, else null. */
function headerValue(item: SectionItem, record: MessageRecord | null): Octets | null {
  const header = record?.digest.header;
  if (header == null || !isHeaderItem(item)) return null;
  if (item.section.text === "HEADER") return header;
  const which = item.section.text === "HEADER.FIELDS" ? "those" : "others";
  return selectHeaderFields(header, item.section.fields, which);
}

function literal(value: Octets): Octets {
  return ` {${value.length}}\r\n${value}`;
}

function cutText(value: Octets, partial: OctetRange | null): Octets {
  return partial ? value.slice(partial.offset, partial.offset + partial.length) : value;
}

function cutBytes(value: Uint8Array, partial: OctetRange | null): Uint8Array {
  return partial ? value.subarray(partial.offset, partial.offset + partial.length) : value;
}
