import { decodeText } from "./charset.js";
import { latin1Encode } from "./latin1.js";

/** A structured field value with parameters: Content-Type, Content-Disposition (RFC 2045 section 5.1, RFC 2183). */
export interface ParameterizedValue {
  /** What stands before the first semicolon, comments and white space removed. */
  readonly value: string;
  /** As written, comments and quotes removed. */
  readonly parameters: readonly (readonly [string, string])[];
}

/** No real field has more; what is beyond is left out. */
const MAXIMUM_PARAMETERS = 500;

/** Reads a field value, folded or not. Never throws: what cannot be read is left out. */
export function parseParameterized(raw: string): ParameterizedValue {
  const scanner = new ParameterScanner(raw);
  const value = scanner.readUntil(";");
  const parameters: [string, string][] = [];
  while (scanner.take(";") && parameters.length < MAXIMUM_PARAMETERS) {
    const name = scanner.readUntil(";=");
    if (!scanner.take("=")) continue;
    const text = scanner.readUntil(";");
    if (name !== "") parameters.push([name, text]);
  }
  return { value, parameters };
}

class ParameterScanner {
  private position = 0;

  constructor(private readonly text: string) {}

  take(character: string): boolean {
    if (this.text[this.position] !== character) return false;
    this.position++;
    return true;
  }

  /** Text up to one of the stop characters outside of quotes and comments. White space inside a word stays, around it goes. */
  readUntil(stops: string): string {
    let result = "";
    let keep = 0;
    while (this.position < this.text.length) {
      const character = this.text[this.position]!;
      if (stops.includes(character)) break;
      if (character === '"') {
        result += this.readQuoted();
        keep = result.length;
      } else if (character === "(") {
        this.skipComment();
      } else if (character === " " || character === "\t" || character === "\r" || character === "\n") {
        this.position++;
        if (result !== "" && character !== "\r" && character !== "\n") result += character;
      } else {
        result += character;
        keep = result.length;
        this.position++;
      }
    }
    return result.slice(0, keep);
  }

  private readQuoted(): string {
    let result = "";
    for (this.position++; this.position < this.text.length; this.position++) {
      const character = this.text[this.position]!;
      if (character === '"') {
        this.position++;
        break;
      }
      if (character === "\r" || character === "\n") continue;
      if (character === "\\" && this.position + 1 < this.text.length) result += this.text[++this.position];
      else result += character;
    }
    return result;
  }

  private skipComment(): void {
    let depth = 0;
    for (; this.position < this.text.length; this.position++) {
      const character = this.text[this.position];
      if (character === "\\") this.position++;
      else if (character === "(") depth++;
      else if (character === ")" && --depth === 0) {
        this.position++;
        return;
      }
    }
  }
}

/**
 * Parameters for reading: names in lower case, values as text, continuations joined and charsets decoded (RFC 2231). The first of
 * a name counts, and an extended value more than a plain one.
 */
export function decodeParameters(parameters: readonly (readonly [string, string])[]): Map<string, string> {
  const plain = new Map<string, string>();
  const pieces = new Map<string, Map<number, ValuePiece>>();
  for (const [name, value] of parameters) {
    const match = /^([^*]*)(?:\*(\d{1,4}))?(\*)?$/.exec(name.toLowerCase());
    if (match === null || (match[2] === undefined && match[3] === undefined)) {
      const key = name.toLowerCase();
      if (!plain.has(key)) plain.set(key, decodeText(latin1Encode(value), "utf-8"));
      continue;
    }
    const sections = pieces.get(match[1]!) ?? new Map<number, ValuePiece>();
    pieces.set(match[1]!, sections);
    const section = Number(match[2] ?? 0);
    if (!sections.has(section))
      sections.set(section, { value, form: match[3] === "*" ? "extended" : "plain" });
  }
  for (const [name, sections] of pieces) plain.set(name, joinPieces(sections));
  return plain;
}

interface ValuePiece {
  readonly value: string;
  readonly form: "plain" | "extended";
}

function joinPieces(sections: ReadonlyMap<number, ValuePiece>): string {
  let charset = "utf-8";
  let octets = "";
  for (let number = 0; ; number++) {
    const piece = sections.get(number);
    if (piece === undefined) break;
    if (piece.form === "plain") {
      octets += piece.value;
      continue;
    }
    let { value } = piece;
    const match = number === 0 ? /^([^']*)'[^']*'/.exec(value) : null;
    if (match !== null) {
      charset = match[1] || charset;
      value = value.slice(match[0].length);
    }
    octets += value.replace(/%([0-9a-fA-F]{2})/g, (_, digits) =>
      String.fromCharCode(Number.parseInt(digits, 16)),
    );
  }
  return decodeText(latin1Encode(octets), charset);
}
