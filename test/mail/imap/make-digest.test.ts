import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { digestMessage } from "../../../src/mail/imap/make-digest.js";
import { mail } from "../mime/mail.js";

const envelopeOf = (text: string) => digestMessage(mail(text)).envelope;
const bodyOf = (text: string) => digestMessage(mail(text)).body;
const structureOf = (text: string) => digestMessage(mail(text)).bodyStructure;

describe("ENVELOPE", () => {
  test("nothing there", () => {
    expect(envelopeOf("\n")).toBe("(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)");
  });

  test("every field", () => {
    const text = envelopeOf(
      'Message-ID: <msg@id>\nIn-Reply-To: <reply@to.id>\nDate: Thu, 15 Feb 2007 01:02:03 +0200\nSubject: a\n folded "subject" \\\n' +
        "From: From Real <f@d.org>\nTo: T <t@d.org>, u@d.org\nCc: c@d.org\nBcc: b@d.org\nSender: s@d.org\nReply-To: r@d.org\n\n",
    );
    expect(text).toBe(
      '("Thu, 15 Feb 2007 01:02:03 +0200" "a folded \\"subject\\" \\\\" (("From Real" NIL "f" "d.org")) ' +
        '((NIL NIL "s" "d.org")) ((NIL NIL "r" "d.org")) (("T" NIL "t" "d.org")(NIL NIL "u" "d.org")) ' +
        '((NIL NIL "c" "d.org")) ((NIL NIL "b" "d.org")) "<reply@to.id>" "<msg@id>")',
    );
  });

  test("Sender and Reply-To, missing or empty, are the From", () => {
    const from = '(("Real Name" NIL "user" "domain"))';
    expect(envelopeOf("From: user@domain (Real Name)\nSender: \nReply-To:\n\n")).toBe(
      `(NIL NIL ${from} ${from} ${from} NIL NIL NIL NIL NIL)`,
    );
  });

  test("groups, routes, an address without a domain", () => {
    expect(envelopeOf("To: friends: a@b, c@d;, empty:;\nCc: <@route:user@domain>\nBcc: local\n\n")).toBe(
      '(NIL NIL NIL NIL NIL ((NIL NIL "friends" NIL)(NIL NIL "a" "b")(NIL NIL "c" "d")(NIL NIL NIL NIL)' +
        '(NIL NIL "empty" NIL)(NIL NIL NIL NIL)) ((NIL "@route" "user" "domain")) ((NIL NIL "local" "")) NIL NIL)',
    );
  });

  test("encoded words stay, raw octets are a literal, an empty subject is empty, NUL is no NUL", () => {
    expect(envelopeOf("Subject: =?utf-8?q?=C3=BC?=\n\n")).toContain('"=?utf-8?q?=C3=BC?="');
    expect(envelopeOf("Subject: \xc3\xbc\n\n")).toContain("{2}\r\n\xc3\xbc NIL");
    expect(envelopeOf("Subject:\n\n")).toContain('(NIL "" NIL');
    expect(envelopeOf("Subject: a\0b\n\n")).toContain('"a?b"');
    expect(envelopeOf("Subject: a\rb\n\n")).toContain("{3}\r\na\rb");
  });
});

describe("BODY and BODYSTRUCTURE", () => {
  test("plain text by default", () => {
    expect(bodyOf("\nhello\nworld\n")).toBe('("TEXT" "PLAIN" ("CHARSET" "us-ascii") NIL NIL "7BIT" 14 2)');
    expect(structureOf("\nhello\n")).toBe(
      '("TEXT" "PLAIN" ("CHARSET" "us-ascii") NIL NIL "7BIT" 7 1 NIL NIL NIL NIL)',
    );
  });

  test("a multipart with a folded boundary", () => {
    const text =
      'Content-Type: multipart/mixed; boundary="foo\n bar"\n\n--foo bar\nContent-Type: text/x-myown; charset=us-ascii\n\nhello\n\n--foo bar--\n';
    expect(bodyOf(text)).toBe('(("TEXT" "X-MYOWN" ("CHARSET" "us-ascii") NIL NIL "7BIT" 7 1) "MIXED")');
    expect(structureOf(text)).toBe(
      '(("TEXT" "X-MYOWN" ("CHARSET" "us-ascii") NIL NIL "7BIT" 7 1 NIL NIL NIL NIL) "MIXED" ("BOUNDARY" "foo bar") NIL NIL NIL)',
    );
  });

  test("extension data in its order", () => {
    expect(
      structureOf(
        "Content-Type: image/png; name=a.png\nContent-ID: <c@d>\nContent-Description: what\nContent-MD5: md\n" +
          'Content-Transfer-Encoding: base64\nContent-Disposition: attachment; filename="b c.png"\n' +
          "Content-Language: de, en\nContent-Location: http://x/y\n\nAAAA\n",
      ),
    ).toBe(
      '("IMAGE" "PNG" ("NAME" "a.png") "<c@d>" "what" "BASE64" 6 "md" ("ATTACHMENT" ("FILENAME" "b c.png")) ("de" "en") "http://x/y")',
    );
    expect(structureOf("Content-Type: a/b\nContent-Disposition: inline\nContent-Language: de\n\n")).toBe(
      '("A" "B" NIL NIL NIL "7BIT" 0 NIL ("INLINE" NIL) ("de") NIL)',
    );
  });

  test("message/rfc822: envelope, structure and lines", () => {
    const inner = "From: a@b\nSubject: s\n\nHello\n";
    expect(bodyOf(`Content-Type: message/rfc822\n\n${inner}`)).toBe(
      '("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 32 (NIL "s" ((NIL NIL "a" "b")) ((NIL NIL "a" "b")) ((NIL NIL "a" "b")) NIL NIL NIL NIL NIL) ' +
        '("TEXT" "PLAIN" ("CHARSET" "us-ascii") NIL NIL "7BIT" 7 1) 4)',
    );
  });

  test("an empty multipart has one empty part", () => {
    expect(bodyOf("Content-Type: multipart/mixed; boundary=x\n\nnothing\n")).toBe(
      '(("TEXT" "PLAIN" ("CHARSET" "us-ascii") NIL NIL "7BIT" 0 0) "MIXED")',
    );
    expect(structureOf("Content-Type: multipart/mixed\n\n")).toContain(
      '"7BIT" 0 0 NIL NIL NIL NIL) "MIXED" NIL NIL NIL NIL)',
    );
  });

  test("parameters with raw octets and quotes", () => {
    expect(bodyOf('Content-Type: a/b; name="\xfc"; x="q\\"q"\n\n')).toContain(
      '("NAME" {1}\r\n\xfc "X" "q\\"q")',
    );
  });
});

