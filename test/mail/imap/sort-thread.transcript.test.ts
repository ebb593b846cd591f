import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { sortPaced } from "../../../src/mail/imap/paced-sort.js";
import { Pacer } from "../../../src/mail/imap/pacer.js";
import { formatThreads } from "../../../src/mail/imap/thread.js";
import { threadByReferences } from "../../../src/mail/imap/thread-by-references.js";
import type { ThreadMessage } from "../../../src/mail/imap/thread-message.js";
import { startTestServer, type TestServer } from "./test-server.js";

const MESSAGES = [
  "From: Zoe <b@x>\r\nTo: a@x\r\nSubject: Re: lunch\r\nDate: Mon, 3 Feb 2020 10:00:00 +0000\r\nMessage-ID: <2@x>\r\nIn-Reply-To: <1@x>\r\n\r\n22\r\n",
  'From: "Adam" <c@x>\r\nTo: group: m@x;\r\nCc: k@x\r\nSubject: Lunch\r\nDate: Mon, 3 Feb 2020 09:00:00 +0000\r\nMessage-ID: <"1"@x>\r\n\r\n1\r\n',
  "From: a@x\r\nSubject: [list] fwd: lunch (fwd)\r\nDate: Mon, 3 Feb 2020 10:00:00 +0200\r\nMessage-ID: <3@x>\r\nReferences: <1@x>\r\n <2@x>\r\n\r\n333\r\n",
  "Subject: =?utf-8?Q?=C3=A4rger?=\r\n\r\n\r\n",
  "From: d@x\r\nSubject: re: trip\r\nDate: Tue, 4 Feb 2020 10:00:00 +0000\r\nReferences: <gone@x>\r\n\r\n55555\r\n",
  "From: e@x\r\nSubject: re: trip\r\nDate: Tue, 4 Feb 2020 11:00:00 +0000\r\nReferences: <gone@x>\r\n\r\n4444\r\n",
];

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
  const parts = MESSAGES.map((text, index) => {
    const escaped = text.replaceAll("\r", "\\r").replaceAll("\n", "\\n");
    return `"0${6 - index}-Mar-2020 00:00:00 +0000" {${Buffer.byteLength(text)}+}\\r\\n${escaped}`;
  });
  await server.playAsAlice(`
    C~ a APPEND INBOX ${parts.join(" ")}\\r\\n
    S: a OK *
  `);
});
afterEach(async () => {
  await server.stop();
  expect(server.errors).toEqual([]);
});

describe("SORT (RFC 5256)", () => {
  test("wrong uses", () =>
    server.playInInbox(`
      C: a1 SORT
      S: a1 BAD *
      C: a2 SORT () UTF-8 ALL
      S: a2 BAD *
      C: a3 SORT (COLOUR) UTF-8 ALL
      S: a3 BAD *
      C: a4 SORT (REVERSE) UTF-8 ALL
      S: a4 BAD *
      C: a5 SORT (DATE) UTF-8
      S: a5 BAD *
      C: a6 SORT (DATE) X-NONE ALL
      S: a6 NO [BADCHARSET *
      C: a7 SORT RETURN (PARTIAL 1:2) (DATE) UTF-8 ALL
      S: a7 BAD *
      C: a8 SORT DATE UTF-8 ALL
      S: a8 BAD *
    `));

  test("every key, forth and back, several of them, UIDs", () =>
    server.playInInbox(`
      C: a1 SORT (ARRIVAL) UTF-8 ALL
      S: * SORT 6 5 4 3 2 1
      S: a1 OK *
      C: a2 SORT (REVERSE ARRIVAL) US-ASCII ALL
      S: * SORT 1 2 3 4 5 6
      S: a2 OK *
      C: a3 SORT (DATE) UTF-8 NOT 4
      S: * SORT 3 2 1 5 6
      S: a3 OK *
      C: a4 SORT (FROM) UTF-8 ALL
      S: * SORT 4 3 1 2 5 6
      S: a4 OK *
      C: a5 SORT (TO) UTF-8 ALL
      S: * SORT 3 4 5 6 1 2
      S: a5 OK *
      C: a6 SORT (REVERSE CC) UTF-8 ALL
      S: * SORT 2 1 3 4 5 6
      S: a6 OK *
      C: a7 SORT (SUBJECT REVERSE DATE) UTF-8 ALL
      S: * SORT 4 1 2 3 6 5
      S: a7 OK *
      C: a8 SORT (DISPLAYFROM) UTF-8 ALL
      S: * SORT 4 3 2 5 6 1
      S: a8 OK *
      C: a9 SORT (DISPLAYTO) UTF-8 ALL
      S: * SORT 3 4 5 6 1 2
      S: a9 OK *
      C: b1 UID SORT (REVERSE SIZE) UTF-8 UID 1,2,4
      S: * SORT 1 2 4
      S: b1 OK *
      C: b2 SORT (SIZE) UTF-8 BODY "nowhere"
      S: * SORT
      S: b2 OK *
      C: b3 SORT (ARRIVAL) UTF-8 MODSEQ 1 2:3
      S: * OK [HIGHESTMODSEQ *
      S: * SORT 3 2 (MODSEQ 2)
      S: b3 OK *
    `));

  test("ESORT (RFC 5267): the ends in the order of the sort; saved for $", () =>
    server.playInInbox(`
      C: a1 SORT RETURN (MIN MAX COUNT ALL) (DATE) UTF-8 NOT 4
      S: * ESEARCH (TAG "a1") MIN 3 MAX 6 ALL 3,2,1,5:6 COUNT 5
      S: a1 OK *
      C: a2 UID SORT RETURN () (REVERSE DATE) UTF-8 1:2
      S: * ESEARCH (TAG "a2") UID ALL 1:2
      S: a2 OK *
      C: a3 SORT RETURN (SAVE) (REVERSE DATE) UTF-8 1:2
      S: a3 OK *
      C: a4 FETCH $ (UID)
      S: * 1 FETCH (UID 1)
      S: * 2 FETCH (UID 2)
      S: a4 OK *
    `));
});

