/** Writes the FETCH responses of one message. */
import type { MimePart } from "../mime/parse.js";
import { parseMime } from "../mime/parse.js";
import type { MessageRecord } from "./backend.js";
import { formatDateTime } from "./date-time.js";
import type { FetchItem, RecordItemName, SectionItem } from "./fetch-items.js";
import { extractSection } from "./fetch-section.js";
import { formatFlags, type Octets } from "./format.js";
import { selectHeaderFields } from "./header-fields.js";
import type { ResponseWriter } from "./output.js";
import { messageFlags, type ViewMessage } from "./view.js";

/** What is at hand to answer from; `bytes` only when an item needs them. */
export interface FetchSource {
  readonly sequence: number;
  readonly message: ViewMessage;
  readonly record: MessageRecord | null;
  readonly bytes: Uint8Array | null;
}

/** Whether the message itself has to be read for the item. */
export function needsBytes(item: FetchItem, record: MessageRecord | null): boolean {
  if (item.kind !== "section") return false;
  return !(isHeaderItem(item) && record?.digest.header != null);
}

function isHeaderItem({ section }: SectionItem): boolean {
  return section.path.length === 0 && section.text.startsWith("HEADER");
}

export function writeFetchResponse(
  out: ResponseWriter,
  items: readonly FetchItem[],
  source: FetchSource,
): void {
  let root: MimePart | null = null;
  let text = `* ${source.sequence} FETCH (`;
  items.forEach((item, index) => {
    if (index > 0) text += " ";
    if (item.kind === "state") text += formatState(item.name, source.message);
    else if (item.kind === "record") text += `${item.name} ${formatRecord(item.name, source.record!)}`;
    else {
      text += sectionLabel(item);
      const value = headerValue(item, source.record);
      if (value !== null) {
        text += literal(cutText(value, item.partial));
        return;
      }
      root ??= parseMime(source.bytes!);
      const octets = extractSection(source.bytes!, root, item.section);
      if (octets === null) {
        text += " NIL";
        return;
      }
      const cut = cutBytes(octets, item.partial);
      out.add(`${text} {${cut.length}}\r\n`);
      out.add(cut);
      text = "";
    }
  });
  out.add(`${text})\r\n`);
}

function formatState(name: "UID" | "FLAGS" | "MODSEQ", message: ViewMessage): Octets {
  if (name === "UID") return `UID ${message.uid}`;
  if (name === "MODSEQ") return `MODSEQ (${message.modSeq})`;
  return `FLAGS ${formatFlags(messageFlags(message))}`;
}

function formatRecord(name: RecordItemName, { digest, internalDate }: MessageRecord): Octets {
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
  }
}

function sectionLabel({ label, partial }: SectionItem): Octets {
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

function cutText(value: Octets, partial: SectionItem["partial"]): Octets {
  return partial ? value.slice(partial.offset, partial.offset + partial.length) : value;
}

function cutBytes(value: Uint8Array, partial: SectionItem["partial"]): Uint8Array {
  return partial ? value.subarray(partial.offset, partial.offset + partial.length) : value;
}
