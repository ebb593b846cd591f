import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { startTestServer, type TestServer } from "./test-server.js";

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
});
afterEach(async () => {
  await server.stop();
  expect(server.errors).toEqual([]);
});

const append = (tag: string, text: string, flags = ""): string =>
  `C: ${tag} APPEND INBOX ${flags}{${text.length}+}\n C~ ${text.replaceAll("\r", "\\r").replaceAll("\n", "\\n")}\\r\\n\n S: ${tag} OK [APPENDUID *`;

describe("message sets", () => {
  test("on an empty mailbox", () =>
    server.playInInbox(`
      C: a1 FETCH 1 FLAGS
      S: a1 BAD *
      C: a2 FETCH * FLAGS
      S: a2 BAD *
      C: a3 UID FETCH 1:* FLAGS
      S: a3 OK *
      C: a4 UID STORE * +FLAGS (\\Seen)
      S: a4 OK *
      C: a5 SEARCH *
      S: * SEARCH
      S: a5 OK *
      C: a6 EXPUNGE
      S: a6 OK *
    `));

  test("reversed, with stars, beyond the end, wrong (lines 7, 8, 9)", async () => {
    await server.playAsAlice([append("a", "1"), append("b", "2"), append("c", "3")].join("\n"));
    await server.playInInbox(`
      C: a1 FETCH 3:1,2 UID
      S: * 1 FETCH (UID 1)
      S: * 2 FETCH (UID 2)
      S: * 3 FETCH (UID 3)
      S: a1 OK *
      C: a2 FETCH 1,* UID
      S: * 1 FETCH (UID 1)
      S: * 3 FETCH (UID 3)
      S: a2 OK *
      C: a3 FETCH *:3 UID
      S: * 3 FETCH (UID 3)
      S: a3 OK *
      C: a4 UID fetch 61:* (FLAGS)
      S: * 3 FETCH (UID 3 FLAGS (\\Recent))
      S: a4 OK *
      C: a5 UID FETCH 1593:1580,77 (FLAGS)
      S: a5 OK *
      C: a6 FETCH 4 UID
      S: a6 BAD *
      C: a7 FETCH 0 UID
      S: a7 BAD *
      C: a8 FETCH 1: UID
      S: a8 BAD *
      C: a9 FETCH 4294967296 UID
      S: a9 BAD *
      C: b1 UID FETCH 1:4294967295 UID
      S: * 1 FETCH (UID 1)
      S: * 2 FETCH (UID 2)
      S: * 3 FETCH (UID 3)
      S: b1 OK *
      C: b2 FETCH ,1 UID
      S: b2 BAD *
    `);
  });
});

