/** What real clients demand, line by line: FETCH (52 to 63), APPEND, COPY and SEARCH (64 to 70). */
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { startTestServer, type TestServer } from "../test-server.js";
import { TestClient } from "../transcript.js";
import { fill } from "./fill.js";

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
});
afterEach(async () => {
  await server.stop();
  expect(server.errors).toEqual([]);
});

async function open(): Promise<TestClient> {
  const client = await TestClient.connect(server.port);
  await client.line();
  await client.command("x1 LOGIN alice secret");
  await client.command("x2 SELECT INBOX");
  return client;
}

const lines = (...text: string[]): string => text.map((line) => `${line}\r\n`).join("");

/** A message in a message, with parts in it. */
const NESTED = lines(
  ...[
    "From: A <a@x>",
    "Subject: outer",
    "Content-Type: multipart/mixed; boundary=o",
    "",
    "--o",
    "",
    "first",
    "--o",
  ],
  ...["Content-Type: message/rfc822", "", "From: B <b@y>", "Subject: inner"],
  ...[
    "Content-Type: multipart/alternative; boundary=i",
    "",
    "--i",
    "Content-Type: text/plain",
    "",
    "plain",
    "--i",
  ],
  ...["Content-Type: text/html", "", "<b>html</b>", "--i--", "--o--"],
);

