/** Mails and messages for the fuzzer: the corpus taken apart, mixed and broken. Octets are latin1 strings. */
import { deflateSync, inflateSync } from "node:zlib";
import { encode } from "@msgpack/msgpack";
import { mailCorpus } from "../support/mail/corpus.js";
import type { Random } from "./random.js";

/** Mails that are worth mutating again and again: the largest take too long. */
export function readMails(): string[] {
  return mailCorpus()
    .map(({ bytes }) => Buffer.from(bytes).toString("latin1"))
    .filter((mail) => mail.length < 30_000);
}

const ODD: readonly string[] = [
  ...[
    "",
    " ",
    "\0",
    "\r",
    "\n",
    "\r\n",
    "\r\n\r\n",
    "\n\n",
    "\r\r\n",
    "\t",
    "\x7f",
    "\x85",
    "\xff",
    "\xc0\x80",
    "\xed\xa0\x80",
  ],
  ...[
    "\r\nBcc: evil@x\r\n",
    "\nX-Injected: 1\n",
    "\rX-Injected: 1\r",
    "\u0085X-Injected: 1",
    "=0D=0AX-Injected: 1",
  ],
  ...[
    "=?utf-8?Q?=0D=0AX-Injected:_1?=",
    "=?utf-8?B?DQpYLUluamVjdGVkOiAx?=",
    "=?utf-8?Q?=00=E2=80=AE?=",
    "=?x?x?x?=",
  ],
  ...[
    "--b\r\n",
    "--b--\r\n",
    "\r\n--",
    "--",
    ": ",
    ";",
    "=",
    '"',
    "\\",
    "(",
    "<",
    ">",
    ",",
    "@",
    "%0D%0A",
    "*0*=",
    "*=",
  ],
  ...["Content-Type: multipart/mixed; boundary=b\r\n", "Content-Type: multipart/signed; boundary=b\r\n"],
  ...[
    "Content-Type: message/rfc822\r\n",
    "Content-Type: text/html\r\n",
    "Content-Type: multipart/report; boundary=b\r\n",
  ],
  ...[
    "Content-Transfer-Encoding: base64\r\n",
    "Content-Transfer-Encoding: quoted-printable\r\n",
    "Content-Transfer-Encoding: x\r\n",
  ],
  ...[
    'Content-Disposition: attachment; filename="../a"\r\n',
    "Content-Type: text/plain; format=flowed; delsp=yes\r\n",
  ],
  ...[
    "Message-ID: <a\r\n b@c>\r\n",
    "References: <a@b> <c",
    "In-Reply-To: <x@y>\r\n",
    "Subject: x\r\n",
    "Date: x\r\n",
    "From: e@x\r\n",
  ],
  ...[
    "X-Bitmessage-TTL: 1\r\n",
    "X-Bitmessage-Encoding: extended\r\n",
    "X-Bitmessage-Encoding: trivial\r\n",
    "Auto-Submitted: auto-x\r\n",
  ],
  ...[
    "<attachment alt=\"a\" src='data:a/b;base64,QUJD' />",
    '<img src="data:',
    "\nBody:",
    "Subject:",
    "\xe2\x80\xa8",
    "\xf0\x9f\x8e\x89",
  ],
];

/** A mail of the corpus with up to eight changes. */
export function mutate(random: Random, mails: readonly string[]): string {
  let mail = random.pick(mails);
  for (let count = random.below(8); count >= 0; count--) mail = change(random, mail, mails);
  return mail;
}

