/** mbox files (RFC 4155): reading the common dialects, writing the one that loses nothing (mboxrd). */
import { closeSync, openSync, readSync } from "node:fs";
import { joinBytes } from "../../bitmessage/protocol/bytes.js";
import { LARGEST_MAIL, type OutsideEntry, withFileLineEnds, withNetworkLineEnds } from "./mail-file.js";

const LF = 10;
const CHUNK = 256 * 1024;
const FROM = Uint8Array.from(Buffer.from("From "));
const QUOTE = 62;

/**
 * The mails of a file in their order. A mail begins at a line "From ..." that is the first, or follows an empty line and ends in a
 * year. Quoted lines (">From ") lose one quote. Status headers give the flags.
 */
export function* readMbox(path: string, folder: readonly string[]): Generator<OutsideEntry> {
  let separator: string | null = null;
  let lines: Uint8Array[] = [];
  let size = 0;
  let isAfterEmpty = true;
  let number = 0;
  const finish = (): OutsideEntry | null => {
    if (separator === null) return null;
    number += 1;
    if (size > LARGEST_MAIL) return { place: `mail ${number}`, reason: "it is too large" };
    // The empty line before the next separator belongs to the file, not to the mail.
    const last = lines.at(-1);
    if (last !== undefined && isEmpty(last)) lines.pop();
    const bytes = withNetworkLineEnds(joinBytes(lines));
    if (bytes.length === 0) return { place: `mail ${number}`, reason: "it is empty" };
    return { folder, bytes, flags: statusFlags(bytes), time: timeOf(separator) };
  };
  for (const line of readLines(path)) {
    if (isAfterEmpty && isSeparator(line)) {
      const mail = finish();
      if (mail !== null) yield mail;
      separator = latin1(line);
      lines = [];
      size = 0;
    } else if (separator === null && !isEmpty(line)) {
      yield { place: "line 1", reason: "the file does not begin as an mbox does" };
      return;
    } else {
      size += line.length;
      if (size <= LARGEST_MAIL) lines.push(unquoted(line));
    }
    isAfterEmpty = isEmpty(line);
  }
  const mail = finish();
  if (mail !== null) yield mail;
}

/** One mail as it stands in an mbox file. */
export function mboxEntry(bytes: Uint8Array, time: number): Uint8Array {
  const parts: Uint8Array[] = [Buffer.from(`From bmbridge ${asctime(time)}\n`, "latin1")];
  const body = withFileLineEnds(bytes);
  let start = 0;
  while (start < body.length) {
    const found = body.indexOf(LF, start);
    const end = found < 0 ? body.length : found + 1;
    const line = body.subarray(start, end);
    if (isQuotable(line)) parts.push(Uint8Array.of(QUOTE));
    parts.push(line);
    start = end;
  }
  if (body.length > 0 && body[body.length - 1] !== LF) parts.push(Uint8Array.of(LF));
  parts.push(Uint8Array.of(LF));
  return joinBytes(parts);
}

/** Lines with their ends, of any length up to the largest mail. */
function* readLines(path: string): Generator<Uint8Array> {
  const file = openSync(path, "r");
  try {
    let rest: Uint8Array[] = [];
    let held = 0;
    for (;;) {
      const chunk = new Uint8Array(CHUNK);
      const length = readSync(file, chunk, 0, CHUNK, null);
      if (length === 0) break;
      let start = 0;
      for (let end = chunk.indexOf(LF); end >= 0 && end < length; end = chunk.indexOf(LF, start)) {
        yield joinBytes([...rest, chunk.subarray(start, end + 1)]);
        rest = [];
        held = 0;
        start = end + 1;
      }
      held += length - start;
      // Of a line that cannot belong to a mail that is kept, only the length matters.
      if (start < length && held <= LARGEST_MAIL + CHUNK) rest.push(chunk.subarray(start, length));
    }
    if (rest.length > 0) yield joinBytes(rest);
  } finally {
    closeSync(file);
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

function isEmpty(line: Uint8Array): boolean {
  return line.length <= 2 && /^\r?\n?$/.test(latin1(line));
}

function startsWithFrom(line: Uint8Array, at: number): boolean {
  return FROM.every((byte, index) => line[at + index] === byte);
}

function isSeparator(line: Uint8Array): boolean {
  return startsWithFrom(line, 0) && line.length < 1000 && /\b\d{4}\s*$/.test(latin1(line));
}

function isQuotable(line: Uint8Array): boolean {
  let at = 0;
  while (line[at] === QUOTE) at += 1;
  return startsWithFrom(line, at);
}

function unquoted(line: Uint8Array): Uint8Array {
  return line[0] === QUOTE && isQuotable(line) ? line.subarray(1) : line;
}

/** The time at the end of a separator: `Sat Jan  3 01:05:34 1996`, in UTC. */
function timeOf(separator: string): number | null {
  const match =
    /([A-Z][a-z]{2})\s+(\d{1,2})\s+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\s+[+A-Z]\S*)?\s+(\d{4})\s*$/.exec(
      separator,
    );
  if (match === null) return null;
  const [, month = "", day, hour, minute, second = "0", year] = match;
  const index = MONTHS.indexOf(month);
  if (index < 0) return null;
  const time = Date.UTC(Number(year), index, Number(day), Number(hour), Number(minute), Number(second));
  return time >= 0 ? time / 1000 : null;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

function asctime(seconds: number): string {
  const date = new Date(seconds * 1000);
  const time = date.toISOString().slice(11, 19);
  const day = String(date.getUTCDate()).padStart(2);
  return `${DAYS[date.getUTCDay()]} ${MONTHS[date.getUTCMonth()]} ${day} ${time} ${date.getUTCFullYear()}`;
}

const STATUS_FLAGS: Readonly<Record<string, string>> = {
  R: "\\Seen",
  A: "\\Answered",
  F: "\\Flagged",
  D: "\\Deleted",
  T: "\\Draft",
};

/** The Status and X-Status fields that mail readers write. */
function statusFlags(bytes: Uint8Array): string[] {
  const header = latin1(bytes.subarray(0, 64 * 1024)).split("\r\n\r\n", 1)[0] ?? "";
  const letters = [...header.matchAll(/^(?:X-)?Status:[ \t]*([A-Z]*)/gim)]
    .map(([, found = ""]) => found)
    .join("");
  const flags = [...letters].map((letter) => STATUS_FLAGS[letter]).filter((flag) => flag !== undefined);
  return [...new Set(flags)];
}
