/** Inputs for the fuzzer: commands that real clients have sent, taken apart, mixed and broken. Octets are latin1 strings. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Random } from "./random.js";

/** Each line of these files: a command without its tag; a literal at its end is filled with octets when it is sent. */
export function readCommands(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(".txt"))
    .sort()
    .flatMap((name) => readFileSync(join(directory, name), "latin1").split("\n"))
    .filter((line) => line !== "");
}

export const ODD: readonly string[] = [
  ...[
    "",
    " ",
    "  ",
    "\0",
    "\r",
    "\n",
    "\r\n",
    "\t",
    "(",
    ")",
    "()",
    "((",
    '"',
    '""',
    '"\\',
    "\\",
    "\\Seen",
    "\\*",
  ],
  ...[
    "*",
    "%",
    "$",
    "&",
    "&-",
    "&AGE-",
    "&&",
    "~",
    "+",
    "-",
    "]",
    "[",
    "[]",
    "<",
    "<0.0>",
    "<4294967295.1>",
    "{",
    "}",
  ],
  ...[
    "{0}",
    "{0+}",
    "{1}",
    "{3+}",
    "~{2+}",
    "{4294967296}",
    "{99999999999999999999+}",
    "{-1}",
    "{01+}",
    "{5",
    "NIL",
  ],
  ...[
    "0",
    "1",
    "2",
    "1:*",
    "*:*",
    "*:1",
    "1,",
    ",1",
    "4294967295",
    "4294967296",
    "18446744073709551616",
    "1:2:3",
    "-1",
  ],
  ...["INBOX", "inbox/", "/", "//", "a/b/c", "\xff\xfe", "\xc3\xa9", "\xed\xa0\x80", "\x7f", "x".repeat(300)],
  ...[
    "BODY[",
    "BODY[]",
    "BODY[1.1.1.1.1]",
    "BODY[0]",
    "BODY[HEADER.FIELDS (",
    "BINARY[",
    "MODSEQ",
    "(MODSEQ)",
  ],
  ...[
    "NOT",
    "OR",
    "(((((((((((",
    "RETURN",
    "RETURN ()",
    "UID",
    "CHARSET X",
    "1-Jan-0000",
    "31-Feb-2026",
    '"1-Jan-2020"',
  ],
];

/** One or several commands on their way to the server. */
export function makeInput(random: Random, corpus: readonly string[]): string {
  const count = 1 + random.below(5);
  let text = "";
  for (let number = 0; number < count; number++) text += makeCommand(random, corpus, number);
  for (let times = random.below(3); times > 0 && !random.once(3); times--) text = breakOctets(random, text);
  return text;
}

function makeCommand(random: Random, corpus: readonly string[], number: number): string {
  let line = random.pick(corpus);
  for (let times = random.below(4); times > 0; times--) line = breakWords(random, line, corpus);
  const tag = /^DONE$/i.test(line) && !random.once(4) ? "" : `f${number} `;
  return `${tag}${fillLiteral(random, line)}${random.once(30) ? "\n" : "\r\n"}`;
}

/** What is announced at the end of the line follows, now and then too little or too much of it. */
function fillLiteral(random: Random, line: string): string {
  const size = Number(/\{(\d{1,4})\+?\}$/.exec(line)?.[1] ?? -1);
  if (size < 0) return line;
  const sent = random.once(10) ? random.below(size + 20) : size;
  const message =
    "From: a@b\r\nSubject: =?utf-8?q?=e4?=\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n";
  const octets = message.repeat(Math.ceil(sent / message.length)).slice(0, sent);
  return `${line}\r\n${octets}${random.once(6) ? ` ${random.pick(ODD)}` : ""}`;
}

function breakWords(random: Random, line: string, corpus: readonly string[]): string {
  const words = line.split(" ");
  const place = random.below(words.length);
  switch (random.below(7)) {
    case 0:
      words[place] = random.pick(ODD);
      break;
    case 1:
      words.splice(place, 0, random.pick(ODD));
      break;
    case 2:
      words.splice(place, 1);
      break;
    case 3:
      words.splice(place, 0, words[random.below(words.length)]!);
      break;
    case 4:
      words.splice(place, words.length, ...random.pick(corpus).split(" ").slice(random.below(4)));
      break;
    case 5:
      words[place] = words[place]!.replace(/\d+/, () =>
        random.pick(["0", "1", "2", "3", "9", "4294967295", "77777777777"]),
      );
      break;
    default:
      words[place] = random.once(2) ? words[place]!.toUpperCase() : words[place]!.toLowerCase();
  }
  return words.join(" ");
}

function breakOctets(random: Random, text: string): string {
  const place = random.below(text.length + 1);
  const octet = (): string => String.fromCharCode(random.below(256));
  switch (random.below(6)) {
    case 0:
      return text.slice(0, place) + octet() + text.slice(place);
    case 1:
      return text.slice(0, place) + octet() + text.slice(place + 1);
    case 2:
      return text.slice(0, place) + text.slice(place + 1 + random.below(6));
    case 3:
      return text.slice(0, place) + random.pick(ODD) + text.slice(place);
    case 4:
      return text.slice(0, place) + text.slice(Math.max(0, place - random.below(200)));
    default:
      return random.once(4) ? text.slice(0, place) : text;
  }
}

/** The same octets in pieces, as a network may deliver them. */
export function cut(random: Random, text: string): string[] {
  if (random.once(2)) return [text];
  const pieces: string[] = [];
  const most = random.once(4) ? 3 : 60;
  for (let place = 0; place < text.length; ) {
    const length = 1 + random.below(most);
    pieces.push(text.slice(place, place + length));
    place += length;
  }
  return pieces;
}
