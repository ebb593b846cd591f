/** Mail as it comes from programs and from the network: MIME, fields, texts, both mappings. */
import { TextDecoder as Decoder } from "node:util";
import { createMailCommands } from "../../../src/app/mail-commands.js";
import { readRequest } from "../../../src/gateway/administration/commands-by-mail.js";
import {
  harmlessBody,
  harmlessFileName,
  harmlessLine,
  subjectLine,
} from "../../../src/gateway/forms/harmless.js";
import { readInlineFiles } from "../../../src/gateway/forms/inline-files.js";
import { readMessageIds } from "../../../src/gateway/forms/message-ids.js";
import { listAuthor } from "../../../src/gateway/incoming/mailing-list-form.js";
import { excerptOf, quotedBlocks } from "../../../src/gateway/incoming/quotes.js";
import { encodeBinaryParts } from "../../../src/mail/imap/binary-message.js";
import { formatBody, formatBodyStructure } from "../../../src/mail/imap/body-structure.js";
import { digestMessage } from "../../../src/mail/imap/make-digest.js";
import { previewOf } from "../../../src/mail/imap/preview.js";
import { flattenAddresses, parseAddressList } from "../../../src/mail/mime/address.js";
import { baseSubject } from "../../../src/mail/mime/base-subject.js";
import { decodeText } from "../../../src/mail/mime/charset.js";
import { parseDate } from "../../../src/mail/mime/date.js";
import { decodeBase64, decodeBody, decodeQuotedPrintable } from "../../../src/mail/mime/decode.js";
import { decodeEncodedWords } from "../../../src/mail/mime/encoded-words.js";
import { unwrapFlowed } from "../../../src/mail/mime/flowed.js";
import { decodeParameters, parseParameterized } from "../../../src/mail/mime/headers.js";
import { parseMessageIds } from "../../../src/mail/mime/message-id.js";
import { type MimePart, parseMime } from "../../../src/mail/mime/parse.js";
import { makeContent, mutate, octetsOf, readMails } from "../mail-inputs.js";
import { MailTarget } from "../mail-target.js";
import { createRandom, type Random } from "../random.js";
import { type FuzzTarget, latin1, textOf, utf8Of } from "../target.js";

const mails = readMails();
const corpus = mails.filter((mail) => mail.length < 4000).map(octetsOf);

const FIELD_WORDS = [
  ...'<>@,;:()[]"\\',
  ...[
    "=?utf-8?q?=C3?=",
    "=?utf-8?b?w7w=?=",
    "=?",
    "?=",
    "*0*=",
    "*1=",
    "utf-8''%41",
    "charset=",
    "boundary=",
    "name=",
  ],
  ...[
    "constructor",
    "__proto__",
    "Mon, ",
    " Jan 2020 ",
    "10:00:00",
    "+0000",
    "EST",
    "Re: ",
    "[list] ",
    "(fwd)",
    "[Fwd: ",
  ],
];
const MAIL_WORDS = [
  ...FIELD_WORDS,
  ...[
    "Content-Type: ",
    "Content-Transfer-Encoding: base64\r\n",
    "multipart/mixed; boundary=b",
    "message/rfc822",
    "\r\n--b\r\n",
    "\r\n--b--\r\n",
  ],
  ...[
    "Content-Disposition: attachment; filename=",
    "text/html",
    "quoted-printable",
    "format=flowed; delsp=yes",
    "References: ",
    "Message-ID: <a@b>",
  ],
  ...[
    "X-Bitmessage-Encoding: ",
    "X-Bitmessage-TTL: ",
    "Expires: ",
    "Bcc: ",
    '<img src="data:image/png;base64,',
    '<attachment alt="x" src=\'data:',
  ],
];

/** What IMAP and the gateway ask of any mail. */
function readMail(input: Uint8Array): void {
  const root = parseMime(input);
  checkOffsets(root, 0, input.length);
  formatBody(root);
  formatBodyStructure(root);
  const digest = digestMessage(input);
  for (const value of Object.values(digest))
    if (typeof value === "number" && !Number.isFinite(value)) throw new Error("a number that is none");
  previewOf(input, root);
  const encoded = encodeBinaryParts(input);
  if (encoded?.includes(0)) throw new Error("NUL in an encoded mail");
}

function checkOffsets(part: MimePart, from: number, to: number): void {
  const { headerStart, headerEnd, bodyStart, bodyEnd } = part;
  const order = [from, headerStart, headerEnd, bodyStart, bodyEnd, to];
  if (order.some((place, index) => index > 0 && place < order[index - 1]!))
    throw new Error(`offsets ${order}`);
  if (part.message) checkOffsets(part.message, bodyStart, bodyEnd);
  for (const child of part.children) checkOffsets(child, bodyStart, bodyEnd);
}

function readFields(input: Uint8Array): void {
  const text = textOf(input);
  flattenAddresses(parseAddressList(text));
  decodeParameters(parseParameterized(text).parameters);
  decodeEncodedWords(text);
  parseMessageIds(text);
  readMessageIds(text);
  const date = parseDate(text);
  if (date && !Object.values(date).every(Number.isSafeInteger)) throw new Error("a date that is none");
  baseSubject(decodeEncodedWords(text));
}