function change(random: Random, text: string, others: readonly string[]): string {
  const from = random.below(text.length + 1);
  const to = Math.min(text.length, from + random.below(random.once(4) ? 2000 : 20));
  switch (random.below(9)) {
    case 0:
      return text.slice(0, from) + String.fromCharCode(random.below(256)) + text.slice(from + 1);
    case 1:
      return text.slice(0, from) + text.slice(to);
    case 2:
      return text.slice(0, from) + text.slice(from, to).repeat(1 + random.below(4)) + text.slice(from);
    case 3:
      return text.slice(0, from);
    case 4:
      return splice(random, text, random.pick(others));
    case 5:
      return changeLine(random, text);
    case 6:
      return text.slice(0, from) + random.pick(ODD).repeat(random.once(20) ? 500 : 1) + text.slice(from);
    default:
      return text.slice(0, from) + random.pick(ODD) + text.slice(from);
  }
}

/** The head of one, the tail of another. */
function splice(random: Random, one: string, other: string): string {
  const lineOf = (text: string) => text.indexOf("\n", random.below(text.length + 1)) + 1;
  return one.slice(0, lineOf(one)) + other.slice(lineOf(other));
}

/** Leaves a line out, or puts it elsewhere, or cuts its end. */
function changeLine(random: Random, text: string): string {
  const lines = text.split("\r\n");
  const [line = ""] = lines.splice(random.below(lines.length), 1);
  if (random.once(3)) lines.splice(random.below(lines.length + 1), 0, line);
  if (random.once(3))
    lines.splice(random.below(lines.length + 1), 0, line.slice(0, random.below(line.length + 1)));
  return lines.join("\r\n");
}

export interface FuzzedContent {
  readonly encoding: number;
  readonly octets: Uint8Array;
}

/** A content from the network: one of ours with changes, within the compression as well, or one made of odd pieces. */
export function makeContent(
  random: Random,
  mails: readonly string[],
  ours: FuzzedContent | null,
): FuzzedContent {
  if (ours !== null && !random.once(3)) return mutateContent(random, mails, ours);
  const encoding = random.pick([1, 2, 2, 3, 3, 3, 4, 77]);
  if (encoding !== 3)
    return {
      encoding,
      octets: octetsOf(`Subject:${oddText(random)}\n${oddText(random)}\nBody:${oddText(random)}`),
    };
  const text = () => (random.once(2) ? oddText(random) : octetsOf(oddText(random)));
  const files = Array.from({ length: random.below(4) }, () => ({
    name: text(),
    data: octetsOf(oddText(random)),
    type: random.once(2)
      ? random.pick(["image/png", "text/html", "message/rfc822", "multipart/mixed"])
      : text(),
    disposition: random.pick(["inline", "attachment", "x"]),
  }));
  const piece = () =>
    random.pick<unknown>([
      octetsOf(mutate(random, mails)),
      [random.below(4)],
      [random.below(4), 76],
      [octetsOf("abc"), random.below(999)],
    ]);
  const map: Record<string, unknown> = { "": "message", subject: text(), body: text(), files };
  if (random.once(2)) map["original"] = Array.from({ length: random.below(4) }, piece);
  for (const name of [
    "message-id",
    "in-reply-to",
    "references",
    "auto-submitted",
    "date",
    "bcc",
    "x-injected",
  ])
    if (random.once(3)) map[name] = text();
  return { encoding, octets: deflateSync(encode(map)) };
}

function mutateContent(
  random: Random,
  mails: readonly string[],
  { encoding, octets }: FuzzedContent,
): FuzzedContent {
  const isSqueezed = encoding === 3 && !random.once(10);
  const binary = Buffer.from(isSqueezed ? inflateSync(octets) : octets).toString("latin1");
  const changed = octetsOf(change(random, binary, mails));
  return {
    encoding: random.once(20) ? random.below(6) : encoding,
    octets: isSqueezed ? deflateSync(changed) : changed,
  };
}

function oddText(random: Random): string {
  return Array.from({ length: random.below(6) }, () =>
    random.once(3)
      ? String.fromCharCode(random.below(0x3000))
      : random.pick(ODD).repeat(random.once(30) ? 900 : 1),
  ).join("");
}

export function octetsOf(binary: string): Uint8Array {
  return new Uint8Array(Buffer.from(binary, "latin1"));
}
