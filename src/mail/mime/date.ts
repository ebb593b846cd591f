import { trimWhiteSpace } from "./headers.js";

/** A date as written. */
export interface MailDate {
  /** Unix seconds. */
  readonly seconds: number;
  /** Minutes east of UTC. */
  readonly zone: number;
  /** The calendar day as written, in days since 1 January 1970. */
  readonly day: number;
}

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const monthNames = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const dayNames = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/** Obsolete zones that have a meaning (RFC 5322 section 4.3), in hours; any other name is UTC. */
const zones: ReadonlyMap<string, number> = new Map([
  ["edt", -4],
  ["est", -5],
  ["cdt", -5],
  ["cst", -6],
  ["mdt", -6],
  ["mst", -7],
  ["pdt", -7],
  ["pst", -8],
]);

const DATE =
  /^(?:[a-z]+\.?\s*,?\s*)?(\d{1,2})[\s-]+([a-z]{3})[a-z]*\.?[\s-]+(\d{2,4})(?:\s*,?\s*(\d{1,2})\s*[:.]\s*(\d{2})(?:\s*[:.]\s*(\d{2})(?:\.\d{1,9})?)?\s*([+-]\d{4}|[a-z]+)?)?/i;

/** Reads a date (RFC 5322 section 3.3, with the obsolete forms of 4.3); null when it is none. A missing zone is UTC. */
export function parseDate(raw: string): MailDate | null {
  const match = DATE.exec(trimWhiteSpace(withoutComments(raw.slice(0, 1000))).slice(0, 200));
  if (match === null) return null;
  const dayOfMonth = Number(match[1]);
  const month = months.indexOf(match[2]!.toLowerCase());
  const year = fullYear(match[3]!);
  const [hours, minutes] = [Number(match[4] ?? 0), Number(match[5] ?? 0)];
  const seconds = Math.min(Number(match[6] ?? 0), 60);
  if (month < 0 || dayOfMonth < 1 || dayOfMonth > 31 || hours > 24 || minutes > 59) return null;
  const day = Date.UTC(year, month, dayOfMonth) / 86_400_000;
  const zone = parseZone(match[7] ?? "");
  return { seconds: day * 86_400 + hours * 3600 + minutes * 60 + seconds - zone * 60, zone, day };
}

/** RFC 5322 section 4.3: two digits are 2000 to 2049 or 1950 to 1999, three count from 1900. */
function fullYear(digits: string): number {
  const year = Number(digits);
  if (digits.length === 2) return year < 50 ? 2000 + year : 1900 + year;
  return digits.length === 3 ? 1900 + year : Math.max(year, 100);
}

function parseZone(zone: string): number {
  const match = /^([+-])(\d{2})(\d{2})$/.exec(zone);
  if (match === null) return (zones.get(zone.toLowerCase()) ?? 0) * 60;
  const minutes = Math.min(Number(match[2]) * 60 + Number(match[3]), 24 * 60);
  return match[1] === "-" ? 0 - minutes : minutes;
}

function withoutComments(text: string): string {
  let result = "";
  let depth = 0;
  for (const character of text) {
    if (character === "(") depth++;
    else if (character === ")" && depth > 0) depth--;
    else if (depth === 0) result += character === "\r" || character === "\n" ? " " : character;
  }
  return result;
}

/** Writes a date as `Sun, 22 Nov 2026 16:11:41 +0000` (RFC 5322 section 3.3). `zone`: minutes east of UTC. */
export function formatDate(seconds: number, zone = 0): string {
  const date = new Date((Math.floor(seconds) + zone * 60) * 1000);
  const two = (value: number) => String(value).padStart(2, "0");
  const absolute = Math.abs(zone);
  const sign = zone < 0 ? "-" : "+";
  return (
    `${dayNames[date.getUTCDay()]}, ${date.getUTCDate()} ${monthNames[date.getUTCMonth()]} ` +
    `${String(date.getUTCFullYear()).padStart(4, "0")} ` +
    `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} ` +
    `${sign}${two(Math.floor(absolute / 60))}${two(absolute % 60)}`
  );
}
