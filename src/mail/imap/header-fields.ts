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
