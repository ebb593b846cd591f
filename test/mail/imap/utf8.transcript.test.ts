/** UTF8=ACCEPT (RFC 6855), as Thunderbird and mutt use it: line 28 of the checklist. */
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

const playInUtf8 = (transcript: string): Promise<void> =>
  play(server.port, transcript, { begin: ["x1 LOGIN alice secret", "x2 ENABLE UTF8=ACCEPT"] });

describe("before ENABLE", () => {
  test("names are in modified UTF-7, and the UTF8 of APPEND is refused", () =>
    server.playAsAlice(`
      C: a1 CREATE "T\\xc3\\xa4st"
      S: a1 NO [CANNOT] That mailbox name is not valid modified UTF-7.
      C: a2 CREATE T&AOQ-st
      S: a2 OK *
      C: a3 LIST "" T%
      S: * LIST (\\HasNoChildren \\Trash) "/" Trash
      S: * LIST (\\HasNoChildren) "/" T&AOQ-st
      S: a3 OK *
      C: a4 APPEND INBOX UTF8 (~{5+}
      C: hello)
      S: a4 NO [CANNOT] Enable UTF8=ACCEPT first.
      # A header with UTF-8 is kept all the same: other servers' mail is not lost on the way here.
      C: a5 APPEND INBOX {15+}
      C: Subject: \\xc3\\xa4
      C: 
      C: 
      S: a5 OK [APPENDUID *
    `));
});

describe("after ENABLE", () => {
  test("wrong uses", () =>
    playInUtf8(`
      C: a1 SELECT "\\xe4"
      S: a1 BAD A quoted string is not UTF-8.
      C: a2 APPEND INBOX UTF8 {5+}
      C: hello
      S: a2 BAD *
      C: a3 APPEND INBOX UTF8 ({5+}
      C: hello)
      S: a3 BAD UTF8 takes a literal8.
      C: a4 APPEND INBOX UTF8 (~{5+}
      C: hello
      S: a4 BAD *
      C: a5 SELECT INBOX
      S: * FLAGS *
      S: * OK *
      S: * 0 EXISTS
      S: * 0 RECENT
      S: * OK *
      S: * OK *
      S: * OK *
      S: * OK *
      S: a5 OK *
      C: a6 SEARCH CHARSET UTF-8 ALL
      S: a6 BAD No CHARSET after ENABLE UTF8=ACCEPT.
      C: a7 UID SEARCH CHARSET US-ASCII ALL
      S: a7 BAD *
      C: a8 NOOP
      S: a8 OK *
    `));

  test("names are raw UTF-8 in LIST, LSUB, STATUS and arguments; a bare ampersand is one", () =>
    playInUtf8(`
      C: a1 CREATE "T\\xc3\\xa4st & co"
      S: a1 OK *
      C: a2 CREATE A&B
      S: a2 OK *
      C: a3 SUBSCRIBE "T\\xc3\\xa4st & co"
      S: a3 OK *
      C: a4 LIST "" "*&*"
      S: * LIST (\\HasNoChildren) "/" A&B
      S: * LIST (\\HasNoChildren) "/" "T\\xc3\\xa4st & co"
      S: a4 OK *
      C: a5 LSUB "" "T\\xc3\\xa4*"
      S: * LSUB () "/" "T\\xc3\\xa4st & co"
      S: a5 OK *
      C: a6 STATUS {10+}
      C: T\\xc3\\xa4st & co (MESSAGES)
      S: * STATUS "T\\xc3\\xa4st & co" (MESSAGES 0)
      S: a6 OK *
      C: a7 RENAME A&B "\\xe6\\x97\\xa5\\xe6\\x9c\\xac"
      S: a7 OK *
      C: a8 LIST "" "\\xe6\\x97\\xa5%"
      S: * LIST (\\HasNoChildren) "/" "\\xe6\\x97\\xa5\\xe6\\x9c\\xac"
      S: a8 OK *
    `));

  test("another session still has modified UTF-7", async () => {
    await playInUtf8(`
      C: a1 CREATE "T\\xc3\\xa4st & co"
      S: a1 OK *
    `);
    await server.playAsAlice(`
      C: a1 LIST "" "*co"
      S: * LIST (\\HasNoChildren) "/" "T&AOQ-st &- co"
      S: a1 OK *
    `);
  });

  test("APPEND takes a message in a UTF8 literal8, with others; SEARCH in quoted UTF-8", () =>
    play(
      server.port,
      `
      C: a1 APPEND INBOX (\\Seen) UTF8 (~{15+}
      C: Subject: \\xc3\\xa4
      C: 
      C: ) {15+}
      C: Subject: \\xc3\\xb6
      C: 
      C: 
      S: * 2 EXISTS
      S: * 2 RECENT
      S: a1 OK [APPENDUID $validity 1:2] *
      C: a2 SEARCH SUBJECT "\\xc3\\x84"
      S: * SEARCH 1
      S: a2 OK *
      C: a3 FETCH 1 (BODY.PEEK[] ENVELOPE)
      S: * 1 FETCH (BODY[] {15}\\r\\nSubject: \\xc3\\xa4\\r\\n\\r\\n ENVELOPE (NIL {2}\\r\\n\\xc3\\xa4 NIL NIL NIL NIL NIL NIL NIL NIL))
      S: a3 OK *
      `,
      { begin: ["x1 LOGIN alice secret", "x2 ENABLE UTF8=ACCEPT", "x3 SELECT INBOX"] },
    ));
});
