/** IMAP4rev2 (RFC 9051) where it differs from IMAP4rev1: after ENABLE, and only then. */
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { startTestServer, type TestServer } from "./test-server.js";
import { play } from "./transcript.js";

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
});
afterEach(async () => {
  await server.stop();
  expect(server.errors).toEqual([]);
});

const playInRevision2 = (transcript: string): Promise<void> =>
  play(server.port, transcript, { begin: ["x1 LOGIN alice secret", "x2 ENABLE IMAP4rev2"] });

describe("ENABLE", () => {
  test("wrong uses", () =>
    server.play(`
      S: * OK [CAPABILITY IMAP4rev1 IMAP4rev2 *
      C: a1 ENABLE IMAP4rev2
      S: a1 BAD Log in before ENABLE.
      C: a2 LOGIN alice secret
      S: a2 OK *
      C: a3 ENABLE
      S: a3 BAD *
      C: a4 ENABLE IMAP4rev3 X-GOOD-IDEA IDLE
      S: * ENABLED
      S: a4 OK *
      C: a5 SEARCH NEW
      S: a5 BAD Select a mailbox before SEARCH.
    `));

  test("tells what it has switched on, once; the capabilities stay the same", () =>
    server.playAsAlice(`
      C: a1 CAPABILITY
      S: * CAPABILITY IMAP4rev1 IMAP4rev2 $rest *
      S: a1 OK *
      C: a2 enable condstore imap4rev2 imap4rev2
      S: * ENABLED CONDSTORE IMAP4rev2
      S: a2 OK *
      C: a3 ENABLE IMAP4rev2 UTF8=ACCEPT
      S: * ENABLED UTF8=ACCEPT
      S: a3 OK *
      C: a4 CAPABILITY
      S: * CAPABILITY IMAP4rev1 IMAP4rev2 $rest *
      S: a4 OK *
    `));

  test("is not there where the host does not want it", async () => {
    await server.stop();
    server = await startTestServer({ withoutCapabilities: ["IMAP4rev2"] });
    await server.playAsAlice(`
      C: a1 ENABLE IMAP4rev2
      S: * ENABLED
      S: a1 OK *
      C: a2 STATUS INBOX (RECENT)
      S: * STATUS INBOX (RECENT 0)
      S: a2 OK *
    `);
  });
});

describe("what is gone", () => {
  test("RECENT, LSUB and CHECK are unknown", () =>
    playInRevision2(`
      C: a1 STATUS INBOX (RECENT)
      S: a1 BAD Unknown STATUS item RECENT.
      C: a2 LIST "" INBOX RETURN (STATUS (MESSAGES RECENT))
      S: a2 BAD Unknown STATUS item RECENT.
      C: a3 LSUB "" *
      S: a3 BAD Unknown command LSUB.
      C: a4 APPEND INBOX {5+}
      C: hello
      S: a4 OK [APPENDUID *
      C: a5 SELECT INBOX
      S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
      S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] *
      S: * 1 EXISTS
      S: * OK [UIDVALIDITY *
      S: * OK [UIDNEXT 2] *
      S: * OK [HIGHESTMODSEQ *
      S: * OK [MAILBOXID *
      S: * LIST (\\HasNoChildren) "/" INBOX
      S: a5 OK [READ-WRITE] *
      C: a6 CHECK
      S: a6 BAD Unknown command CHECK.
      # Dropped as well, but asked for by clients that go on from IMAP4rev1.
      C: a7 FETCH 1 RFC822.HEADER
      S: * 1 FETCH (RFC822.HEADER {5}\\r\\nhello)
      S: a7 OK *
      C: b1 SEARCH RECENT
      S: b1 BAD *
      C: b2 SEARCH NOT NEW
      S: b2 BAD *
      C: b3 SEARCH OR OLD ALL
      S: b3 BAD *
      # The message is recent to nobody here, although this is the first to see it.
      C: b4 FETCH 1 (FLAGS RFC822.SIZE)
      S: * 1 FETCH (FLAGS () RFC822.SIZE 5)
      S: b4 OK *
      C: b5 APPEND INBOX {5+}
      C: again
      S: * 2 EXISTS
      S: b5 OK [APPENDUID *
      C: b6 FETCH 2 FLAGS
      S: * 2 FETCH (FLAGS ())
      S: b6 OK *
    `));

  test("also when it is switched on late, and for one session only", () =>
    server.playInInbox(`
      1C: a1 APPEND INBOX {5+}
      1C: hello
      1S: * 1 EXISTS
      1S: * 1 RECENT
      1S: a1 OK *
      1C: a2 ENABLE IMAP4rev2
      1S: * ENABLED IMAP4rev2
      1S: a2 OK *
      1C: a3 FETCH 1 FLAGS
      1S: * 1 FETCH (FLAGS ())
      1S: a3 OK *
      2C: b1 STATUS INBOX (RECENT)
      2S: * STATUS INBOX (RECENT 0)
      2S: b1 OK *
      2C: b2 FETCH 1 RFC822.SIZE
      2S: * 1 FETCH (RFC822.SIZE 5)
      2S: b2 OK *
    `));
});

