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

describe("names", () => {
  test("wrong names are NO, not BAD (lines 28 and 29)", () =>
    server.playAsAlice(`
      C: a1 SELECT !#$&'+,-.0123456789:;<=>?@^_\`|[}
      S: a1 NO *
      C: a2 SELECT ~foo
      S: a2 NO [NONEXISTENT] *
      C: a3 CREATE "&"
      S: a3 NO [CANNOT] *
      C: a4 CREATE "a&AGE-"
      S: a4 NO [CANNOT] *
      C: a5 CREATE "T\\xc3\\xa4st"
      S: a5 NO [CANNOT] *
      C: a6 CREATE a//b
      S: a6 NO [CANNOT] *
      C: a7 CREATE ../up
      S: a7 NO [CANNOT] *
      C: a8 CREATE inbox
      S: a8 NO [ALREADYEXISTS] *
      C: a9 DELETE Inbox
      S: a9 NO [CANNOT] *
      C: b1 DELETE gone
      S: b1 NO [NONEXISTENT] *
      C: b2 RENAME gone there
      S: b2 NO [NONEXISTENT] *
      C: b3 STATUS gone (MESSAGES)
      S: b3 NO [NONEXISTENT] *
      C: b4 STATUS INBOX (FOO)
      S: b4 BAD *
      C: b5 CREATE Sent
      S: b5 NO [ALREADYEXISTS] *
      C: b6 RENAME Sent Sent/below
      S: b6 NO [CANNOT] *
    `));

  test("odd but good ones", () =>
    server.playAsAlice(`
      C: a1 CREATE "Gr&APYA3w-e &- &Ti1lhw-"
      S: a1 OK *
      C: a2 CREATE "a\\"b \\\\ (c) ] {d} 100%"
      S: a2 OK *
      C: a3 CREATE "star*"
      S: a3 OK *
      C: a4 LIST "" "[^Ia-z]%"
      S: a4 OK *
      C: a5 LIST "" "G%"
      S: * LIST (\\HasNoChildren) "/" "Gr&APYA3w-e &- &Ti1lhw-"
      S: a5 OK *
      C: a6 LIST "" "a*"
      S: * LIST (\\HasNoChildren) "/" "a\\"b \\\\ (c) ] {d} 100%"
      S: a6 OK *
      C: a7 LIST "" "star*"
      S: * LIST (\\HasNoChildren) "/" "star*"
      S: a7 OK *
    `));
});

