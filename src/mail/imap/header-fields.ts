/** Chooses fields of a header that is at hand as text, without parsing the message. */
import type { Octets } from "./format.js";

/** The names of one command, which are asked for thousands of times: in lower case, and which names as they are written are among them. */
interface WantedNames {
  readonly names: ReadonlySet<string>;
  readonly asWritten: Map<string, boolean>;
}

/** They may keep the whole headers that they are taken from. */
const MOST_SPELLINGS = 100;
const wanted = new WeakMap<readonly string[], WantedNames>();

/** The same octets as `extractSection` gives for HEADER.FIELDS of the message. */
export function selectHeaderFields(
  header: Octets,
  names: readonly string[],
  which: "those" | "others",
): Octets {
  const known = wantedNames(names);
  let result = "";
  // Fields that stand together are copied together.
  let keptFrom = -1;
  let start = 0;
  for (let first = true; start < header.length; first = false) {
    const newline = header.indexOf("\n", start);
    const end = newline < 0 ? header.length : newline + 1;
    const code = header.charCodeAt(start);
    if (code === 10 || (code === 13 && end - start === 2 && newline >= 0)) break;
    if (first || (code !== 32 && code !== 9)) {
      const keep = isWanted(known, writtenName(header, start, end)) === (which === "those");
      if (keep && keptFrom < 0) keptFrom = start;
      else if (!keep && keptFrom >= 0) {
        result += header.slice(keptFrom, start);
        keptFrom = -1;
      }
    }
    start = end;
  }
  if (keptFrom >= 0) result += header.slice(keptFrom, start);
  if (result !== "" && !result.endsWith("\n")) result += "\r\n";
  return `${result}\r\n`;
}

function isWanted({ names, asWritten }: WantedNames, name: Octets): boolean {
  const known = asWritten.get(name);
  if (known !== undefined) return known;
  const is = names.has(name.trimEnd().toLowerCase());
  if (asWritten.size < MOST_SPELLINGS) asWritten.set(name, is);
  return is;
}

/** Empty for a line that is no field. */
function writtenName(header: Octets, start: number, end: number): Octets {
  const colon = header.indexOf(":", start);
  return colon < 0 || colon >= end ? "" : header.slice(start, colon);
}

/** Lower case; empty for a line that is no field. */
function fieldName(header: Octets, start: number, end: number): string {
  return writtenName(header, start, end).trimEnd().toLowerCase();
}

function wantedNames(names: readonly string[]): WantedNames {
  let known = wanted.get(names);
  if (!known) {
    known = { names: new Set(names.map((name) => name.toLowerCase())), asWritten: new Map() };
    wanted.set(names, known);
  }
  return known;
}

/** Values of the fields of that name (lower case), in order, with their folds; found without parsing the message. */
export function fieldValuesIn(header: Octets, name: string): Octets[] {
  const values: Octets[] = [];
  const firstLetter = name.charCodeAt(0) | 32;
  for (let start = 0; start < header.length; ) {
    const end = lineEnd(header, start);
    if ((header.charCodeAt(start) | 32) === firstLetter && fieldName(header, start, end) === name) {
      const valueEnd = fieldEnd(header, end);
      values.push(header.slice(header.indexOf(":", start) + 1, valueEnd));
    } else if (isBlank(header, start, end)) break;
    start = end;
  }
  return values;
}

/** Every field of a header, as `fieldValuesIn` finds them. */
export function allFieldsIn(header: Octets): { readonly name: Octets; readonly value: Octets }[] {
  const fields: { name: Octets; value: Octets }[] = [];
  for (let start = 0; start < header.length; ) {
    const end = lineEnd(header, start);
    if (isBlank(header, start, end)) break;
    const valueEnd = fieldEnd(header, end);
    const colon = header.indexOf(":", start);
    if (colon >= 0 && colon < end)
      fields.push({ name: header.slice(start, colon).trimEnd(), value: header.slice(colon + 1, valueEnd) });
    start = valueEnd;
  }
  return fields;
}

function lineEnd(header: Octets, start: number): number {
  const newline = header.indexOf("\n", start);
  return newline < 0 ? header.length : newline + 1;
}

/** The end of a field whose first line ends at `end`. */
function fieldEnd(header: Octets, end: number): number {
  let last = end;
  while (last < header.length && (header.charCodeAt(last) === 32 || header.charCodeAt(last) === 9))
    last = lineEnd(header, last);
  return last;
}

function isBlank(header: Octets, start: number, end: number): boolean {
  const code = header.charCodeAt(start);
  return code === 10 || (code === 13 && end - start === 2);
}
