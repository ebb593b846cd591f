/** What SEARCH compares of one message, made ready when a key asks for it. */
import { type AddressGroup, type Mailbox, parseAddressList } from "../mime/address.js";
import { decodeText } from "../mime/charset.js";
import { decodeBody } from "../mime/decode.js";
import { decodeEncodedWords, findFields } from "../mime/headers.js";
import { type HeaderField, type MimePart, parseMime } from "../mime/parse.js";
import type { MessageRecord } from "./backend.js";
import { foldCase } from "./search-key.js";

const NO_FIELDS: readonly HeaderField[] = [];

export class SearchMessage {
  record: MessageRecord | null = null;
  bytes: Uint8Array | null = null;
  #headerFields: { readonly fields: readonly HeaderField[] } | null = null;
  #root: MimePart | null = null;
  #header: string | null = null;
  #body: string | null = null;

  constructor(
    readonly sequence: number,
    readonly uid: number,
  ) {}

  /** The values of a field, decoded and folded; null when more has to be read first. */
  fieldValues(name: string): string[] | null {
    if (this.#surelyLacks(name)) return [];
    const header = this.#fields();
    return (
      header && findFields(header, name).map((field) => foldCase(decodeEncodedWords(field.value)).trim())
    );
  }

  /** The same of an address field, with each address also as `name <local@domain>`, without the comments within. */
  addressValues(name: string): string[] | null {
    if (this.#surelyLacks(name)) return [];
    const header = this.#fields();
    if (!header) return null;
    return findFields(header, name).flatMap((field) => [
      foldCase(decodeEncodedWords(field.value)).trim(),
      foldCase(parseAddressList(field.value).map(formatEntry).join(", ")),
    ]);
  }

  /** The whole header, decoded and folded. */
  headerText(): string | null {
    const header = this.#fields();
    if (!header) return null;
    this.#header ??= foldCase(header.fields.map(fieldText).join("\n"));
    return this.#header;
  }

  /** Every text in the body, decoded and folded. */
  bodyText(): string | null {
    if (!this.bytes) return null;
    if (this.#body === null) {
      const texts: string[] = [];
      collectTexts(this.bytes, this.#tree(this.bytes), texts);
      this.#body = texts.map(foldCase).join("\n");
    }
    return this.#body;
  }

  /** Most messages have no such field at all, which is seen without parsing. */
  #surelyLacks(name: string): boolean {
    const header = this.record?.digest.header;
    return header != null && !namePattern(name).test(header);
  }

  #fields(): { readonly fields: readonly HeaderField[] } | null {
    if (this.#headerFields) return this.#headerFields;
    const header = this.record?.digest.header;
    if (header != null) this.#headerFields = headerOf(header);
    else if (this.bytes) this.#headerFields = this.#tree(this.bytes);
    return this.#headerFields;
  }

  #tree(bytes: Uint8Array): MimePart {
    this.#root ??= parseMime(bytes);
    return this.#root;
  }
}

const patterns = new Map<string, RegExp>();

function namePattern(name: string): RegExp {
  let pattern = patterns.get(name);
  if (!pattern) {
    if (patterns.size > 100) patterns.clear();
    pattern = new RegExp(`^${name.replace(/[^a-z0-9-]/gi, "\\$&")}[ \\t]*:`, "im");
    patterns.set(name, pattern);
  }
  return pattern;
}

function headerOf(header: string): { readonly fields: readonly HeaderField[] } {
  return header === "" ? { fields: NO_FIELDS } : parseMime(Buffer.from(header, "latin1"));
}

function fieldText(field: HeaderField): string {
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