describe("the rest", () => {
  test("size, header, date", () => {
    const bytes = mail("Date: Sun, 25 Mar 2007 00:30:00 +0200\n\nbody\n");
    expect(digestMessage(bytes)).toMatchObject({
      size: bytes.length,
      header: "Date: Sun, 25 Mar 2007 00:30:00 +0200\r\n\r\n",
      sentSeconds: Date.UTC(2007, 2, 24, 22, 30) / 1000,
      sentDay: Date.UTC(2007, 2, 25) / 86_400_000,
    });
    expect(digestMessage(mail("Date: never\n\n"))).toMatchObject({ sentSeconds: null, sentDay: null });
    expect(digestMessage(mail(`X: ${"x".repeat(70_000)}\n\n`)).header).toBeNull();
  });

  test("deep nesting stays within the limits", () => {
    digestMessage(mail("Content-Type: message/rfc822\n\n".repeat(5000)));
    digestMessage(mail("Content-Type: multipart/mixed; boundary=x\n\n--x\n".repeat(5000)));
  });
});

/** Reads one parenthesised list with strings, literals, numbers and NIL; returns the offset behind it. */
function readValue(text: string, start: number): number {
  const quoted = /"(?:[^"\\\r\n\x80-\xff]|\\["\\])*"/y;
  const atom = /NIL|\d+/y;
  const literal = /\{(\d+)\}\r\n/y;
  if (text[start] === "(") {
    let at = start + 1;
    while (text[at] !== ")") {
      at = readValue(text, at);
      if (text[at] === " ") at++;
      else if (text[at] !== ")" && text[at] !== "(") throw new Error(`at ${at}`);
    }
    return at + 1;
  }
  for (const pattern of [quoted, atom]) {
    pattern.lastIndex = start;
    if (pattern.test(text)) return pattern.lastIndex;
  }
  literal.lastIndex = start;
  const match = literal.exec(text);
  if (match === null) throw new Error(`at ${start}: ${text.slice(start, start + 20)}`);
  return literal.lastIndex + Number(match[1]);
}

test("whatever the message is, the answers are well-formed", () => {
  const line = fc.constantFrom(
    "--x",
    "--x--",
    "",
    "",
    "From: ü <a@b>",
    'To: g: a@b, "c\\" d"@e;',
    'Subject: \0\r"',
    "Subject: \\",
    "Sender: <@",
    "Content-Type: multipart/mixed; boundary=x",
    "Content-Type: message/rfc822",
    'Content-Type: text/ü; a="\r\n b\\',
    "text",
    'Content-Disposition: "a"; b=\xff',
    "Content-Language: (,",
    'Content-ID: "',
    'Content-Transfer-Encoding: "ü"',
    "Content-Type: /",
  );
  const hostile = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.array(line, { maxLength: 40 }).map((lines) => mail(lines.join("\n"))),
  );
  fc.assert(
    fc.property(hostile, (bytes) => {
      const digest = digestMessage(bytes);
      for (const answer of [digest.envelope, digest.body, digest.bodyStructure]) {
        expect(answer).not.toContain("\0");
        expect(readValue(answer, 0)).toBe(answer.length);
      }
    }),
    { numRuns: 300 },
  );
});

test("an id of thousands of quotation marks that end nowhere is read in no time", () => {
  const text = `References: <${'"\\'.repeat(30_000)}>\n\n`;
  const began = performance.now();
  digestMessage(mail(text));
  expect(performance.now() - began).toBeLessThan(1000);
});