describe("FETCH", () => {
  test("[52] RFC822.SIZE is the octets of BODY[], however they were appended", async () => {
    const messages = ["Subject: s\r\n\r\nbody\r\n", "no line end", "bare\nLF\nand\rCR", NESTED];
    await fill(server, messages);
    const client = await open();
    const answers = await client.command("a FETCH 1:* (RFC822.SIZE BODY.PEEK[])");
    for (const [index, line] of answers.slice(0, -1).entries()) {
      const [, size, announced] = /RFC822\.SIZE (\d+) BODY\[\] \{(\d+)\}/.exec(line)!;
      expect(size).toBe(announced);
      expect(line).toBe(`* ${index + 1} FETCH (RFC822.SIZE ${size} BODY[] {${size}}\r\n${messages[index]})`);
    }
    expect(await client.command("a FETCH 1:* (RFC822.SIZE BODY.PEEK[])")).toEqual(answers);
    client.close();
  });

  test("[53] BODY has no extension data, BODYSTRUCTURE has", async () => {
    await fill(server, [lines("Content-Type: text/plain; charset=utf-8", "Content-Language: de", "", "x")]);
    await server.playInInbox(`
      C: a1 FETCH 1 (BODY BODYSTRUCTURE)
      S: * 1 FETCH (BODY ("TEXT" "PLAIN" ("CHARSET" "utf-8") NIL NIL "7BIT" 3 1) BODYSTRUCTURE ("TEXT" "PLAIN" ("CHARSET" "utf-8") NIL NIL "7BIT" 3 1 NIL NIL ("de") NIL))
      S: a1 OK *
    `);
  });

  test("[54] structure: defaults, line counts, the envelope of a contained message, extension data in its order", async () => {
    await fill(server, [
      NESTED,
      lines(
        ...[
          "Content-Type: image/png; name=p",
          "Content-Transfer-Encoding: BASE64",
          "Content-ID: <c@d>",
          "Content-MD5: bQ==",
        ],
        ...[
          "Content-Disposition: attachment; filename=p.png",
          "Content-Language: de, en",
          "Content-Location: here",
          "",
          "AAAA",
        ],
      ),
    ]);
    await server.playInInbox(`
      C: a1 FETCH 1 (BODY)
      S: * 1 FETCH (BODY (("TEXT" "PLAIN" ("CHARSET" "us-ascii") NIL NIL "7BIT" 5 0)("MESSAGE" "RFC822" NIL NIL NIL "7BIT" $size (NIL "inner" (("B" NIL "b" "y")) (("B" NIL "b" "y")) (("B" NIL "b" "y")) NIL NIL NIL NIL NIL) (("TEXT" "PLAIN" ("CHARSET" "us-ascii") NIL NIL "7BIT" 5 0)("TEXT" "HTML" ("CHARSET" "us-ascii") NIL NIL "7BIT" 11 0) "ALTERNATIVE") $count) "MIXED"))
      S: a1 OK *
      C: a2 FETCH 2 (BODYSTRUCTURE)
      S: * 2 FETCH (BODYSTRUCTURE ("IMAGE" "PNG" ("NAME" "p") "<c@d>" NIL "BASE64" 6 "bQ==" ("ATTACHMENT" ("FILENAME" "p.png")) ("de" "en") "here"))
      S: a2 OK *
    `);
  });

  test("[55] part numbers through contained messages; MIME, HEADER, TEXT, chosen fields; parts that are not there", async () => {
    await fill(server, [NESTED, lines("Subject: s", "X-A: 1", "", "body")]);
    await server.playInInbox(`
      C: a1 FETCH 1 (BODY.PEEK[1] BODY.PEEK[2.1] BODY.PEEK[2.2] BODY.PEEK[2.1.MIME])
      S: * 1 FETCH (BODY[1] {5}\\r\\nfirst BODY[2.1] {5}\\r\\nplain BODY[2.2] {11}\\r\\n<b>html</b> BODY[2.1.MIME] {28}\\r\\nContent-Type: text/plain\\r\\n\\r\\n)
      S: a1 OK *
      C: a2 FETCH 1 (BODY.PEEK[2.HEADER.FIELDS (Subject)] BODY.PEEK[HEADER.FIELDS (X-None)])
      S: * 1 FETCH (BODY[2.HEADER.FIELDS (SUBJECT)] {18}\\r\\nSubject: inner\\r\\n\\r\\n BODY[HEADER.FIELDS (X-NONE)] {2}\\r\\n\\r\\n)
      S: a2 OK *
      C: a3 FETCH 2 (BODY.PEEK[1] BODY.PEEK[TEXT] BODY.PEEK[HEADER.FIELDS.NOT (x-a)])
      S: * 2 FETCH (BODY[1] {6}\\r\\nbody\\r\\n BODY[TEXT] {6}\\r\\nbody\\r\\n BODY[HEADER.FIELDS.NOT (X-A)] {14}\\r\\nSubject: s\\r\\n\\r\\n)
      S: a3 OK *
      C: a4 FETCH 2 (BODY.PEEK[2] BODY.PEEK[1.1.HEADER] BODY.PEEK[7.MIME])
      S: * 2 FETCH (BODY[2] NIL BODY[1.1.HEADER] NIL BODY[7.MIME] NIL)
      S: a4 OK *
    `);
  });

  test("[56] partial fetches, beyond the end too; the answer says where it begins", async () => {
    await fill(server, ["Subject: s\r\n\r\n0123456789"]);
    await server.playInInbox(`
      C: a1 FETCH 1 (BODY.PEEK[TEXT]<0.2048>)
      S: * 1 FETCH (BODY[TEXT]<0> {10}\\r\\n0123456789)
      S: a1 OK *
      C: a2 FETCH 1 (BODY.PEEK[TEXT]<4.3> BODY.PEEK[]<65536.65536>)
      S: * 1 FETCH (BODY[TEXT]<4> {3}\\r\\n456 BODY[]<65536> {0}\\r\\n)
      S: a2 OK *
    `);
  });

  test("[57] BODY.PEEK is answered as BODY", async () => {
    await fill(server, ["x: y\r\n\r\nz"]);
    await server.playInInbox(`
      C: a1 FETCH 1 BODY.PEEK[TEXT]
      S: * 1 FETCH (BODY[TEXT] {1}\\r\\nz)
      S: a1 OK *
    `);
  });

  test("[58] ENVELOPE: NIL and empty, groups, defaults from From, encoded words left, raw octets as a literal", async () => {
    await fill(server, [
      lines("From: X <x@y>", "Sender:", 'To: friends: a@b, "C D" <c@d>;', "Subject:", "", "x"),
      lines("From: =?utf-8?q?=C3=A4?= <x@y>", "Subject: =?utf-8?b?w6Q=?= raw", "", "x"),
      "Subject: gr\xc3\xbc\xc3\x9fe\r\n\r\nx",
      "\r\nx",
    ]);
    await server.playInInbox(`
      C: a1 FETCH 1 ENVELOPE
      S: * 1 FETCH (ENVELOPE (NIL "" (("X" NIL "x" "y")) (("X" NIL "x" "y")) (("X" NIL "x" "y")) ((NIL NIL "friends" NIL)(NIL NIL "a" "b")("C D" NIL "c" "d")(NIL NIL NIL NIL)) NIL NIL NIL NIL))
      S: a1 OK *
      C: a2 FETCH 2 ENVELOPE
      S: * 2 FETCH (ENVELOPE (NIL "=?utf-8?b?w6Q=?= raw" (("=?utf-8?q?=C3=A4?=" NIL "x" "y")) *
      S: a2 OK *
      C: a3 FETCH 3:4 ENVELOPE
      S: * 3 FETCH (ENVELOPE (NIL {7}\\r\\ngr\\xc3\\xbc\\xc3\\x9fe NIL NIL NIL NIL NIL NIL NIL NIL))
      S: * 4 FETCH (ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL))
      S: a3 OK *
    `);
  });

  test("[59] broken mail: no closing boundary, an empty multipart, no header, long lines, bare CR and LF", async () => {
    const long = "x".repeat(5000);
    await fill(server, [
      lines("Content-Type: multipart/mixed; boundary=b", "", "--b", "", "one", "--b", "", "two"),
      lines("Content-Type: multipart/mixed; boundary=b", "", "--b--"),
      "no header, only text",
      lines("Subject: s", "", long),
      "Subject: s\n\nbare\nLF",
      "Subject: s\r\n\r\nbare\rCR",
    ]);
    const client = await open();
    const answers = await client.command("a FETCH 1:* (BODYSTRUCTURE ENVELOPE BODY.PEEK[1] BODY.PEEK[2])");
    expect(answers).toHaveLength(7);
    expect(answers[0]).toContain("BODY[1] {3}\r\none BODY[2] {5}\r\ntwo\r\n");
    expect(answers[1]).toContain('"MIXED"');
    expect(answers[2]).toContain('BODYSTRUCTURE ("TEXT" "PLAIN"');
    expect(answers[3]).toContain(`BODY[1] {5002}\r\n${long}\r\n`);
    expect(answers[4]).toContain("BODY[1] {7}\r\nbare\nLF");
    expect(answers[5]).toContain("BODY[1] {7}\r\nbare\rCR");
    client.close();
  });

  test("[60] any items together; the octets of literals are exact", async () => {
    await fill(server, [NESTED]);
    const client = await open();
    const [answer, done] = await client.command(
      "a FETCH 1 (BODY.PEEK[] UID ENVELOPE BODY.PEEK[HEADER] RFC822.SIZE BODY.PEEK[1] FLAGS INTERNALDATE BODY.PEEK[TEXT]<0.10> BODYSTRUCTURE)",
    );
    expect(done).toMatch(/^a OK/);
    // With the literals taken out, a list with as many parentheses closed as opened is left.
    const rest = answer!.replace(/\{(\d+)\}\r\n/g, (_, size: string) => `{${size}}`);
    let plain = "";
    for (let place = 0; place < rest.length; ) {
      const marker = /^\{(\d+)\}/.exec(rest.slice(place, place + 12));
      if (marker) place += marker[0].length + Number(marker[1]) - 0;
      else plain += rest[place++];
    }
    plain = plain.replace(/"(?:[^"\\]|\\.)*"/g, "");
    expect(plain.split("(").length).toBe(plain.split(")").length);
    expect(plain.endsWith(")")).toBe(true);
    client.close();
  });

  test("[61] INTERNALDATE is kept with its zone; without one it is the time of receipt", async () => {
    await fill(server, ["x"], '" 4-Mar-2007 23:00:00 -0130" ');
    await fill(server, ["y"]);
    const client = await open();
    expect(await client.command("a FETCH 1 INTERNALDATE")).toContain(
      '* 1 FETCH (INTERNALDATE " 4-Mar-2007 23:00:00 -0130")',
    );
    const [line] = await client.command("b FETCH 2 INTERNALDATE");
    const received = Date.parse(
      /"(.*)"/
        .exec(line!)![1]!
        .trim()
        .replaceAll("-", " ")
        .replace(/ (\d{4})$/, " +$1"),
    );
    expect(Math.abs(received - Date.now())).toBeLessThan(60_000);
    client.close();
  });

  test("[62] BODY[] sets \\Seen and the same FETCH says so; BODY.PEEK[] and RFC822.HEADER do not", async () => {
    await fill(server, ["a: b\r\n\r\nx"]);
    await server.playInInbox(`
      C: a1 FETCH 1 (BODY.PEEK[TEXT] FLAGS)
      S: * 1 FETCH (BODY[TEXT] {1}\\r\\nx FLAGS ())
      S: a1 OK *
      C: a2 FETCH 1 RFC822.HEADER
      S: * 1 FETCH (RFC822.HEADER *
      S: a2 OK *
      C: a3 FETCH 1 BODY[TEXT]
      S: * 1 FETCH (BODY[TEXT] {1}\\r\\nx FLAGS (\\Seen))
      S: a3 OK *
    `);
  });

  test("[63] what lies under a UID stays the same octets: flags, copies and other sessions do not change it", async () => {
    await fill(server, [NESTED]);
    const client = await open();
    const [before] = await client.command("a UID FETCH 1 BODY.PEEK[]");
    await client.command("b STORE 1 FLAGS (\\Seen $label1)");
    await client.command("c COPY 1 Archive");
    await client.command("d UID MOVE 1 INBOX");
    expect((await client.command("e UID FETCH 1 BODY.PEEK[]")).at(-1)).toMatch(/^e OK/);
    const [after] = await client.command("f UID FETCH 2 BODY.PEEK[]");
    expect(after).toBe(before!.replace("UID 1", "UID 2"));
    client.close();
  });
});