describe("LIST", () => {
  test("wrong uses", () =>
    server.playAsAlice(`
      C: a1 LIST
      S: a1 BAD *
      C: a2 LIST "" 
      S: a2 BAD *
      C: a3 LIST (FOO) "" *
      S: a3 BAD *
      C: a4 LIST (RECURSIVEMATCH) "" *
      S: a4 BAD *
      C: a5 LIST (RECURSIVEMATCH REMOTE) "" *
      S: a5 BAD *
      C: a6 LIST "" * RETURN (FOO)
      S: a6 BAD *
      C: a7 LIST "" !#$&'+,-.0123456789:;<=>?@^_\`|[}%*
      S: a7 OK *
    `));

  test("the delimiter; special uses in a plain LIST; each use once (lines 22, 24, 26)", () =>
    server.playAsAlice(`
      C: a1 LIST "" ""
      S: * LIST (\\Noselect) "/" ""
      S: a1 OK *
      C: a2 LIST "" *
      S: * LIST (\\HasNoChildren) "/" INBOX
      S: * LIST (\\HasNoChildren \\Archive) "/" Archive
      S: * LIST (\\HasNoChildren \\Drafts) "/" Drafts
      S: * LIST (\\HasNoChildren \\Junk) "/" Junk
      S: * LIST (\\HasNoChildren \\Sent) "/" Sent
      S: * LIST (\\HasNoChildren \\Trash) "/" Trash
      S: a2 OK *
      C: a3 CREATE Other (USE (\\Sent))
      S: a3 NO [USEATTR] *
      C: a4 LIST "" inbox
      S: * LIST (\\HasNoChildren) "/" INBOX
      S: a4 OK *
    `));

  test("as Thunderbird and iOS ask (lines 23, 25)", () =>
    server.playAsAlice(`
      C: a1 subscribe gone
      S: a1 OK *
      C: a2 unsubscribe Junk
      S: a2 OK *
      C: a3 list (subscribed) "" "*" return (special-use)
      S: * LIST (\\Subscribed \\HasNoChildren) "/" INBOX
      S: * LIST (\\Subscribed \\HasNoChildren \\Archive) "/" Archive
      S: * LIST (\\Subscribed \\HasNoChildren \\Drafts) "/" Drafts
      S: * LIST (\\Subscribed \\HasNoChildren \\Sent) "/" Sent
      S: * LIST (\\Subscribed \\HasNoChildren \\Trash) "/" Trash
      S: * LIST (\\Subscribed \\NonExistent \\HasNoChildren) "/" gone
      S: a3 OK *
      C: a4 LIST "" "S*" RETURN (SPECIAL-USE STATUS (UNSEEN))
      S: * LIST (\\HasNoChildren \\Sent) "/" Sent
      S: * STATUS Sent (UNSEEN 0)
      S: a4 OK *
      C: a5 LIST (SPECIAL-USE) "" (J* "T%")
      S: * LIST (\\HasNoChildren \\Junk) "/" Junk
      S: * LIST (\\HasNoChildren \\Trash) "/" Trash
      S: a5 OK *
    `));

  test("children are exact after CREATE, DELETE and RENAME (lines 27, 30, 31, 32)", () =>
    server.playAsAlice(`
      C: a1 CREATE inbox/x/y
      S: a1 OK *
      C: a2 CREATE a/b/c/
      S: a2 OK *
      C: a3 LIST "" I*
      S: * LIST (\\HasChildren) "/" INBOX
      S: * LIST (\\HasChildren) "/" INBOX/x
      S: * LIST (\\HasNoChildren) "/" INBOX/x/y
      S: a3 OK *
      C: a4 LIST "" a%
      S: * LIST (\\HasChildren) "/" a
      S: a4 OK *
      C: a5 LIST a/ %
      S: * LIST (\\HasChildren) "/" a/b
      S: a5 OK *
      C: a6 DELETE a/b
      S: a6 OK *
      C: a7 LIST "" a*
      S: * LIST (\\HasChildren) "/" a
      S: * LIST (\\Noselect \\HasChildren) "/" a/b
      S: * LIST (\\HasNoChildren) "/" a/b/c
      S: a7 OK *
      C: a8 SELECT a/b
      S: a8 NO *
      C: a9 RENAME a z
      S: a9 OK *
      C: b1 LIST "" z*
      S: * LIST (\\HasChildren) "/" z
      S: * LIST (\\Noselect \\HasChildren) "/" z/b
      S: * LIST (\\HasNoChildren) "/" z/b/c
      S: b1 OK *
      C: b2 DELETE z/b/c
      S: b2 OK *
      C: b3 LIST "" z*
      S: * LIST (\\HasNoChildren) "/" z
      S: b3 OK *
    `));

  test("RECURSIVEMATCH tells of subscriptions below (RFC 5258)", () =>
    server.playAsAlice(`
      C: a1 CREATE m/1
      S: a1 OK *
      C: a2 SUBSCRIBE m/1
      S: a2 OK *
      C: a3 LIST (SUBSCRIBED RECURSIVEMATCH) "" m%
      S: * LIST (\\HasChildren) "/" m ("CHILDINFO" ("SUBSCRIBED"))
      S: a3 OK *
      C: a4 LIST (SUBSCRIBED RECURSIVEMATCH) "" m*
      S: * LIST (\\Subscribed \\HasNoChildren) "/" m/1
      S: a4 OK *
    `));
});

describe("subscriptions", () => {
  test("twice, unknown, and what is gone (lines 35, 36)", () =>
    server.playAsAlice(`
      C: a1 SUBSCRIBE p/q
      S: a1 OK *
      C: a2 SUBSCRIBE p/q
      S: a2 OK *
      C: a3 UNSUBSCRIBE never
      S: a3 OK *
      C: a4 LSUB "" p%
      S: * LSUB (\\Noselect) "/" p
      S: a4 OK *
      C: a5 LSUB "" *q
      S: * LSUB () "/" p/q
      S: a5 OK *
      C: a6 UNSUBSCRIBE p/q
      S: a6 OK *
      C: a7 LSUB "" p*
      S: a7 OK *
    `));
});