describe("THREAD (RFC 5256)", () => {
  test("wrong uses", () =>
    server.playInInbox(`
      C: a1 THREAD
      S: a1 BAD *
      C: a2 THREAD REFS UTF-8 ALL
      S: a2 BAD *
      C: a3 THREAD REFERENCES UTF-8
      S: a3 BAD *
      C: a4 THREAD REFERENCES X-NONE ALL
      S: a4 NO [BADCHARSET *
    `));

  test("by references: quoted ids, a chain, parents that are not there, subjects", () =>
    server.playInInbox(`
      C: a1 THREAD REFERENCES UTF-8 ALL
      S: * THREAD (2 1 3)((5)(6))(4)
      S: a1 OK *
      C: a2 UID THREAD REFERENCES UTF-8 1,3
      S: * THREAD (1 3)
      S: a2 OK *
      C: a3 THREAD REFERENCES UTF-8 TEXT nowhere
      S: * THREAD
      S: a3 OK *
      C: a4 THREAD ORDEREDSUBJECT UTF-8 ALL
      S: * THREAD (3 (2)(1))(5 6)(4)
      S: a4 OK *
    `));

  test("of any references: every message once, no loop, however deep", async () => {
    const id = fc.integer({ min: 0, max: 12 }).map((number) => `<${number}@x>`);
    const message = fc.record({
      sent: fc.integer({ min: 0, max: 5 }),
      subject: fc.constantFrom("", "A", "B"),
      kind: fc.constantFrom("reply" as const, "first" as const),
      messageId: fc.option(id),
      references: fc.array(id, { maxLength: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(message, { maxLength: 15 }), async (given) => {
        const messages: ThreadMessage[] = given.map((one, index) => ({ ...one, sequence: index + 1 }));
        const text = formatThreads(await threadByReferences(messages, new Pacer()), (one) => one);
        const numbers = (text.match(/\d+/g) ?? []).map(Number).sort((a, b) => a - b);
        expect(numbers).toEqual(messages.map((one) => one.sequence));
      }),
      { numRuns: 200 },
    );
    const chain = Array.from(
      { length: 20_000 },
      (_, index): ThreadMessage => ({
        sequence: index + 1,
        sent: index,
        subject: "S",
        kind: "first",
        messageId: `<${index}@x>`,
        references: index === 0 ? [] : [`<${index - 1}@x>`],
      }),
    );
    const deep = formatThreads(await threadByReferences(chain, new Pacer()), (one) => one);
    expect(deep.startsWith("(1 2 3 4 ")).toBe(true);
  });
});

test("a sort with pauses sorts like one without, and keeps the order of equals", () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 3000, size: "max" }),
      async (numbers) => {
        const rows = numbers.map((value, index) => ({ value, index }));
        const sorted = await sortPaced(rows, (a, b) => a.value - b.value, new Pacer());
        expect(sorted).toEqual([...rows].sort((a, b) => a.value - b.value));
      },
    ),
    { numRuns: 30 },
  ));