describe("what is different", () => {
  test("SEARCH is answered by ESEARCH", () =>
    playInRevision2(`
      C: a1 APPEND INBOX {5+}
      C: hello
      S: a1 OK *
      C: a2 EXAMINE INBOX
      S: * FLAGS *
      S: * OK [PERMANENTFLAGS ()] *
      S: * 1 EXISTS
      S: * OK [UIDVALIDITY *
      S: * OK [UIDNEXT *
      S: * OK [HIGHESTMODSEQ *
      S: * OK [MAILBOXID *
      S: * LIST (\\HasNoChildren) "/" INBOX
      S: a2 OK [READ-ONLY] *
      C: a3 SEARCH UNSEEN
      S: * ESEARCH (TAG "a3") ALL 1
      S: a3 OK *
      C: a4 UID SEARCH CHARSET UTF-8 TEXT "\\xc3\\xa4"
      S: * ESEARCH (TAG "a4") UID
      S: a4 OK *
      C: a5 UID SEARCH RETURN () ALL
      S: * ESEARCH (TAG "a5") UID ALL 1
      S: a5 OK *
      C: a6 SEARCH CHARSET X-UNKNOWN ALL
      S: a6 NO [BADCHARSET *
    `));

  test("every FETCH that nobody asked for has the UID, the answers of STORE too", () =>
    play(
      server.port,
      `
      1C: a1 APPEND INBOX {5+}
      1C: hello
      1S: * 1 EXISTS
      1S: a1 OK *
      1C: a2 STORE 1 +FLAGS ($Phishing)
      1S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Phishing)
      1S: * OK [PERMANENTFLAGS *
      1S: * 1 FETCH (UID 1 FLAGS ($Phishing))
      1S: a2 OK *
      2C: b1 STORE 1 +FLAGS.SILENT (\\Seen)
      2S: b1 OK *
      1C: a3 NOOP
      1S: * 1 FETCH (UID 1 FLAGS ($Phishing \\Seen))
      1S: a3 OK *
      `,
      { begin: ["x1 LOGIN alice secret", "x2 ENABLE IMAP4rev2", "x3 SELECT INBOX"] },
    ));

  test("STATUS knows DELETED and SIZE; MOVE tells COPYUID untagged", () =>
    playInRevision2(`
      C: a1 APPEND INBOX (\\Deleted) {5+}
      C: hello
      S: a1 OK *
      C: a2 STATUS INBOX (MESSAGES UNSEEN DELETED SIZE)
      S: * STATUS INBOX (MESSAGES 1 UNSEEN 1 DELETED 1 SIZE 5)
      S: a2 OK *
    `));

  test("SELECT closes the mailbox before with CLOSED, and tells the mailbox's name and attributes", () =>
    playInRevision2(`
      C: a1 CREATE Sent/2024
      S: a1 OK *
      C: a2 SELECT inbox
      S: * FLAGS *
      S: * OK *
      S: * 0 EXISTS
      S: * OK *
      S: * OK *
      S: * OK *
      S: * OK *
      S: * LIST (\\HasNoChildren) "/" INBOX ("OLDNAME" (inbox))
      S: a2 OK *
      C: a3 SELECT Sent
      S: * OK [CLOSED] *
      S: * FLAGS *
      S: * OK *
      S: * 0 EXISTS
      S: * OK *
      S: * OK *
      S: * OK *
      S: * OK *
      S: * LIST (\\HasChildren \\Sent) "/" Sent
      S: a3 OK *
      C: a4 SELECT gone
      S: * OK [CLOSED] *
      S: a4 NO [NONEXISTENT] *
      C: a5 FETCH 1 FLAGS
      S: a5 BAD *
    `));

  test("a parent that is no mailbox is \\NonExistent; to IMAP4rev1 it is \\Noselect", () =>
    server.playAsAlice(`
      C: a1 CREATE up/down
      S: a1 OK *
      C: a2 DELETE up
      S: a2 OK *
      C: a3 LIST "" up%
      S: * LIST (\\Noselect \\HasChildren) "/" up
      S: a3 OK *
      C: a4 ENABLE IMAP4rev2
      S: * ENABLED IMAP4rev2
      S: a4 OK *
      C: a5 LIST "" up%
      S: * LIST (\\NonExistent \\HasChildren) "/" up
      S: a5 OK *
      C: a6 SUBSCRIBE up/down
      S: a6 OK *
      C: a7 SUBSCRIBE gone
      S: a7 OK *
      C: a8 LIST (SUBSCRIBED RECURSIVEMATCH) "" (up% gone)
      S: * LIST (\\Subscribed \\NonExistent \\HasNoChildren) "/" gone
      S: * LIST (\\NonExistent \\HasChildren) "/" up ("CHILDINFO" ("SUBSCRIBED"))
      S: a8 OK *
    `));
});

