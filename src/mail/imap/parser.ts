/** The grammar of commands: one method per ABNF rule, the rule in its comment (RFC 9051 section 9, RFC 3501 section 9). */

import { isUtf8 } from "node:buffer";
import type { InternalDate } from "./backend.js";
import { parseDateTime, parseDay } from "./date-time.js";
import { literalMarker, type Segment } from "./decoder.js";
import { ImapError } from "./error.js";
import { type Octets, octetsToUtf8 } from "./format.js";
import { canonicalMailboxName, type NameForm, readMailboxName } from "./mailbox-name.js";
import type { PartialRange } from "./partial-range.js";
import type { SequenceRange, SequenceSet } from "./sequence-set.js";

export interface ParserLimits {
  readonly arguments: number;
  readonly depth: number;
}

/** What the session's extensions add to the grammar. */
export interface ParserExtensions {
  /** Whether `$` is a message set (RFC 5182). */
  readonly searchResult: "known" | "unknown";
  /** How mailbox names are written; with UTF-8, quoted strings are UTF-8 as well. */
  readonly nameForm?: NameForm;
}

const LARGEST_NUMBER = 0xffff_ffff;
const ASTRING = /[^\x00-\x20\x7f-\xff(){%*"\\]+/y;
const ATOM = /[^\x00-\x20\x7f-\xff(){%*"\\\]]+/y;
const LIST_MAILBOX = /[^\x00-\x20\x7f-\xff(){"\\]+/y;
const TAG = /[^\x00-\x20\x7f-\xff(){%*"\\+]+/y;
const QUOTED = /"((?:[^"\\\r\n\0]|\\["\\])*)"/y;
const NUMBER = /\d{1,19}/y;
const FETCH_WORD = /[A-Za-z0-9.]+/y;
const PARTIAL_RANGE = /\d{1,10}:\d{1,10}(?![\d:*])|-\d{1,10}:-\d{1,10}(?![\d:*])/y;
const SEQUENCE_SET = /(?:\d{1,10}|\*)(?::(?:\d{1,10}|\*))?(?:,(?:\d{1,10}|\*)(?::(?:\d{1,10}|\*))?)*/y;

export class CommandParser {
  #segment = 0;
  #offset = 0;
  #arguments = 0;
  #depth = 0;
  readonly #searchResult: ParserExtensions["searchResult"];
  private readonly nameForm: NameForm;

  constructor(
    private readonly segments: readonly Segment[],
    private readonly limits: ParserLimits,
    extensions: ParserExtensions = { searchResult: "unknown" },
  ) {
    this.#searchResult = extensions.searchResult;
    this.nameForm = extensions.nameForm ?? "modified-utf-7";
  }

  get #line(): string {
    return this.segments[this.#segment]?.text ?? "";
  }

  /** The next character, or "" at the end of a line. */
  peek(): string {
    return this.#line.charAt(this.#offset);
  }

  /** Whether the rest of the line begins with this word, in any case. */
  startsWith(word: string): boolean {
    return this.#line.slice(this.#offset, this.#offset + word.length).toUpperCase() === word;
  }

  /** Whether all has been read, but for the CRLF. */
  atEnd(): boolean {
    return this.#segment === this.segments.length - 1 && this.#offset >= this.#line.length;
  }

  /** `tag = 1*<any ASTRING-CHAR except "+">` */
  tag(): string {
    return this.#match(TAG, "a tag");
  }

  /** `SP`. Several of them, as some clients send, are taken for one. */
  space(): void {
    if (this.peek() !== " ") throw syntax(this.atEnd() ? "Missing argument." : "A space was expected.");
    while (this.peek() === " ") this.#offset += 1;
  }

  /** `[SP ...]`: whether a space and something follows. */
  optionalSpace(): boolean {
    if (this.peek() !== " ") return false;
    const before = this.#offset;
    this.space();
    if (!this.atEnd()) return true;
    this.#offset = before;
    return false;
  }

  /** `CRLF`: ImapError BAD when something is left. Trailing spaces are forgiven. */
  end(): void {
    while (this.peek() === " ") this.#offset += 1;
    if (!this.atEnd()) throw syntax("Too many arguments.");
  }

  literalCharacter(character: string): void {
    if (!this.take(character)) throw syntax(`"${character}" was expected.`);
  }

  /** Takes the character if it is next. */
  take(character: string): boolean {
    if (this.peek() !== character) return false;
    this.#offset += 1;
    return true;
  }

  /** `atom = 1*ATOM-CHAR` */
  atom(): string {
    return this.#match(ATOM, "An atom");
  }

  /** An atom that is a word of the protocol, in capitals. */
  word(): string {
    return this.atom().toUpperCase();
  }

  /** The name of a FETCH item: letters, digits, dots; in capitals. */
  fetchWord(): string {
    return this.#match(FETCH_WORD, "A FETCH item").toUpperCase();
  }

  /** `number = 1*DIGIT` up to 32 bits. */
  number(): number {
    const value = this.number64();
    if (value > LARGEST_NUMBER) throw syntax("That number is too large.");
    return value;
  }

  /** `nz-number` */
  positiveNumber(): number {
    const value = this.number();
    if (value === 0) throw syntax("A number above zero was expected.");
    return value;
  }

  /** `number64 = 1*DIGIT` up to 63 bits; beyond 2^53 it loses its last digits, which no value of ours has. */
  number64(): number {
    return Number(this.#match(NUMBER, "A number"));
  }

  /** `string = quoted / literal` as octets. */
  string(): Octets {
    this.#count();
    if (this.peek() === '"') return this.#quoted();
    return this.#latin1Literal();
  }

  /** `astring = 1*ASTRING-CHAR / string` as octets. */
  astring(): Octets {
    const next = this.peek();
    if (next === '"' || next === "{") return this.string();
    return this.#match(ASTRING, "A string");
  }

  /** `nstring = string / nil` */
  nstring(): Octets | null {
    if (this.peek() !== '"' && this.peek() !== "{") {
      if (this.word() === "NIL") return null;
      throw syntax("A string or NIL was expected.");
    }
    return this.string();
  }

  /** An astring of UTF-8 text (user names, passwords). */
  text(): string {
    return octetsToUtf8(this.astring());
  }

  /** `mailbox = "INBOX" / astring`, decoded from modified UTF-7 or UTF-8. ImapError NO [CANNOT] when that is not well formed. */
  mailbox(): string {
    return this.mailboxAsWritten().name;
  }

  /** The same, with the name as the client wrote it, for OLDNAME (RFC 9051 section 6.3.9.7). */
  mailboxAsWritten(): { readonly name: string; readonly written: string } {
    const written = readMailboxName(this.astring(), this.nameForm);
    if (written !== null) return { name: canonicalMailboxName(written), written };
    const encoding = this.nameForm === "utf-8" ? "UTF-8" : "modified UTF-7";
    throw new ImapError("NO", "CANNOT", `That mailbox name is not valid ${encoding}.`);
  }

  /** `list-mailbox = 1*list-char / string`, decoded; what is not well formed matches no name, and is left as it is. */
  listMailbox(): string {
    const next = this.peek();
    const raw = next === '"' || next === "{" ? this.string() : this.#match(LIST_MAILBOX, "A mailbox pattern");
    return readMailboxName(raw, this.nameForm)?.normalize("NFC") ?? raw;
  }

  /** `"(" item *(SP item) ")"`, also empty and with stray spaces. */
  list(item: () => void): void {
    this.literalCharacter("(");
    this.enter();
    this.#skipSpaces();
    while (!this.take(")")) {
      item();
      if (this.peek() !== ")") this.space();
    }
    this.leave();
  }

  enter(): void {
    this.#depth += 1;
    if (this.#depth > this.limits.depth) throw syntax("Too many nested parentheses.");
  }

  leave(): void {
    this.#depth -= 1;
  }

  /** `flag-list = "(" [flag *(SP flag)] ")"` */
  flagList(): string[] {
    const flags: string[] = [];
    this.list(() => flags.push(this.flag()));
    return flags;
  }

  /** `flag = "\" atom / atom` */
  flag(): string {
    const system = this.take("\\") ? "\\" : "";
    return system + this.atom();
  }

  /** `sequence-set = (seq-number / seq-range) ["," sequence-set] / "$"` */
  sequenceSet(): SequenceSet {
    if (this.#searchResult === "known" && this.take("$")) {
      if (/[^ )]/.test(this.peek())) throw syntax("$ stands alone.");
      return { ranges: [], saved: "saved-result" };
    }
    return this.numberedSet();
  }

  /** `(seq-number / seq-range) ["," ...]` */
  numberedSet(): SequenceSet {
    const ranges = this.#match(SEQUENCE_SET, "A message set").split(",").map(parseRange);
    if (/[^ )]/.test(this.peek())) throw syntax("Invalid message set.");
    return { ranges };
  }

  /** `partial-range = nz-number ":" nz-number / "-" nz-number ":" "-" nz-number` (RFC 9394) */
  partialRange(): PartialRange {
    const numbers = this.#match(PARTIAL_RANGE, "A range").split(":").map(Number);
    const [from, to] = numbers.map(Math.abs).sort((a, b) => a - b) as [number, number];
    if (from === 0 || to > LARGEST_NUMBER) throw syntax("A range goes from 1 to 4294967295.");
    return { countedFrom: numbers[0]! < 0 ? "end" : "beginning", from, to };
  }

  /** Whether a `sequence-set` comes next, as among SEARCH keys. */
  peekSequenceSet(): boolean {
    return /[\d*]/.test(this.peek()) || (this.#searchResult === "known" && this.peek() === "$");
  }

  /** `date-time` in its quotes. */
  dateTime(): InternalDate {
    const date = parseDateTime(this.string());
    if (!date) throw syntax("That is not a date and time.");
    return date;
  }

  /** `date = date-text / DQUOTE date-text DQUOTE`, as days since 1970. */
  date(): number {
    const day = parseDay(this.astring());
    if (day === null) throw syntax("That is not a date.");
    return day;
  }

  /** `literal / literal8` as octets that may be anything. */
  literal(): { readonly bytes: Uint8Array; readonly binary: boolean } {
    this.#count();
    const { text, literal } = this.segments[this.#segment] ?? { text: "", literal: null };
    const marker = literalMarker(text);
    if (!marker || literal === null || marker.start !== this.#offset) throw syntax("A literal was expected.");
    if (!marker.binary && literal.includes(0)) throw syntax("A literal must not contain NUL.");
    this.#segment += 1;
    this.#offset = 0;
    return { bytes: literal, binary: marker.binary };
  }

  /** All that is left of the line. */
  rest(): Octets {
    const rest = this.#line.slice(this.#offset);
    this.#offset = this.#line.length;
    return rest;
  }

  #latin1Literal(): Octets {
    const { bytes } = this.literal();
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  }

  /** `quoted = DQUOTE *QUOTED-CHAR DQUOTE`; octets above 127 are UTF-8. */
  #quoted(): Octets {
    QUOTED.lastIndex = this.#offset;
    const found = QUOTED.exec(this.#line);
    if (!found) throw syntax("A quoted string does not end, or has a wrong backslash.");
    this.#offset = QUOTED.lastIndex;
    // RFC 6855 section 3.
    if (this.nameForm === "utf-8" && !isUtf8(Buffer.from(found[1]!, "latin1"))) {
      throw syntax("A quoted string is not UTF-8.");
    }
    return found[1]!.replace(/\\(["\\])/g, "$1");
  }

  #match(rule: RegExp, what: string): string {
    this.#count();
    rule.lastIndex = this.#offset;
    const found = rule.exec(this.#line);
    if (!found) throw syntax(`${what} was expected${this.atEnd() ? " at the end" : ""}.`);
    this.#offset = rule.lastIndex;
    return found[0];
  }

  #count(): void {
    this.#arguments += 1;
    if (this.#arguments > this.limits.arguments) throw syntax("Too many arguments.");
  }

  #skipSpaces(): void {
    while (this.peek() === " ") this.#offset += 1;
  }
}

function parseRange(text: string): SequenceRange {
  const [from, to] = text.split(":");
  const first = parseSetNumber(from!);
  return { from: first, to: to === undefined ? first : parseSetNumber(to) };
}

function parseSetNumber(text: string): number | "*" {
  if (text === "*") return "*";
  const value = Number(text);
  if (value === 0 || value > LARGEST_NUMBER) throw syntax("Message numbers go from 1 to 4294967295.");
  return value;
}

export function syntax(text: string): ImapError {
  return new ImapError("BAD", null, text);
}