describe("APPEND, COPY and MOVE", () => {
  test("[64] APPEND with flags, keywords and date, anywhere; TRYCREATE; what is no RFC 5322 mail is taken", () =>
    server.playInInbox(`
      C: a1 APPEND Drafts (\\Draft kw) "24-Mar-2007 23:00:00 +0200" {3+}
      C: abc
      S: a1 OK [APPENDUID $v 1] *
      C: a2 APPEND INBOX (\\Seen) {14+}
      C: no From, no Da
      S: * 1 EXISTS
      S: * 1 RECENT
      S: a2 OK [APPENDUID $w 1] *
      C: a3 APPEND nowhere {3+}
      C: abc
      S: a3 NO [TRYCREATE] *
      C: a4 APPEND INBOX {0+}
      C: 
      S: a4 NO *
    `));

  test("[66] COPY and MOVE keep flags and dates; COPYUID; MOVE tells it before the expunges; onto itself; all or nothing", async () => {
    await fill(server, ["one", "two", "three"], '(\\Seen kw) "24-Mar-2007 23:00:00 +0200" ');
    await server.playInInbox(`
      C: a1 COPY 3,1 Archive
      S: a1 OK [COPYUID $v 1,3 1:2] *
      C: a2 UID MOVE 2 Archive
      S: * OK [COPYUID $v 2 3] *
      S: * 2 EXPUNGE
      S: a2 OK *
      C: a3 MOVE 1 INBOX
      S: * OK [COPYUID $w 1 4] *
      S: ...
      S: a3 OK *
      C: a4 COPY 1:2 nowhere
      S: a4 NO [TRYCREATE] *
      C: a5 COPY 1,7 Archive
      S: a5 BAD *
      C: a6 SELECT Archive
      S: ...
      S: * 3 EXISTS
      S: ...
      S: a6 OK *
      C: a7 FETCH 3 (FLAGS INTERNALDATE BODY.PEEK[])
      S: * 3 FETCH (FLAGS (\\Seen kw \\Recent) INTERNALDATE "24-Mar-2007 23:00:00 +0200" BODY[] {3}\\r\\ntwo)
      S: a7 OK *
    `);
  });

  test("[67] UID EXPUNGE only of those given, EXPUNGE of all", async () => {
    await fill(server, ["1", "2", "3", "4"], "(\\Deleted) ");
    await server.playInInbox(`
      C: a1 UID EXPUNGE 2:3
      S: * 2 EXPUNGE
      S: * 2 EXPUNGE
      S: a1 OK *
      C: a2 EXPUNGE
      S: * 1 EXPUNGE
      S: * 1 EXPUNGE
      S: a2 OK *
    `);
  });
});