describe("names", () => {
  test("are UTF-8, quoted; an ampersand is one", () =>
    playInRevision2(`
      C: a1 CREATE "T\\xff"
      S: a1 BAD A quoted string is not UTF-8.
      C: a2 CREATE {2+}
      C~ T\\xff\\r\\n
      S: a2 NO [CANNOT] *
      C: a3 CREATE "T\\xc3\\xa4st & more"
      S: a3 OK [MAILBOXID *
      C: a4 CREATE {5+}
      C: &AOQ-
      S: a4 OK *
      C: a5 LIST "" "*&*"
      S: * LIST (\\HasNoChildren) "/" &AOQ-
      S: * LIST (\\HasNoChildren) "/" "T\\xc3\\xa4st & more"
      S: a5 OK *
      C: a6 STATUS "T\\xc3\\xa4st & more" (MESSAGES)
      S: * STATUS "T\\xc3\\xa4st & more" (MESSAGES 0)
      S: a6 OK *
    `));

  test("are Net-Unicode: another way to write one is told by OLDNAME", () =>
    playInRevision2(`
      # a and U+0308
      C: a1 CREATE "Ta\\xcc\\x88st/"
      S: * LIST (\\HasNoChildren) "/" "T\\xc3\\xa4st" ("OLDNAME" ("Ta\\xcc\\x88st"))
      S: a1 OK *
      C: a2 CREATE "T\\xc3\\xa4st"
      S: a2 NO [ALREADYEXISTS] *
      C: a3 RENAME "Ta\\xcc\\x88st" other
      S: * LIST (\\HasNoChildren) "/" other ("OLDNAME" ("Ta\\xcc\\x88st"))
      S: a3 OK *
      C: a4 CREATE inbox/below
      S: * LIST (\\HasNoChildren) "/" INBOX/below ("OLDNAME" (inbox/below))
      S: a4 OK *
      C: a5 DELETE Inbox/below
      S: * LIST (\\NonExistent) "/" INBOX/below ("OLDNAME" (Inbox/below))
      S: a5 OK *
      C: a6 RENAME other another
      S: a6 OK *
    `));
});
