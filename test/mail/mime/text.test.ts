import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { formatDate, parseDate } from "../../../src/mail/mime/date.js";
import {
  decodeBase64,
  decodeBody,
  decodeQuotedPrintable,
  decodeText,
} from "../../../src/mail/mime/decode.js";
import { unwrapFlowed } from "../../../src/mail/mime/flowed.js";
import { decodeEncodedWords } from "../../../src/mail/mime/headers.js";
import { parseMessageIds } from "../../../src/mail/mime/message-id.js";
import { parseMime } from "../../../src/mail/mime/parse.js";
import { wrapFlowed } from "./flowed-text.js";
import { mail, textOf } from "./mail.js";

const bytes = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));

describe("encoded words", () => {
  test.each([
    ["=?utf-8?q?J=C3=BCrgen?=", "Jürgen"],
    ["=?UTF-8?B?SsO8cmdlbg==?=", "Jürgen"],
    ["=?iso-8859-1*de?Q?J=FCr_gen_?= x", "Jür gen  x"],
    ["=?utf-8?q?a?= =?utf-8?q?b?=", "ab"],
    ["=?utf-8?q?a?=\r\n =?utf-8?q?b?= c", "ab c"],
    ["=?utf-8?b?w7w=?= =?utf-8?b?w7w=?=", "üü"],
    ["=?utf-8?q?=C3?= =?utf-8?q?=BC?=", "ü"],
    ["=?utf-8?q?a?= =?iso-8859-1?q?=FC?=", "aü"],
    ["=?unknown-x?q?=FC?=", "ü"],
    ["=?utf-8?x?a?=", "=?utf-8?x?a?="],
    ["=?utf-8?q?open", "=?utf-8?q?open"],
    ["plain\r\n\tfolded", "plain\tfolded"],
    ["J\xc3\xbcrgen", "Jürgen"],
    ["J\xfcrgen", "Jürgen"],
    ["bare\nfeed", "bare feed"],
  ])("%j", (value, expected) => {
    expect(decodeEncodedWords(value)).toBe(expected);
  });

  test("never throws", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom("=?", "?=", "utf-8", "?q?", "?B?", "=C3", " ", "\r\n ", "ü", "\ud800", "_"),
          { maxLength: 40 },
        ),
        (parts) => {
          decodeEncodedWords(parts.join(""));
        },
      ),
    );
  });
});

describe("transfer encodings", () => {
  test.each([
    ["  aGVs    \r\n bG8g\r\n d29y \t\r\n bGQ= \r\n", "hello world"],
    ["aGVsbG8", "hello"],
    ["aGk=aGk=", "hihi"],
    ["a", ""],
    ["!!!", ""],
  ])("base64 %j", (encoded, decoded) => {
    expect(textOf(decodeBase64(bytes(encoded)))).toBe(decoded);
  });

  test.each([
    ["hello  \r\nbar=\r\n\r\nfoo\t=\r\nbar\r\n", "hello\r\nbar\r\nfoo\tbar\r\n"],
    ["=62 =C3=bc", "b \xc3\xbc"],
    ["= \t\r\nx", "x"],
    ["=XY =4", "=XY =4"],
    ["end=", "end"],
    ["a=\nb\n", "ab\n"],
  ])("quoted-printable %j", (encoded, decoded) => {
    expect(textOf(decodeQuotedPrintable(bytes(encoded)))).toBe(decoded);
  });

  test("base64 of anything comes back", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (data) => {
        expect(decodeBase64(bytes(Buffer.from(data).toString("base64")))).toEqual(data);
      }),
    );
  });

  test("decodeBody chooses by the part", () => {
    const message = mail("Content-Transfer-Encoding: quoted-printable\n\na=3Db");
    expect(textOf(decodeBody(message, parseMime(message)))).toBe("a=b");
    const unknown = mail("Content-Transfer-Encoding: x-odd\n\na=3Db");
    expect(textOf(decodeBody(unknown, parseMime(unknown)))).toBe("a=3Db");
  });
});