describe("SEARCH", () => {
  test("[68] character sets, decoded text in any case, nesting, dates, fields, keywords, sets, and nothing found", async () => {
    await fill(server, [
      lines(
        "From: Bob <bob@x>",
        "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=",
        "Date: Thu, 6 Feb 2020 23:30:00 -0500",
        "",
        "plain",
      ),
      lines("Subject: two", "X-Mark: yes", "Content-Transfer-Encoding: base64", "", "SGVsbG8gV29ybGQ="),
      lines(
        "Subject: three",
        "Content-Type: text/plain; charset=iso-8859-1",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        "gr=FCn",
      ),
      "a line that is no field",
    ]);
    await server.playInInbox(`
      C: a1 SEARCH CHARSET UTF-8 SUBJECT {4+}
      C: GRÜ
      S: * SEARCH 1
      S: a1 OK *
      C: a2 SEARCH CHARSET UTF-8 SUBJECT {4+}
      C: grü
      S: * SEARCH 1
      S: a2 OK *
      C: a3 SEARCH CHARSET US-ASCII BODY "HELLO world"
      S: * SEARCH 2
      S: a3 OK *
      C: a4 SEARCH CHARSET UTF-8 TEXT {5+}
      C: GRÜN
      S: * SEARCH 3
      S: a4 OK *
      C: a5 SEARCH CHARSET X-UNKNOWN TEXT x
      S: a5 NO [BADCHARSET *
      C: a6 SEARCH OR (FROM bob NOT SUBJECT x) HEADER X-Mark ""
      S: * SEARCH 1 2
      S: a6 OK *
      # the date as it is written, not as it is in UTC
      C: a7 SEARCH SENTON 6-Feb-2020
      S: * SEARCH 1
      S: a7 OK *
      C: a8 SEARCH SENTSINCE 7-Feb-2020 HEADER Date ""
      S: * SEARCH
      S: a8 OK *
      C: b1 SEARCH TEXT "is no field"
      S: * SEARCH 4
      S: b1 OK *
      C: a9 SEARCH UID 2:* UNKEYWORD kw 1:2
      S: * SEARCH 2
      S: a9 OK *
    `);
  });

  test("[69] a long SEARCH lets other sessions in", async () => {
    const body = "Subject: s\r\n\r\n".concat("nothing to be found here\r\n".repeat(100));
    const client = await TestClient.connect(server.port);
    await client.line();
    await client.command("a LOGIN alice secret");
    for (let round = 0; round < 4; round++) {
      const literals = Array.from({ length: 1000 }, () => ` {${body.length}+}\r\n${body}`).join("");
      client.write(`b APPEND INBOX${literals}\r\n`);
      await client.until("b");
    }
    await client.command("c SELECT INBOX");
    const other = await open();
    const order: string[] = [];
    const searched = client.command("d SEARCH BODY needle").then(() => order.push("search"));
    const answered = other.command("e NOOP").then(() => order.push("other"));
    await Promise.all([searched, answered]);
    expect(order).toEqual(["other", "search"]);
    client.close();
    other.close();
  });
});