describe("FETCH", () => {
  test("wrong uses: BAD, and the connection stays (line 10)", async () => {
    await server.playAsAlice(append("a", "A: b\r\n\r\nc"));
    await server.playInInbox(`
      C: a1 FETCH 1
      S: a1 BAD *
      C: a2 FETCH 1 FROB
      S: a2 BAD Unknown FETCH item FROB.
      C: a3 FETCH 1 ()
      S: a3 BAD *
      C: a4 FETCH 1 (ALL)
      S: a4 BAD *
      C: a5 FETCH 1 BODY[MIME]
      S: a5 BAD *
      C: a6 FETCH 1 BODY[HEADER.FIELDS]
      S: a6 BAD *
      C: a7 FETCH 1 BODY[0]
      S: a7 BAD *
      C: a8 FETCH 1 BODY[]<0.0>
      S: a8 BAD *
      C: a9 FETCH 1 BODY[
      S: a9 BAD *
      C: b1 FETCH 1 (UID
      S: b1 BAD *
      C: b2 FETCH 1 ((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((UID
      S: b2 BAD *
      C: b3 FETCH 1 UID
      S: * 1 FETCH (UID 1)
      S: b3 OK *
    `);
  });

  test("bodies, peeking, partial, \\Seen (lines 52, 55, 56, 57, 60, 62)", async () => {
    await server.playAsAlice(
      append("a", "From: x@y\r\nSubject: s\r\n\r\nbody\r\n", '"24-Mar-2007 23:00:00 +0200" '),
    );
    await server.playInInbox(`
      C: a1 FETCH 1 (RFC822.SIZE BODY.PEEK[] UID)
      S: * 1 FETCH (RFC822.SIZE 31 BODY[] {31}\\r\\nFrom: x@y\\r\\nSubject: s\\r\\n\\r\\nbody\\r\\n UID 1)
      S: a1 OK *
      C: a2 FETCH 1 (BODY.PEEK[TEXT]<0.2048> BODY.PEEK[TEXT]<1.2> BODY.PEEK[TEXT]<100.5>)
      S: * 1 FETCH (BODY[TEXT]<0> {6}\\r\\nbody\\r\\n BODY[TEXT]<1> {2}\\r\\nod BODY[TEXT]<100> {0}\\r\\n)
      S: a2 OK *
      C: a3 FETCH 1 BODY.PEEK[header.fields (subject "x y")]
      S: * 1 FETCH (BODY[HEADER.FIELDS (SUBJECT "X Y")] {14}\\r\\nSubject: s\\r\\n\\r\\n)
      S: a3 OK *
      C: a4 FETCH 1 BODY.PEEK[HEADER.FIELDS.NOT (subject)]<0.5>
      S: * 1 FETCH (BODY[HEADER.FIELDS.NOT (SUBJECT)]<0> {5}\\r\\nFrom:)
      S: a4 OK *
      C: a5 FETCH 1 (BODY.PEEK[1] BODY.PEEK[2] BODY.PEEK[1.2.3.HEADER])
      S: * 1 FETCH (BODY[1] {6}\\r\\nbody\\r\\n BODY[2] NIL BODY[1.2.3.HEADER] NIL)
      S: a5 OK *
      C: a6 FETCH 1 (RFC822.HEADER INTERNALDATE FLAGS)
      S: * 1 FETCH (RFC822.HEADER {25}\\r\\nFrom: x@y\\r\\nSubject: s\\r\\n\\r\\n INTERNALDATE "24-Mar-2007 23:00:00 +0200" FLAGS (\\Recent))
      S: a6 OK *
      C: a7 FETCH 1 RFC822.TEXT
      S: * 1 FETCH (RFC822.TEXT {6}\\r\\nbody\\r\\n FLAGS (\\Seen \\Recent))
      S: a7 OK *
      C: a8 FETCH 1 (BODY[TEXT])
      S: * 1 FETCH (BODY[TEXT] {6}\\r\\nbody\\r\\n)
      S: a8 OK *
    `);
  });

  test("macros, ENVELOPE, BODY and BODYSTRUCTURE (lines 53, 54, 58)", async () => {
    await server.playAsAlice(
      append("a", "From: X <x@y>\r\nSubject: s\r\n\r\nbody\r\n", '" 4-Mar-2007 23:00:00 -0130" '),
    );
    await server.playInInbox(`
      C: a1 FETCH 1 FAST
      S: * 1 FETCH (FLAGS (\\Recent) INTERNALDATE " 4-Mar-2007 23:00:00 -0130" RFC822.SIZE 35)
      S: a1 OK *
      C: a2 FETCH 1 ALL
      S: * 1 FETCH (FLAGS (\\Recent) INTERNALDATE " 4-Mar-2007 23:00:00 -0130" RFC822.SIZE 35 ENVELOPE (NIL "s" (("X" NIL "x" "y")) (("X" NIL "x" "y")) (("X" NIL "x" "y")) NIL NIL NIL NIL NIL))
      S: a2 OK *
      C: a3 FETCH 1 (BODY BODYSTRUCTURE)
      S: * 1 FETCH (BODY ("TEXT" "PLAIN" ("CHARSET" "us-ascii") NIL NIL "7BIT" 6 1) BODYSTRUCTURE ("TEXT" "PLAIN" ("CHARSET" "us-ascii") NIL NIL "7BIT" 6 1 NIL NIL NIL NIL))
      S: a3 OK *
    `);
  });
});

