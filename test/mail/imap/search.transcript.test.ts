import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { startTestServer, type TestServer } from "./test-server.js";

const MESSAGES = [
  "From: Ann <ann@example.org>\r\nTo: bob@example.org\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?= to all\r\nDate: Sat, 24 Mar 2007 23:30:00 -0200\r\n\r\nplain body with Needle\r\n",
  "From: bob (Bob) @ example.org\r\nX-Empty:\r\nSubject: two\r\n words\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nK=F6ln am Rh=\r\nein\r\n",
  "Cc: list: c@d.org, e@f.org;\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nVmVyc3RlY2t0ZSBOYWRlbA==\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner subject\r\n\r\ninner text\r\n--b--\r\n",
];

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
  const literal = (text: string): string =>
    `{${Buffer.byteLength(text)}+}\\r\\n${text.replaceAll("\r", "\\r").replaceAll("\n", "\\n")}`;
  await server.playAsAlice(`
    C~ a APPEND INBOX (\\Seen) "24-Mar-2007 23:30:00 -0200" ${literal(MESSAGES[0]!)} (kw \\Flagged) "25-Mar-2007 00:30:00 +0000" ${literal(MESSAGES[1]!)} "1-Jan-2020 00:00:00 +0000" ${literal(MESSAGES[2]!)}\\r\\n
    S: a OK [APPENDUID *
  `);
});
afterEach(async () => {
  await server.stop();
  expect(server.errors).toEqual([]);
});

/** Each line: the keys, an arrow, what is found. */
async function searches(table: string): Promise<void> {
  const lines = table
    .trim()
    .split("\n")
    .map((line, index) => {
      const [keys, found] = line.split("=>").map((part) => part.trim());
      return `C: s${index} SEARCH ${keys}\nS: * SEARCH${found ? ` ${found}` : ""}\nS: s${index} OK *`;
    });
  await server.playInInbox(lines.join("\n"));
}

describe("SEARCH (line 68)", () => {
  test("wrong uses", () =>
    server.playInInbox(`
      C: a1 SEARCH
      S: a1 BAD *
      C: a2 SEARCH FOO
      S: a2 BAD *
      C: a3 SEARCH NOT
      S: a3 BAD *
      C: a4 SEARCH OR SEEN
      S: a4 BAD *
      C: a5 SEARCH ()
      S: a5 BAD *
      C: a6 SEARCH (SEEN
      S: a6 BAD *
      C: a7 SEARCH CHARSET X-NONE TEXT a
      S: a7 NO [BADCHARSET (UTF-8 US-ASCII)] *
      C: a8 SEARCH BEFORE 31-Feb-2020
      S: a8 BAD *
      C: a9 SEARCH RETURN (FOO) ALL
      S: a9 BAD *
      C: b1 SEARCH ${"NOT ".repeat(60)}ALL
      S: b1 BAD *
      C: b2 SEARCH ALL
      S: * SEARCH 1 2 3
      S: b2 OK *
    `));

  test("flags, numbers, dates, sizes", () =>
    searches(`
      SEEN => 1
      UNSEEN => 2 3
      KEYWORD KW => 2
      UNKEYWORD kw => 1 3
      FLAGGED UNSEEN => 2
      OR FLAGGED SEEN => 1 2
      NOT (OR FLAGGED SEEN) => 3
      NEW => 2 3
      OLD =>
      RECENT => 1 2 3
      2:* => 2 3
      *:2 => 2 3
      7 =>
      UID 9:* => 3
      UID 1,3 NOT 1 => 3
      BEFORE 25-Mar-2007 => 1
      ON 25-Mar-2007 => 2
      SINCE 25-mar-2007 => 2 3
      SENTON 24-Mar-2007 => 1
      SENTBEFORE "24-Mar-2007" =>
      SENTSINCE 1-Jan-2019 => 3
      LARGER 250 => 3
      SMALLER 50 =>
      OLDER 60 => 1 2 3
      YOUNGER 60 =>
    `));

  test("texts: decoded, in any case, folded", () =>
    searches(`
      SUBJECT "grüße TO" => 1
      SUBJECT "two words" => 2
      FROM ann@EXAMPLE.org => 1
      FROM bob@example.org => 2
      CC list => 3
      CC f.org => 3
      HEADER X-Empty "" => 2
      NOT HEADER X-Empty "" => 1 3
      HEADER subject "grüß" => 1
      BODY NEEDLE => 1
      BODY "köln am rhein" => 2
      BODY "versteckte nadel" => 3
      BODY "inner subject" => 3
      BODY "grüße" =>
      TEXT "grüße" => 1
      TEXT "inner text" => 3
      TEXT "" => 1 2 3
    `));

  test("a literal in the middle, a character set, UIDs (line 2)", () =>
    server.playInInbox(`
      C: a1 UID SEARCH CHARSET ISO-8859-1 BODY {5}
      S: + OK
      C~ k\\xf6ln NOT SEEN\\r\\n
      S: a1 BAD *
      C: a2 UID SEARCH CHARSET ISO-8859-1 BODY {4}
      S: + OK
      C~ k\\xf6ln NOT SEEN\\r\\n
      S: * SEARCH 2
      S: a2 OK *
      C: a3 uid search subject nil
      S: * SEARCH
      S: a3 OK *
    `));

  test("ESEARCH (RFC 4731)", () =>
    server.playInInbox(`
      C: a1 SEARCH RETURN () ALL
      S: * ESEARCH (TAG "a1") ALL 1:3
      S: a1 OK *
      C: a2 SEARCH RETURN (MIN MAX COUNT) UNSEEN
      S: * ESEARCH (TAG "a2") MIN 2 MAX 3 COUNT 2
      S: a2 OK *
      C: a3 UID SEARCH RETURN (ALL COUNT) 1000
      S: * ESEARCH (TAG "a3") UID COUNT 0
      S: a3 OK *
    `));
});
