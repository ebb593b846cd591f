/** Chooses fields of a header that is at hand as text, without parsing the message. */
import type { Octets } from "./format.js";

const memo = new Map<string, Set<string>>();

/** The same octets as `extractSection` gives for HEADER.FIELDS of the message. */
export function selectHeaderFields(
  header: Octets,
  names: readonly string[],
  which: "those" | "others",
): Octets {
  const wanted = wantedNames(names);
  let result = "";
  let keep = false;
  let first = true;
  for (let start = 0; start < header.length; ) {
    const newline = header.indexOf("\n", start);
    const end = newline < 0 ? header.length : newline + 1;
    const code = header.charCodeAt(start);
    if (code === 10 || (code === 13 && end - start === 2 && newline >= 0)) break;
    if (first || (code !== 32 && code !== 9)) {
      keep = wanted.has(fieldName(header, start, end)) === (which === "those");
    }
    first = false;
    if (keep) result += header.slice(start, end);
    start = end;
  }
  if (result !== "" && !result.endsWith("\n")) result += "\r\n";
  return `${result}\r\n`;
}

/** Lower case; empty for a line that is no field. */
function fieldName(header: Octets, start: number, end: number): string {
  const colon = header.indexOf(":", start);
  if (colon < 0 || colon >= end) return "";
  return header.slice(start, colon).trimEnd().toLowerCase();
}

/** Clients ask for the same fields of thousands of messages. */
function wantedNames(names: readonly string[]): Set<string> {
  const key = names.join("\n");
  let wanted = memo.get(key);
  if (!wanted) {
    if (memo.size > 100) memo.clear();
    wanted = new Set(names.map((name) => name.toLowerCase()));
    memo.set(key, wanted);
  }
  return wanted;
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
