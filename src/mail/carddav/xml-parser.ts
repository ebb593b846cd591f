/**
 * A strict parser for the XML that CardDAV clients send (XML 1.0, Namespaces in XML). No document type, no entities but the five and
 * character references, nothing is fetched: what could expand or lead elsewhere is not in its grammar.
 */
import { XML_NAMESPACE, type XmlElement } from "./xml.js";

/** The text is not well-formed, or is more than we take. */
export class XmlError extends Error {
  constructor(text: string) {
    super(text);
    this.name = "XmlError";
  }
}

const DEEPEST = 32;
const MOST_ELEMENTS = 50_000;
const MOST_ATTRIBUTES = 32;
/** Prefixes in force at one place: each element that declares one copies them. */
const MOST_PREFIXES = 64;

/** @param bytes in UTF-8 @throws XmlError */
export function parseXml(bytes: Uint8Array): XmlElement {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new XmlError("not UTF-8");
  }
  return new Parser(text).document();
}

interface Building {
  namespace: string;
  name: string;
  attributes: ReadonlyMap<string, string>;
  children: XmlElement[];
  text: string;
}

type Namespaces = ReadonlyMap<string, string>;

/** NameStartChar and NameChar of XML 1.0 section 2.3, near enough; without the colon. */
const NAME = /[\p{L}_][\p{L}\p{M}\p{N}._-]*/uy;
const SPACE = /[ \t\r\n]*/y;
const IMPOSSIBLE = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;

class Parser {
  #at = 0;
  #elements = 0;

  constructor(private readonly text: string) {
    if (IMPOSSIBLE.test(text)) throw new XmlError("a character that XML does not have");
  }

  /** document ::= XMLDecl? Misc* element Misc* */
  document(): XmlElement {
    if (/^<\?xml[ \t\r\n]/.test(this.text)) this.#declaration();
    this.#misc();
    const root = this.#element(new Map([["xml", XML_NAMESPACE]]), 1);
    this.#misc();
    if (this.#at < this.text.length) throw new XmlError("text behind the document");
    return root;
  }

  /** XMLDecl: of its encodings we take UTF-8 only. */
  #declaration(): void {
    const end = this.text.indexOf("?>");
    if (end < 0) throw new XmlError("the XML declaration does not end");
    const encoding = /encoding\s*=\s*["']([^"']*)["']/.exec(this.text.slice(0, end))?.[1];
    if (encoding !== undefined && !/^(utf-8|us-ascii)$/i.test(encoding)) throw new XmlError("not UTF-8");
    this.#at = end + 2;
  }

  /** Misc ::= Comment | S */
  #misc(): void {
    for (this.#space(); this.#takes("<!--"); this.#space()) this.#until("-->");
  }

