import type { InternalDate } from "./backend.js";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY = 86_400;

/** `date-time` of RFC 9051 without its quotes, or null when it is not one. A day of one digit may lack its space. */
export function parseDateTime(text: string): InternalDate | null {
  const match = /^([ \d]?\d)-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)$/.exec(text);
  if (!match) return null;
  const day = dayNumber(Number(match[1]), match[2]!, Number(match[3]));
  const [hours, minutes, seconds] = [Number(match[4]), Number(match[5]), Number(match[6])];
  const zoneMinutes = Number(match[9]);
  if (day === null || hours > 23 || minutes > 59 || seconds > 60 || zoneMinutes > 59) return null;
  const zone = (Number(match[8]) * 60 + zoneMinutes) * (match[7] === "-" ? -1 : 1);
  return { seconds: day * DAY + hours * 3600 + minutes * 60 + seconds - zone * 60, zone };
}

/** The `date-time` of an INTERNALDATE, without quotes: day with leading space, the zone it was given with. */
export function formatDateTime(date: InternalDate): string {
  const local = new Date((date.seconds + date.zone * 60) * 1000);
  const zone = Math.abs(date.zone);
  return (
    `${String(local.getUTCDate()).padStart(2, " ")}-${MONTHS[local.getUTCMonth()]}-${four(local.getUTCFullYear())} ` +
    `${two(local.getUTCHours())}:${two(local.getUTCMinutes())}:${two(local.getUTCSeconds())} ` +
    `${date.zone < 0 ? "-" : "+"}${two(Math.floor(zone / 60))}${two(zone % 60)}`
  );
}

/** `date` of RFC 9051 (`1-Feb-2024`, quotes taken off) as days since 1970, or null. */
export function parseDay(text: string): number | null {
  const match = /^(\d{1,2})-([A-Za-z]{3})-(\d{4})$/.exec(text);
  return match ? dayNumber(Number(match[1]), match[2]!, Number(match[3])) : null;
}

/** The calendar day, in days since 1970, at which an INTERNALDATE was written in its own zone. */
export function dayOf(date: InternalDate): number {
  return Math.floor((date.seconds + date.zone * 60) / DAY);
}

function dayNumber(day: number, monthName: string, year: number): number | null {
  const month = MONTHS.findIndex((name) => name.toLowerCase() === monthName.toLowerCase());
  if (month < 0 || day < 1) return null;
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  return date.getUTCMonth() === month && date.getUTCDate() === day ? date.getTime() / 1000 / DAY : null;
}

const two = (value: number): string => String(value).padStart(2, "0");
const four = (value: number): string => String(value).padStart(4, "0");
