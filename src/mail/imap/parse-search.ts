import { decodeText, isKnownCharset } from "../mime/charset.js";
import { offers } from "./capabilities.js";
import { ImapError } from "./error.js";
import { foldCase } from "./folded-text.js";
import { type CommandParser, syntax } from "./parser.js";
import type { SearchKey } from "./search-key.js";
import type { Session } from "./session.js";

/** `["CHARSET" SP charset SP] search-key *(SP search-key)` to the end of the command. */
export function parseSearchProgram(session: Session, parser: CommandParser): SearchKey {
  let charset = "utf-8";
  if (parser.startsWith("CHARSET ")) {
    // RFC 6855 section 3.
    if (session.enabled.has("UTF8=ACCEPT")) throw syntax("No CHARSET after ENABLE UTF8=ACCEPT.");
    parser.word();
    parser.space();
    charset = parseCharset(parser);
    parser.space();
  }
  return parseSearchKeys(session, parser, charset);
}

/** `search-criteria = charset 1*(SP search-key)` of SORT and THREAD (RFC 5256), to the end of the command. */
export function parseSearchCriteria(session: Session, parser: CommandParser): SearchKey {
  const charset = parseCharset(parser);
  if (session.enabled.has("UTF8=ACCEPT") && !/^utf-?8$/i.test(charset))
    throw syntax("Only UTF-8 after ENABLE UTF8=ACCEPT.");
  parser.space();
  return parseSearchKeys(session, parser, charset);
}

function parseSearchKeys(session: Session, parser: CommandParser, charset: string): SearchKey {
  const keyParser = new KeyParser(session, parser, charset);
  const keys = [keyParser.key()];
  while (parser.optionalSpace()) keys.push(keyParser.key());
  parser.end();
  return { type: "and", keys };
}

function parseCharset(parser: CommandParser): string {
  const charset = parser.astring();
  if (isKnownCharset(charset)) return charset;
  throw new ImapError("NO", "BADCHARSET (UTF-8 US-ASCII)", "That character set is not known.");
}

const FLAG_KEYS: Readonly<Record<string, string>> = {
  ANSWERED: "\\Answered",
  DELETED: "\\Deleted",
  DRAFT: "\\Draft",
  FLAGGED: "\\Flagged",
  SEEN: "\\Seen",
};
const RECENT: SearchKey = { type: "recent" };
const not = (key: SearchKey): SearchKey => ({ type: "not", key });

/** RFC 9051 appendix E. */
const ONLY_REVISION_1 = ["RECENT", "OLD", "NEW"];

function unknown(word: string): ImapError {
  return syntax(`Unknown search key ${word.slice(0, 40)}.`);
}

class KeyParser {
  constructor(
    private readonly session: Session,
    private readonly parser: CommandParser,
    private readonly charset: string,
  ) {}

  /** `search-key` */
  key(): SearchKey {
    const { parser } = this;
    parser.enter();
    try {
      if (parser.peek() === "(") return this.#group();
      if (parser.peekSequenceSet()) return { type: "sequence", set: parser.sequenceSet() };
      return this.#word(parser.word());
    } finally {
      parser.leave();
    }
  }

