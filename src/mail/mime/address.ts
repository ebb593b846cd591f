import { unfold } from "./headers.js";

/** One address; binary strings where the field was one. Quotes, comments and escapes removed, encoded words left as they are. */
export interface Mailbox {
  readonly kind: "mailbox";
  /** Display name, or the comment behind an address without one; null when there is none. */
  readonly name: string | null;
  /** Obsolete source route with its at signs (`@a,@b`), or null. */
  readonly route: string | null;
  readonly local: string;
  /** Null when no at sign was written. */
  readonly domain: string | null;
}

export interface AddressGroup {
  readonly kind: "group";
  readonly name: string;
  readonly members: readonly Mailbox[];
}

/** More are not read: no field of a real mail has as many. */
const MAXIMUM_ADDRESSES = 10_000;

/** Reads an address list (RFC 5322 section 3.4, with the obsolete forms). Never throws; what is no address is left out. */
export function parseAddressList(raw: string): (Mailbox | AddressGroup)[] {
  return new AddressScanner(unfold(raw)).readList();
}

/** Every mailbox of a list, those in groups too. */
export function flattenAddresses(list: readonly (Mailbox | AddressGroup)[]): Mailbox[] {
  return list.flatMap((entry) => (entry.kind === "group" ? entry.members : [entry]));
}

/** Text collected up to a delimiter. */
interface Words {
  /** As a phrase: words with single spaces. */
  readonly phrase: string;
  /** As part of an address: words without space. */
  readonly joined: string;
  /** The last comment. */
  readonly comment: string | null;
}

class AddressScanner {
  private position = 0;
  private count = 0;

  constructor(private readonly text: string) {}

  readList(): (Mailbox | AddressGroup)[] {
    const list: (Mailbox | AddressGroup)[] = [];
    while (this.mayGoOn()) {
      const entry = this.readEntry("anywhere");
      if (entry !== null) list.push(entry);
      // A separator, or something that belongs nowhere.
      this.position++;
    }
    return list;
  }

  private mayGoOn(): boolean {
    return this.position < this.text.length && this.count < MAXIMUM_ADDRESSES;
  }

  /** Reads up to the next separator: `,` or `;`. */
  private readEntry(where: "anywhere" | "in a group"): Mailbox | AddressGroup | null {
    this.count++;
    const words = this.readWords("<@:,;>");
    const next = this.text[this.position];
    if (next === "<") return this.readAngleAddress(words);
    if (next === "@") return this.readPlainAddress(words);
    if (next === ":" && where === "anywhere") return this.readGroup(words);
    if (words.joined === "") return null;
    return mailbox(words.comment, null, words.joined, null);
  }

  private readGroup(words: Words): AddressGroup {
    const members: Mailbox[] = [];
    this.position++;
    while (this.mayGoOn()) {
      const member = this.readEntry("in a group");
      if (member?.kind === "mailbox") members.push(member);
      if (this.text[this.position] === ";") break;
      this.position++;
    }
    return { kind: "group", name: words.phrase, members };
  }

  private readPlainAddress(words: Words): Mailbox {
    this.position++;
    const domain = this.readWords("<,;>:");
    // `user@host <user@host>`: what was read is the name.
    if (this.text[this.position] === "<") {
      return this.readAngleAddress({ ...words, phrase: `${words.joined}@${domain.joined}` });
    }
    return mailbox(domain.comment ?? words.comment, null, words.joined, domain.joined);
  }

  private readAngleAddress(words: Words): Mailbox {
    this.position++;
    const route = this.readRoute();
    const local = this.readWords("@>,;<");
    let domain: string | null = null;
    if (this.text[this.position] === "@") {
      this.position++;
      domain = this.readWords(">,;<").joined;
    }
    if (this.text[this.position] === ">") this.position++;
    this.readWords(",;<");
    // Something like `<a> <b>`: the rest up to the separator is lost.
    while (this.text[this.position] === "<") {
      this.position++;
      this.readWords(",;<");
    }
    const name = words.phrase !== "" ? words.phrase : words.comment;
    return mailbox(name, route, local.joined, domain);
  }

  /** `@a,@b:` (RFC 5322 section 4.4, obs-route). */
  private readRoute(): string | null {
    const match = /[ \t]*(@[^:<>"]{1,1000}):/y;
    match.lastIndex = this.position;
    const found = match.exec(this.text);
    if (found === null) return null;
    this.position = match.lastIndex;
    return found[1]!.replace(/[ \t]/g, "");
  }

  private readWords(stops: string): Words {
    let phrase = "";
    let joined = "";
    let comment: string | null = null;
    let spaced = false;
    while (this.position < this.text.length) {
      const character = this.text[this.position]!;
      if (stops.includes(character)) break;
      if (character === " " || character === "\t" || character === "\r" || character === "\n") {
        spaced = true;
        this.position++;
        continue;
      }
      if (character === "(") {
        comment = this.readComment();
        spaced = true;
        continue;
      }
      const word = this.readWord(character, stops);
      phrase += spaced && phrase !== "" ? ` ${word}` : word;
      joined += word;
      spaced = false;
    }
    return { phrase, joined, comment: comment === "" ? null : comment };
  }

  private readWord(first: string, stops: string): string {
    if (first === '"') return this.readQuoted('"');
    if (first === "[") return `[${this.readQuoted("]")}]`;
    const start = this.position++;
    while (this.position < this.text.length) {
      const character = this.text[this.position]!;
      if (stops.includes(character) || ' \t\r\n("['.includes(character)) break;
      this.position++;
    }
    return this.text.slice(start, this.position);
  }

  private readQuoted(end: string): string {
    let result = "";
    for (this.position++; this.position < this.text.length; this.position++) {
      const character = this.text[this.position]!;
      if (character === end) {
        this.position++;
        break;
      }
      if (character === "\\" && this.position + 1 < this.text.length) result += this.text[++this.position];
      else result += character;
    }
    return result;
  }

  private readComment(): string {
    let result = "";
    let depth = 0;
    for (; this.position < this.text.length; this.position++) {
      let character = this.text[this.position]!;
      if (character === "(" && depth++ === 0) continue;
      if (character === ")" && --depth === 0) {
        this.position++;
        break;
      }
      if (character === "\\" && this.position + 1 < this.text.length) character = this.text[++this.position]!;
      result += character;
    }
    return result.trim();
  }
}

function mailbox(name: string | null, route: string | null, local: string, domain: string | null): Mailbox {
  return { kind: "mailbox", name: name === "" ? null : name, route, local, domain };
}