describe("SELECT", () => {
  test("tells all, and a failing one leaves nothing selected (lines 38, 39)", () =>
    server.playAsAlice(`
      C: a1 APPEND INBOX (\\Seen) {3+}
      C: abc
      S: a1 OK [APPENDUID $validity 1] *
      C: a2 APPEND INBOX ($label1) {3+}
      C: def
      S: a2 OK *
      C: a3 EXAMINE INBOX
      S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $label1)
      S: * OK [PERMANENTFLAGS ()] *
      S: * 2 EXISTS
      S: * 2 RECENT
      S: * OK [UNSEEN 2] *
      S: * OK [UIDVALIDITY $validity] *
      S: * OK [UIDNEXT 3] *
      S: * OK [HIGHESTMODSEQ *
      S: * OK [MAILBOXID *
      S: a3 OK [READ-ONLY] *
      C: a4 STORE 1 +FLAGS (\\Deleted)
      S: a4 NO [READ-ONLY] *
      C: a5 EXPUNGE
      S: a5 NO [READ-ONLY] *
      C: a6 CLOSE
      S: a6 OK *
      C: a7 STATUS INBOX (MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY SIZE DELETED APPENDLIMIT)
      S: * STATUS INBOX (MESSAGES 2 RECENT 2 UNSEEN 1 UIDNEXT 3 UIDVALIDITY $validity SIZE 6 DELETED 0 APPENDLIMIT 67108864)
      S: a7 OK *
      C: a8 SELECT INBOX
      S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $label1)
      S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $label1 \\*)] *
      S: * 2 EXISTS
      S: * 2 RECENT
      S: * OK [UNSEEN 2] *
      S: * OK [UIDVALIDITY $validity] *
      S: * OK [UIDNEXT 3] *
      S: * OK [HIGHESTMODSEQ *
      S: * OK [MAILBOXID *
      S: a8 OK [READ-WRITE] *
      C: a9 STATUS INBOX (RECENT)
      S: * STATUS INBOX (RECENT 0)
      S: a9 OK *
      C: b1 SELECT nothing
      S: * OK [CLOSED] *
      S: b1 NO [NONEXISTENT] *
      C: b2 FETCH 1 FLAGS
      S: b2 BAD *
    `));

  test("a mailbox made again has another UIDVALIDITY; a renamed one keeps it (lines 33, 34)", () =>
    server.playAsAlice(`
      C: a1 CREATE one
      S: a1 OK *
      C: a2 STATUS one (UIDVALIDITY)
      S: * STATUS one (UIDVALIDITY $first)
      S: a2 OK *
      C: a3 RENAME one two
      S: a3 OK *
      C: a4 STATUS two (UIDVALIDITY)
      S: * STATUS two (UIDVALIDITY $first)
      S: a4 OK *
      C: a5 DELETE two
      S: a5 OK *
      C: a6 CREATE two
      S: a6 OK *
      C: a7 STATUS two (UIDVALIDITY)
      S: * STATUS two (UIDVALIDITY $second)
      S: a7 OK *
      C: a8 APPEND INBOX {1+}
      C: x
      S: a8 OK *
      C: a9 RENAME INBOX old
      S: a9 OK *
      C: b1 STATUS INBOX (MESSAGES)
      S: * STATUS INBOX (MESSAGES 0)
      S: b1 OK *
      C: b2 STATUS old (MESSAGES)
      S: * STATUS old (MESSAGES 1)
      S: b2 OK *
    `));

  test("a mailbox deleted by another session ends the session; one's own is left", () =>
    server.playAsAlice(`
      1C: a1 CREATE box
      1S: a1 OK *
      1C: a2 SELECT box
      1S: * FLAGS *
      1S: * OK *
      1S: * 0 EXISTS
      1S: * 0 RECENT
      1S: * OK *
      1S: * OK *
      1S: * OK *
      1S: * OK *
      1S: a2 OK *
      2C: b1 SELECT box
      2S: * FLAGS *
      2S: * OK *
      2S: * 0 EXISTS
      2S: * 0 RECENT
      2S: * OK *
      2S: * OK *
      2S: * OK *
      2S: * OK *
      2S: b1 OK *
      1C: a3 DELETE box
      1S: * OK [CLOSED] *
      1S: a3 OK *
      2C: b2 NOOP
      2S: * BYE *
      2S: b2 OK *
      2S~
    `));
});