describe("STORE", () => {
  test("wrong uses", async () => {
    await server.playAsAlice(append("a", "x"));
    await server.playInInbox(`
      C: a1 STORE 1 FLAGS
      S: a1 BAD *
      C: a2 STORE 1 FLAGZ (\\Seen)
      S: a2 BAD *
      C: a3 STORE 1 +FLAGS (\\Recent)
      S: a3 BAD *
      C: a4 STORE 1 +FLAGS (\\Foo)
      S: a4 BAD *
      C: a5 STORE 2 +FLAGS (\\Seen)
      S: a5 BAD *
      C: a6 STORE 1 +FLAGS (a]b)
      S: a6 BAD *
      C: a7 STORE 1 +FLAGS ()
      S: * 1 FETCH (FLAGS (\\Recent))
      S: a7 OK *
    `);
  });

  test("any case, silence, keywords announced before their first use (lines 1, 40, 41, 48)", async () => {
    await server.playAsAlice(append("a", "x"));
    await server.playInInbox(`
      C: a1 uid store 1 +flags (\\seen)
      S: * 1 FETCH (UID 1 FLAGS (\\Seen \\Recent))
      S: a1 OK *
      C: a2 STORE 1 +FLAGS.SILENT (Junk $label1)
      S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft Junk $label1)
      S: * OK [PERMANENTFLAGS *
      S: a2 OK *
      C: a3 store 1 -FLAGS junk \\Seen
      S: * 1 FETCH (FLAGS ($label1 \\Recent))
      S: a3 OK *
      C: a4 STORE 1 FLAGS (NIL \\Draft)
      S: * FLAGS *
      S: * OK *
      S: * 1 FETCH (FLAGS (NIL \\Draft \\Recent))
      S: a4 OK *
    `);
  });

  test("UNCHANGEDSINCE refuses what has changed (RFC 7162)", async () => {
    await server.playAsAlice([append("a", "x"), append("b", "y")].join("\n"));
    await server.playInInbox(`
      C: a1 FETCH 1:2 (UID MODSEQ)
      S: * OK [HIGHESTMODSEQ *
      S: * 1 FETCH (UID 1 MODSEQ ($first))
      S: * 2 FETCH (UID 2 MODSEQ ($second))
      S: a1 OK *
      C: a2 STORE 1:2 (UNCHANGEDSINCE $first) +FLAGS.SILENT (\\Seen)
      S: * 1 FETCH (UID 1 MODSEQ ($third))
      S: a2 OK [MODIFIED 2] *
      C: a3 UID FETCH 1:* (FLAGS) (CHANGEDSINCE $second)
      S: * 1 FETCH (UID 1 FLAGS (\\Seen \\Recent) MODSEQ ($third))
      S: a3 OK *
      C: a4 FETCH 1:* (UID) (CHANGEDSINCE 0)
      S: * 1 FETCH (UID 1 MODSEQ ($third))
      S: * 2 FETCH (UID 2 MODSEQ ($second))
      S: a4 OK *
      C: a6 SEARCH RETURN (MIN) MODSEQ 1
      S: * ESEARCH (TAG "a6") MIN 1 MODSEQ $third
      S: a6 OK *
      C: a5 SEARCH MODSEQ $third
      S: * SEARCH 1 (MODSEQ $third)
      S: a5 OK *
    `);
  });
});

describe("APPEND", () => {
  test("wrong uses, and a mailbox that is not there (line 64)", () =>
    server.playAsAlice(`
      C: a1 APPEND
      S: a1 BAD *
      C: a2 APPEND INBOX
      S: a2 BAD *
      C: a3 APPEND INBOX "x"
      S: a3 BAD *
      C: a4 APPEND INBOX "99-Foo-2007 00:00:00 +0000" {1+}
      C: x
      S: a4 BAD *
      C: a5 APPEND nowhere {1+}
      C: x
      S: a5 NO [TRYCREATE] *
      C: a6 APPEND INBOX (\\Recent) {1+}
      C: x
      S: a6 BAD *
      C: a7 APPEND INBOX {1}
      S: + OK
      C: x y
      S: a7 BAD *
      C: a8 STATUS INBOX (MESSAGES)
      S: * STATUS INBOX (MESSAGES 0)
      S: a8 OK *
    `));

  test("to the selected mailbox, several at once (RFC 3502)", () =>
    server.playInInbox(`
      C: a1 APPEND INBOX (\\Flagged kw) " 1-Jan-2020 10:00:00 +0000" {3+}
      C~ one () {3+}\\r\\ntwo\\r\\n
      S: * FLAGS *
      S: * OK [PERMANENTFLAGS *
      S: * 2 EXISTS
      S: * 2 RECENT
      S: a1 OK [APPENDUID $v 1:2] *
      C: a2 FETCH 1:2 (FLAGS)
      S: * 1 FETCH (FLAGS (\\Flagged kw \\Recent))
      S: * 2 FETCH (FLAGS (\\Recent))
      S: a2 OK *
    `));
});