  /** `"(" search-key *(SP search-key) ")"` */
  #group(): SearchKey {
    const keys: SearchKey[] = [];
    this.parser.list(() => keys.push(this.key()));
    if (keys.length === 0) throw syntax("An empty group of search keys.");
    return { type: "and", keys };
  }

  #word(word: string): SearchKey {
    const flag = Object.hasOwn(FLAG_KEYS, word) ? FLAG_KEYS[word] : undefined;
    if (flag) return { type: "flag", flag };
    const without =
      word.startsWith("UN") && Object.hasOwn(FLAG_KEYS, word.slice(2)) ? FLAG_KEYS[word.slice(2)] : undefined;
    if (without) return not({ type: "flag", flag: without });
    if (this.session.isRevision2 && ONLY_REVISION_1.includes(word)) throw unknown(word);
    return this.#plain(word) ?? this.#date(word) ?? this.#text(word) ?? this.#extension(word);
  }

  #plain(word: string): SearchKey | null {
    switch (word) {
      case "ALL":
        return { type: "all" };
      case "RECENT":
        return RECENT;
      case "OLD":
        return not(RECENT);
      case "NEW":
        return { type: "and", keys: [RECENT, not({ type: "flag", flag: "\\Seen" })] };
      case "NOT":
        return not(this.#next());
      case "OR":
        return { type: "or", left: this.#next(), right: this.#next() };
      case "KEYWORD":
        return { type: "flag", flag: this.#argument(() => this.parser.atom()) };
      case "UNKEYWORD":
        return not({ type: "flag", flag: this.#argument(() => this.parser.atom()) });
      case "UID":
        return { type: "uid", set: this.#argument(() => this.parser.sequenceSet()) };
      case "LARGER":
      case "SMALLER":
        return {
          type: "size",
          compare: word === "LARGER" ? "larger" : "smaller",
          size: this.#argument(() => this.parser.number64()),
        };
      default:
        return null;
    }
  }

  #date(word: string): SearchKey | null {
    const match = /^(SENT|SAVED)?(BEFORE|ON|SINCE)$/.exec(word);
    if (!match || (match[1] === "SAVED" && !offers(this.session, "SAVEDATE"))) return null;
    const compare = match[2]!.toLowerCase() as "before" | "on" | "since";
    return {
      type: "date",
      field: match[1] === "SENT" ? "sent" : match[1] === "SAVED" ? "saved" : "internal",
      compare,
      day: this.#argument(() => this.parser.date()),
    };
  }

  #text(word: string): SearchKey | null {
    switch (word) {
      case "FROM":
      case "TO":
      case "CC":
      case "BCC":
        return { type: "address", name: word.toLowerCase(), needle: this.#needle() };
      case "SUBJECT":
        return { type: "header", name: "subject", needle: this.#needle() };
      case "HEADER": {
        const name = this.#argument(() => this.parser.astring()).toLowerCase();
        const type = ["from", "to", "cc", "bcc", "sender", "reply-to"].includes(name) ? "address" : "header";
        return { type, name, needle: this.#needle() };
      }
      case "BODY":
        return { type: "body", needle: this.#needle() };
      case "TEXT":
        return { type: "text", needle: this.#needle() };
      default:
        return null;
    }
  }

  #extension(word: string): SearchKey {
    if ((word === "OLDER" || word === "YOUNGER") && offers(this.session, "WITHIN")) {
      const compare = word === "OLDER" ? "older" : "younger";
      return { type: "age", compare, seconds: this.#argument(() => this.parser.positiveNumber()) };
    }
    if (word === "MODSEQ" && offers(this.session, "CONDSTORE")) return this.#modSeq();
    if (word === "SAVEDATESUPPORTED" && offers(this.session, "SAVEDATE")) return { type: "all" };
    if ((word === "EMAILID" || word === "THREADID") && offers(this.session, "OBJECTID")) {
      const id = this.#argument(() => this.parser.atom());
      // Nothing has a THREADID.
      return word === "EMAILID" ? { type: "email-id", id } : not({ type: "all" });
    }
    throw unknown(word);
  }

  /** `"MODSEQ" [SP entry-name SP entry-type-req] SP mod-sequence-valzer` (RFC 7162 section 3.1.5) */
  #modSeq(): SearchKey {
    const { parser } = this;
    parser.space();
    if (parser.peek() === '"') {
      parser.string();
      parser.space();
      parser.atom();
      parser.space();
    }
    const least = parser.number64();
    this.session.enableCondstore();
    return { type: "modseq", least };
  }

  #next(): SearchKey {
    this.parser.space();
    return this.key();
  }

  #argument<T>(parse: () => T): T {
    this.parser.space();
    return parse();
  }

  #needle(): string {
    const octets = this.#argument(() => this.parser.astring());
    return foldCase(decodeText(Buffer.from(octets, "latin1"), this.charset));
  }
}
