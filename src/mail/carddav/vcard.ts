/** vCard 3.0 and 4.0 (RFC 2426, RFC 6350): content lines, read and written. What is not understood stays as it is. */

/** The text is no vCard that we take. */
export class VCardError extends Error {
  constructor(text: string) {
    super(text);
    this.name = "VCardError";
  }
}

export interface ContentLine {
  /** The group before the dot, or null. */
  readonly group: string | null;
  /** In capitals. */
  readonly name: string;
  readonly parameters: readonly Parameter[];
  /** As written: escaped, unfolded. */
  readonly value: string;
}

export interface Parameter {
  /** In capitals. */
  readonly name: string;
  readonly values: readonly string[];
}

export interface VCard {
  readonly version: "3.0" | "4.0";
  /** Without BEGIN, VERSION and END. */
  readonly lines: readonly ContentLine[];
}

const MOST_LINES = 2000;
const TOKEN = /^(?:([A-Za-z0-9-]+)\.)?([A-Za-z0-9-]+)(?=[;:])/;
const CONTROLS = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/;

/** Reads exactly one vCard. @throws VCardError */
export function parseVCard(text: string): VCard {
  if (CONTROLS.test(text)) throw new VCardError("it holds control characters");
  const logical = unfold(text);
  if (logical.length > MOST_LINES) throw new VCardError("it has too many lines");
  const lines = logical.map(parseLine);
  const [first, ...rest] = lines;
  const last = rest.pop();
  if (!isLine(first, "BEGIN") || !isLine(last, "END"))
    throw new VCardError("it does not begin and end as one");
  if (rest.some(({ name }) => name === "BEGIN" || name === "END"))
    throw new VCardError("there is more than one");
  const versions = rest.filter(({ name }) => name === "VERSION").map(({ value }) => value.trim());
  const [version] = versions;
  if (versions.length !== 1 || (version !== "3.0" && version !== "4.0"))
    throw new VCardError("its version is not 3.0 or 4.0");
  return { version, lines: rest.filter(({ name }) => name !== "VERSION") };
}

export function formatVCard({ version, lines }: VCard): string {
  const all = ["BEGIN:VCARD", `VERSION:${version}`, ...lines.map(formatLine), "END:VCARD"];
  return all.map((line) => `${fold(line)}\r\n`).join("");
}

/** The values of a property's lines, unescaped. */
export function textValues(card: VCard, name: string): string[] {
  return card.lines.filter((line) => line.name === name).map(({ value }) => unescapeText(value));
}

/** RFC 6350 section 3.4. */
export function escapeText(text: string): string {
  return text
    .replace(/\r\n|\r|\n/g, "\n")
    .replace(/[\\,;\n]/g, (character) => (character === "\n" ? "\\n" : `\\${character}`));
}

export function unescapeText(value: string): string {
  return value.replace(/\\(.)/gs, (_whole, character: string) => (/n/i.test(character) ? "\n" : character));
}

/** A line of one text value. */
export function textLine(name: string, text: string): ContentLine {
  return { group: null, name, parameters: [], value: escapeText(text) };
}

/** RFC 6350 section 3.2: a line that begins with a blank goes on the one before. */
function unfold(text: string): string[] {
  return text
    .replace(/^\ufeff/, "")
    .replace(/\r\n?/g, "\n")
    .replace(/\n[ \t]/g, "")
    .split("\n")
    .filter((line) => line.trim() !== "");
}

/** contentline of RFC 6350 section 3.3. */
function parseLine(text: string): ContentLine {
  const head = TOKEN.exec(text);
  if (head === null) throw new VCardError("a line has no name");
  const [whole, group = null, name = ""] = head;
  const parameters: Parameter[] = [];
  let at = whole.length;
  while (text[at] === ";") {
    const { parameter, end } = parseParameter(text, at + 1);
    if (parameter !== null) parameters.push(parameter);
    at = end;
  }
  if (text[at] !== ":") throw new VCardError("a line has no value");
  return { group, name: name.toUpperCase(), parameters, value: text.slice(at + 1) };
}

/** One parameter; vCard 2.1's way of writing a type alone is read too, as older programs put it into 3.0. */
function parseParameter(text: string, start: number): { parameter: Parameter | null; end: number } {
  const name = /[A-Za-z0-9-]*/y;
  name.lastIndex = start;
  const word = name.exec(text)?.[0] ?? "";
  let at = start + word.length;
  if (text[at] !== "=") {
    const parameter = word === "" ? null : { name: "TYPE", values: [word] };
    return { parameter, end: at };
  }
  const values: string[] = [];
  do {
    const value = /"[^"]*"|[^";:,]*/y;
    value.lastIndex = at + 1;
    const written = value.exec(text)?.[0] ?? "";
    values.push(written.startsWith('"') ? written.slice(1, -1) : written);
    at += 1 + written.length;
  } while (text[at] === ",");
  return { parameter: { name: word.toUpperCase(), values }, end: at };
}

function isLine(line: ContentLine | undefined, name: string): boolean {
  return line?.name === name && line.value.trim().toUpperCase() === "VCARD";
}

function formatLine({ group, name, parameters, value }: ContentLine): string {
  const written = parameters.map(({ name: key, values }) => `;${key}=${values.map(quote).join(",")}`);
  return `${group === null ? "" : `${group}.`}${name}${written.join("")}:${value}`;
}

function quote(value: string): string {
  return /[,:;]/.test(value) ? `"${value}"` : value;
}

const LONGEST_LINE = 75;

/** Lines of at most 75 octets; no character is cut. */
function fold(line: string): string {
  if (line.length <= LONGEST_LINE / 4) return line;
  // Pictures are long, and ASCII.
  if (/^[\t -~]*$/.test(line)) return line.match(/^.{1,75}|.{1,74}/gs)?.join("\r\n ") ?? line;
  const parts: string[] = [];
  let part = "";
  let octets = 0;
  for (const character of line) {
    const size = Buffer.byteLength(character);
    if (octets + size > LONGEST_LINE) {
      parts.push(part);
      [part, octets] = ["", 1];
    }
    part += character;
    octets += size;
  }
  parts.push(part);
  return parts.join("\r\n ");
}