test.each([
  ["\xc3\xbc", "utf-8", "ü"],
  ["\xfc", "utf-8", "ü"],
  ["\xfc", "us-ascii", "ü"],
  ["\xfc", "iso-8859-1", "ü"],
  ["\x83\x65", "shift_jis", "テ"],
  ["\x1b$B%F\x1b(B", "ISO-2022-JP", "テ"],
  ["\xd4", "koi8-r", "т".toUpperCase()],
  ["\xfc", "no-such-charset", "ü"],
  ["\xef\xbb\xbfa", "utf-8", "a"],
])("decodeText(%j, %s)", (octets, charset, text) => {
  expect(decodeText(bytes(octets), charset).toLowerCase()).toBe(text.toLowerCase());
});

describe("dates", () => {
  test.each([
    ["Thu, 15 Feb 2007 01:02:03 +0200", 1171494123, 120, "2007-02-15"],
    ["15 Feb 2007 01:02 -0530", 1171521120, -330, "2007-02-15"],
    ["Sat, 24 Mar 2007 23:00:00 +0200 (EET)", 1174770000, 120, "2007-03-24"],
    ["Mon, 1 Jan 01 00:00:00 EST", 978325200, -300, "2001-01-01"],
    ["1 Jan 99 00:00:00 GMT", 915148800, 0, "1999-01-01"],
    ["Thu,\r\n 15 (day) Feb 2007 01:02:03 Z", 1171501323, 0, "2007-02-15"],
    ["15-Feb-2007 01:02:03 +0000", 1171501323, 0, "2007-02-15"],
    ["15 Feb 2007 01:02:03 constructor", 1171501323, 0, "2007-02-15"],
  ])("%j", (raw, seconds, zone, day) => {
    expect(parseDate(raw)).toEqual({ seconds, zone, day: Date.parse(day) / 86_400_000 });
  });

  test.each([
    "",
    "tomorrow",
    "32 Foo 2007 00:00:00 +0000",
    "0 Jan 2007 00:00 +0000",
    "1 Jan 2007 25:00:00 +0000",
    "(((".repeat(1000),
  ])("%j is none", (raw) => {
    expect(parseDate(raw)).toBeNull();
  });

  test("what is written can be read", () => {
    expect(formatDate(1171494123, 120)).toBe("Thu, 15 Feb 2007 01:02:03 +0200");
    expect(formatDate(0, -330)).toBe("Wed, 31 Dec 1969 18:30:00 -0530");
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 4_000_000_000 }),
        fc.integer({ min: -840, max: 840 }),
        (seconds, zone) => {
          expect(parseDate(formatDate(seconds, zone))).toMatchObject({ seconds, zone });
        },
      ),
    );
    fc.assert(fc.property(fc.string(), (raw) => void parseDate(raw)));
  });
});

describe("format=flowed", () => {
  test("soft breaks, quotes, the signature's mark, stuffing", () => {
    const flowed = "a \nb\n>> c \n>> d\n> e\n From x\n f \n-- \nme \n";
    expect(unwrapFlowed(flowed, { delSp: "no" })).toBe("a b\n>> c d\n> e\nFrom x\nf \n-- \nme \n");
    expect(unwrapFlowed("a \r\nb\r\n", { delSp: "yes" })).toBe("ab\n");
  });

  test("what is wrapped comes back", () => {
    const word = fc.stringMatching(/^[A-Za-z>.-]{1,30}$/);
    const line = fc.array(word, { maxLength: 40 }).map((words) => words.join(" "));
    fc.assert(
      fc.property(fc.array(line, { minLength: 1 }), (lines) => {
        const text = lines.filter((entry) => !entry.startsWith(">")).join("\n");
        const wrapped = wrapFlowed(text);
        for (const entry of wrapped.split("\n")) expect(entry.length).toBeLessThanOrEqual(78);
        expect(unwrapFlowed(wrapped, { delSp: "no" })).toBe(text);
      }),
    );
  });
});

test.each([
  ["<a@b>", ["<a@b>"]],
  ["<a@b>\r\n <c@d><e@f>", ["<a@b>", "<c@d>", "<e@f>"]],
  ["<broken <a@b>", ["<a@b>"]],
  ["no ids", []],
  ["<>", []],
  ["< a@\r\n b>", ["<a@b>"]],
])("parseMessageIds(%j)", (raw, ids) => {
  expect(parseMessageIds(raw)).toEqual(ids);
});