/** The first line names a charset. */
function readTexts(input: Uint8Array): void {
  const end = Math.max(0, input.indexOf(10));
  const rest = input.subarray(end + 1);
  const text = decodeText(rest, textOf(input.subarray(0, end)));
  unwrapFlowed(text, { delSp: (end & 1) === 0 ? "yes" : "no" });
  const bounds = { bodyStart: 0, bodyEnd: rest.length, encoding: "base64" };
  decodeBody(rest, bounds);
  if (decodeBase64(rest).length > rest.length || decodeQuotedPrintable(rest).length > rest.length)
    throw new Error("longer than it was");
  if (/[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]/.test(harmlessLine(text, 100)))
    throw new Error("a line that does harm");
  if (/[\x00-\x1f\x7f-\x9f\u2028\u2029]/.test(subjectLine(text, 100)))
    throw new Error("a subject of two lines");
  if (/[/\\\x00-\x1f\u202a-\u202e]/.test(harmlessFileName(text, "x")))
    throw new Error("a file name that does harm");
  harmlessBody(text);
  excerptOf(text);
  quotedBlocks(text);
  listAuthor(text);
  new Decoder().decode(rest);
}

function readBodies(input: Uint8Array): void {
  const text = utf8Of(input);
  for (const { name } of readInlineFiles(text).files)
    if (/[\r\n]/.test(name)) throw new Error("a name of two lines");
}

const language = createMailCommands(() => ({}));

function readCommands(input: Uint8Array): void {
  const [subject = "", ...body] = utf8Of(input).split("\n");
  readRequest({ subject, body: body.join("\n") }, language);
}

const crossing = new MailTarget();

/** The first octet says what files become, and as what the message comes in. */
async function sendMail(input: Uint8Array): Promise<void> {
  const choice = input[0] ?? 0;
  const content = crossing.send(input.subarray(1), (["extended", "inline", "refuse"] as const)[choice % 3]!);
  if (content) await crossing.receive(content, (["msg", "chan", "broadcast"] as const)[(choice >> 2) % 3]!);
}

/** The first octet is the encoding. */
async function receiveMessage(input: Uint8Array): Promise<void> {
  const choice = input[0] ?? 0;
  const content = { encoding: choice & 7, octets: input.slice(1) };
  await crossing.receive(content, (["msg", "chan", "broadcast"] as const)[(choice >> 3) % 3]!);
}

const withFirst = (first: number, rest: Uint8Array): Uint8Array =>
  Uint8Array.from(Buffer.concat([Uint8Array.of(first), rest]));
const random = createRandom(5);
const contents = Array.from({ length: 60 }, () => makeContent(random, mails, null)).filter(
  ({ encoding, octets }) => encoding < 8 && octets.length < 4000,
);
const makeMail = (from: Random): Uint8Array => withFirst(from.below(256), octetsOf(mutate(from, mails)));
const makeMessage = (from: Random): Uint8Array => {
  const { encoding, octets } = makeContent(from, mails, null);
  return withFirst((encoding & 7) | (from.below(32) << 3), octets);
};

const fields = [
  'A <a@b>, g: c@d, "x, y" <e@f>;, (z) g@h',
  "text/plain; charset=\"utf-8\"; name*0*=utf-8''%C3; name*1=x",
  "=?utf-8?q?=C3?= =?utf-8?q?=BC?= x",
  "<a@b> <c@d>",
  "Mon, 1 Jan 2020 10:00:00 +0100 (x)",
  "[list] Re: Fwd: [Fwd: x] (fwd)",
];
const texts = [
  "utf-8\nGr\xc3\xbc\xc3\x9fe\n> quoted\n> more \n> and\n-- \nme",
  "iso-2022-jp\n\x1b$B\x1b(B",
  "shift_jis\n\x83\x41",
  "x\n=C3=BC=\nabc==",
  "utf-16\n\xfe\xff\0a",
  "windows-1252\n\x80\x9f",
];
const bodies = [
  'hello <img src="data:image/png;base64,QUJD" alt="a" /> x <attachment alt="b.txt" src=\'data:a/b;base64,QUJD\' />',
];

export const mailTargets: readonly FuzzTarget[] = [
  {
    name: "mime",
    seeds: corpus,
    words: MAIL_WORDS,
    longest: 16_384,
    generate: (from) => octetsOf(mutate(from, mails)),
    run: readMail,
  },
  { name: "fields", seeds: fields.map(latin1), words: FIELD_WORDS, run: readFields },
  {
    name: "texts",
    seeds: texts.map(latin1),
    words: [
      "utf-8",
      "utf-7",
      "shift_jis",
      "iso-2022-jp",
      "gb18030",
      "big5",
      "utf-16le",
      "x-user-defined",
      "constructor",
      "> ",
      "-- \n",
      "=C3=BC",
      "=\r\n",
    ],
    run: readTexts,
  },
  {
    name: "inline-files",
    seeds: bodies.map(latin1),
    words: ["<img ", "<attachment ", "src=", "alt=", "data:", ";base64,", "/>", "&quot;", "'"],
    run: readBodies,
  },
  {
    name: "commands-by-mail",
    seeds: ["help\ncontact\nx", "Re: contact list\n> contact\ncontact add BM-x y"].map(latin1),
    words: ["contact ", "Re: ", "> ", "help"],
    run: readCommands,
  },
  {
    name: "sending",
    seeds: corpus.map((mail) => withFirst(0, mail)),
    words: MAIL_WORDS,
    longest: 16_384,
    patience: 1000,
    generate: makeMail,
    run: sendMail,
  },
  {
    name: "receiving",
    seeds: contents.map(({ encoding, octets }) => withFirst(encoding, octets)),
    words: MAIL_WORDS,
    patience: 1000,
    generate: makeMessage,
    run: receiveMessage,
  },
];