describe("COPY and MOVE", () => {
  test("wrong uses", async () => {
    await server.playAsAlice(append("a", "x"));
    await server.playInInbox(`
      C: a1 COPY 1 nowhere
      S: a1 NO [TRYCREATE] *
      C: a2 MOVE 1 nowhere
      S: a2 NO [TRYCREATE] *
      C: a3 COPY 2 Trash
      S: a3 BAD *
      C: a4 UID COPY 7 Trash
      S: a4 OK Nothing to copy.
      C: a5 UID MOVE 7 Trash
      S: a5 OK Nothing to move.
      C: a6 EXAMINE INBOX
      S: * OK [CLOSED] *
      S: * FLAGS *
      S: * OK *
      S: * 1 EXISTS
      S: * 0 RECENT
      S: * OK [UNSEEN 1] *
      S: * OK *
      S: * OK *
      S: * OK *
      S: * OK *
      S: a6 OK *
      C: a7 MOVE 1 Trash
      S: a7 NO [READ-ONLY] *
    `);
  });

  test("keep flags and dates; COPYUID in the order of the set; MOVE tells it before the expunges (line 66)", async () => {
    await server.playAsAlice(
      [
        append("a", "1", '(\\Seen kw) "24-Mar-2007 23:00:00 +0200" '),
        append("b", "2"),
        append("c", "3"),
      ].join("\n"),
    );
    await server.playInInbox(`
      C: a1 COPY 3,1 Archive
      S: a1 OK [COPYUID $v 1,3 1:2] *
      C: a2 MOVE 1:2 Archive
      S: * OK [COPYUID $v 1:2 3:4] *
      S: * 1 EXPUNGE
      S: * 1 EXPUNGE
      S: a2 OK *
      # onto itself: a new UID
      C: a3 UID MOVE 3 INBOX
      S: * OK [COPYUID $w 3 4] *
      S: * 1 EXPUNGE
      S: * 1 EXISTS
      S: * 1 RECENT
      S: a3 OK *
      C: a4 SELECT Archive
      S: * OK [CLOSED] *
      S: * FLAGS *
      S: * OK *
      S: * 4 EXISTS
      S: * 4 RECENT
      S: * OK [UNSEEN 2] *
      S: * OK *
      S: * OK *
      S: * OK *
      S: * OK *
      S: a4 OK *
      C: a5 FETCH 1 (FLAGS INTERNALDATE)
      S: * 1 FETCH (FLAGS (\\Seen kw \\Recent) INTERNALDATE "24-Mar-2007 23:00:00 +0200")
      S: a5 OK *
    `);
  });
});

describe("EXPUNGE", () => {
  test("all of them, or those of the set only; CLOSE in silence (line 67)", async () => {
    await server.playAsAlice(["1", "2", "3", "4"].map((text) => append("a", text)).join("\n"));
    await server.playInInbox(`
      C: a1 STORE 1:4 +FLAGS.SILENT (\\Deleted)
      S: a1 OK *
      C: a2 UID EXPUNGE 2,9
      S: * 2 EXPUNGE
      S: a2 OK *
      C: a3 STORE 1 -FLAGS.SILENT (\\Deleted)
      S: a3 OK *
      C: a4 EXPUNGE
      S: * 2 EXPUNGE
      S: * 2 EXPUNGE
      S: a4 OK *
      C: a5 STORE 1 +FLAGS.SILENT (\\Deleted)
      S: a5 OK *
      C: a6 UNSELECT
      S: a6 OK *
      C: a7 STATUS INBOX (MESSAGES)
      S: * STATUS INBOX (MESSAGES 1)
      S: a7 OK *
    `);
    await server.playInInbox(`
      C: a8 CLOSE
      S: a8 OK *
      C: a9 STATUS INBOX (MESSAGES)
      S: * STATUS INBOX (MESSAGES 0)
      S: a9 OK *
    `);
  });
});