  /** element ::= EmptyElemTag | STag content ETag */
  #element(outer: Namespaces, depth: number): XmlElement {
    if (depth > DEEPEST) throw new XmlError("nested too deeply");
    this.#elements += 1;
    if (this.#elements > MOST_ELEMENTS) throw new XmlError("too many elements");
    this.#expect("<");
    const tag = this.#qualifiedName();
    const raw = this.#attributes();
    const namespaces = declare(outer, raw);
    const { namespace, name } = resolve(tag, namespaces, "element");
    const attributes = new Map([...raw].filter(([key]) => !/^xmlns$|:/.test(key)));
    for (const key of raw.keys()) if (key.includes(":")) resolve(key, namespaces, "attribute");
    const building: Building = { namespace, name, attributes, children: [], text: "" };
    if (this.#takes("/>")) return building;
    this.#expect(">");
    this.#content(building, namespaces, depth);
    if (this.#qualifiedName() !== tag) throw new XmlError("an end tag does not match");
    this.#space();
    this.#expect(">");
    return building;
  }

  /** content, and the `</` behind it. */
  #content(building: Building, namespaces: Namespaces, depth: number): void {
    for (;;) {
      const next = this.text.indexOf("<", this.#at);
      if (next < 0) throw new XmlError("an element does not end");
      building.text += expand(lines(this.text.slice(this.#at, next)));
      this.#at = next;
      if (this.#takes("</")) return;
      if (this.#takes("<!--")) this.#until("-->");
      else if (this.#takes("<![CDATA[")) building.text += lines(this.#until("]]>"));
      else building.children.push(this.#element(namespaces, depth + 1));
    }
  }

  /** (S Attribute)* S? */
  #attributes(): Map<string, string> {
    const found = new Map<string, string>();
    while (this.#space() > 0 && this.text[this.#at] !== ">" && this.text[this.#at] !== "/") {
      const name = this.#qualifiedName();
      this.#space();
      this.#expect("=");
      this.#space();
      const quote = this.text[this.#at];
      if (quote !== '"' && quote !== "'") throw new XmlError("an attribute without quotes");
      this.#at += 1;
      const value = this.#until(quote);
      if (value.includes("<")) throw new XmlError("< in an attribute");
      if (found.has(name)) throw new XmlError("an attribute twice");
      if (found.size >= MOST_ATTRIBUTES) throw new XmlError("too many attributes");
      found.set(name, expand(value.replace(/[ \t\r\n]/g, " ")));
    }
    return found;
  }

  /** QName of Namespaces in XML section 4. */
  #qualifiedName(): string {
    const first = this.#name();
    return this.#takes(":") ? `${first}:${this.#name()}` : first;
  }

  #name(): string {
    NAME.lastIndex = this.#at;
    const name = NAME.exec(this.text)?.[0];
    if (name === undefined) throw new XmlError("a name is missing, or what stands here is not taken");
    this.#at += name.length;
    return name;
  }

  #space(): number {
    SPACE.lastIndex = this.#at;
    const length = SPACE.exec(this.text)?.[0].length ?? 0;
    this.#at += length;
    return length;
  }

  #takes(token: string): boolean {
    if (!this.text.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    return true;
  }

  #expect(token: string): void {
    if (!this.#takes(token)) throw new XmlError(`${token} is missing`);
  }

  /** What stands before the token, which is taken too. */
  #until(token: string): string {
    const end = this.text.indexOf(token, this.#at);
    if (end < 0) throw new XmlError(`${token} is missing`);
    const before = this.text.slice(this.#at, end);
    this.#at = end + token.length;
    return before;
  }
}

function declare(outer: Namespaces, attributes: ReadonlyMap<string, string>): Namespaces {
  const own = [...attributes].filter(([name]) => name === "xmlns" || name.startsWith("xmlns:"));
  if (own.length === 0) return outer;
  const inner = new Map(outer);
  for (const [name, uri] of own) {
    const prefix = name === "xmlns" ? "" : name.slice(6);
    if (prefix === "xml" || prefix === "xmlns" || (prefix !== "" && uri === ""))
      throw new XmlError("a namespace that cannot be declared");
    inner.set(prefix, uri);
  }
  if (inner.size > MOST_PREFIXES) throw new XmlError("too many namespaces");
  return inner;
}

function resolve(
  qualified: string,
  namespaces: Namespaces,
  kind: "element" | "attribute",
): { namespace: string; name: string } {
  const colon = qualified.indexOf(":");
  const prefix = colon < 0 ? "" : qualified.slice(0, colon);
  const declared = prefix === "xmlns" && kind === "attribute" ? "" : namespaces.get(prefix);
  if (declared === undefined && prefix !== "") throw new XmlError("a prefix without a namespace");
  return { namespace: declared ?? "", name: qualified.slice(colon + 1) };
}

/** XML 1.0 section 2.11: every end of a line is one LF. */
function lines(text: string): string {
  return text.replace(/\r\n?/g, "\n");
}

const NAMED: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
]);

function expand(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&([^;&\s]{0,10});|&/g, (_whole, reference: string | undefined) => {
    const character = reference === undefined ? undefined : (NAMED.get(reference) ?? numbered(reference));
    if (character === undefined) throw new XmlError("an entity that is not known here");
    return character;
  });
}

function numbered(reference: string): string | undefined {
  const match = /^#(?:x([0-9a-f]{1,6})|([0-9]{1,7}))$/i.exec(reference);
  if (match === null) return undefined;
  const code = match[1] === undefined ? Number(match[2]) : Number.parseInt(match[1], 16);
  const isCharacter = code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
  const character = isCharacter ? String.fromCodePoint(code) : undefined;
  return character === undefined || IMPOSSIBLE.test(character) ? undefined : character;
}
