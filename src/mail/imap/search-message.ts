/** What SEARCH compares of one message, made ready when a key asks for it. */
import { type AddressGroup, type Mailbox, parseAddressList } from "../mime/address.js";
import { decodeText } from "../mime/charset.js";
import { decodeBody } from "../mime/decode.js";
import { decodeEncodedWords, findFields } from "../mime/headers.js";
import { type HeaderField, type MimePart, parseMime } from "../mime/parse.js";
import type { MessageRecord } from "./backend.js";
import { FoldedText } from "./folded-text.js";
import { allFieldsIn, fieldValuesIn } from "./header-fields.js";

/** A line that neither has a colon nor goes on with the line before. */
const NO_FIELD = /^(?![ \t])[^:\r\n]+$/gm;

/** Found in a header as it is written wherever it is found in the decoded one: white space and colons may come and go with decoding. */
const PLAIN_NEEDLE = /^[!-9;-~]*$/;
const PLAIN_HEADER = /^[\x00-\x7f]*$/;

/** A text that has been folded, or is folded when it is searched. */
export type Searchable = string | FoldedText;

type NamedValue = Pick<HeaderField, "name" | "value">;

export class SearchMessage {
  sequence = 0;
  uid = 0;
  record: MessageRecord | null = null;
  bytes: Uint8Array | null = null;
  #root: MimePart | null = null;
  #header: FoldedText | null = null;
  #body: readonly FoldedText[] | null = null;

  /** The values of a field, decoded; null when more has to be read first. */
  fieldValues(name: string): readonly Searchable[] | null {
    const subject = name.toLowerCase() === "subject" ? this.record?.digest.subject : null;
    if (subject) return subject.folded === null ? [] : [subject.folded];
    return this.#values(name)?.map(decodedValue) ?? null;
  }

  /** The same of an address field, with each address also as `name <local@domain>`, without the comments within. */
  addressValues(name: string): FoldedText[] | null {
    const values = this.#values(name);
    if (!values) return null;
    return values.flatMap((value) => [
      decodedValue(value),
      new FoldedText(parseAddressList(value).map(formatEntry).join(", ")),
    ]);
  }

  /** Whether the decoded header has that; null when more has to be read first. @param needle folded */
  headerIncludes(needle: string): boolean | null {
    const header = this.record?.digest.header;
    const isPlain = header != null && PLAIN_NEEDLE.test(needle) && PLAIN_HEADER.test(header);
    if (!isPlain || header.toLowerCase().includes(needle))
      return this.#headerText()?.includes(needle) ?? null;
    // As it is written it has not got that: encoded words may.
    if (!header.includes("=?")) return false;
    return allFieldsIn(header).some((field) => {
      return field.value.includes("=?") && new FoldedText(fieldText(field)).includes(needle);
    });
  }

  /** The whole header, decoded. */
  #headerText(): FoldedText | null {
    if (this.#header !== null) return this.#header;
    const fields = this.#fields();
    if (fields) this.#header = new FoldedText([...fields.map(fieldText), ...this.#oddLines()].join("\n"));
    return this.#header;
  }

  /** Every text in the body, decoded. */
  bodyTexts(): readonly FoldedText[] | null {
    if (!this.bytes) return null;
    if (this.#body === null) {
      const texts: string[] = [];
      collectTexts(this.bytes, this.#tree(this.bytes), texts);
      // Without a text there is an empty one, in which the empty string is found.
      this.#body = (texts.length > 0 ? texts : [""]).map((text) => new FoldedText(text));
    }
    return this.#body;
  }

  /** The values of a field as they are written, from the kept header when there is one. */
  #values(name: string): readonly string[] | null {
    const header = this.record?.digest.header;
    if (header != null) return fieldValuesIn(header, name.toLowerCase());
    if (!this.bytes) return null;
    return findFields(this.#tree(this.bytes), name).map((field) => field.value);
  }

  #fields(): readonly NamedValue[] | null {
    const header = this.record?.digest.header;
    if (header != null) return allFieldsIn(header);
    return this.bytes ? this.#tree(this.bytes).fields : null;
  }

  /** Lines of the header that are no fields: what stands there is to be found too. */
  #oddLines(): readonly string[] {
    const { bytes } = this;
    const header =
      this.record?.digest.header ?? (bytes ? latin1(bytes.subarray(0, this.#tree(bytes).bodyStart)) : "");
    return header.match(NO_FIELD)?.map((line) => decodeText(Buffer.from(line, "latin1"), "utf-8")) ?? [];
  }

  #tree(bytes: Uint8Array): MimePart {
    this.#root ??= parseMime(bytes);
    return this.#root;
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

function decodedValue(value: string): FoldedText {
  return new FoldedText(decodeEncodedWords(value).trim());
}

function fieldText(field: NamedValue): string {
  return `${field.name}: ${decodeEncodedWords(field.value).trim()}`;
}

function formatEntry(entry: Mailbox | AddressGroup): string {
  if (entry.kind === "group")
    return `${decodeEncodedWords(entry.name)}: ${entry.members.map(formatEntry).join(", ")};`;
  const name = entry.name ? `${decodeEncodedWords(entry.name)} ` : "";
  return `${name}<${entry.local ?? ""}@${entry.domain ?? ""}>`;
}

function collectTexts(bytes: Uint8Array, part: MimePart, texts: string[]): void {
  if (part.message) {
    texts.push(part.message.fields.map(fieldText).join("\n"));
    collectTexts(bytes, part.message, texts);
  } else if (part.type === "multipart") {
    for (const child of part.children) collectTexts(bytes, child, texts);
  } else if (part.type === "text") {
    texts.push(decodeText(decodeBody(bytes, part), part.parameters.get("charset") ?? "utf-8"));
  }
}
