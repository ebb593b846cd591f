/** REPLACE (RFC 8508): how a client keeps a draft that it writes on. */
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { startTestServer, type TestServer } from "./test-server.js";

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer({ appendLimit: 100 });
  await server.playInInbox(`
    C: a1 APPEND INBOX {3+}
    C: one {3+}
    C: two {5+}
    C: three
    S: * 3 EXISTS
    S: * 3 RECENT
    S: a1 OK *
  `);
});
afterEach(async () => {
  await server.stop();
  expect(server.errors).toEqual([]);
});

describe("wrong uses", () => {
  test("without a mailbox selected, without a message, of messages that are not there", () =>
    server.playAsAlice(`
      C: a1 REPLACE 1 INBOX {3+}
      C: new
      S: a1 BAD Select a mailbox before REPLACE.
      C: a2 SELECT INBOX
      S: * FLAGS *
      S: * OK *
      S: * 3 EXISTS
      S: * 0 RECENT
      S: * OK *
      S: * OK *
      S: * OK *
      S: * OK *
      S: * OK *
      S: a2 OK *
      C: a3 REPLACE 1 INBOX
      S: a3 BAD *
      C: a4 REPLACE 1:2 INBOX {3+}
      C: new
      S: a4 BAD *
      C: a5 REPLACE 4 INBOX {3+}
      C: new
      S: a5 BAD There is no message with such a number.
      C: a6 UID REPLACE 9 INBOX {3+}
      C: new
      S: a6 NO [NONEXISTENT] *
      C: a7 REPLACE 1 gone {3+}
      C: new
      S: a7 NO [TRYCREATE] *
      C: a8 REPLACE 1 INBOX (\\Recent) {3+}
      C: new
      S: a8 BAD *
      C: a9 REPLACE 1 INBOX {0+}
      C: 
      S: a9 NO [CANNOT] *
      C: b1 REPLACE 1 INBOX {101}
      S: b1 NO [TOOBIG] *
      C: b2 UID REPLACE 1 INBOX {101}
      S: b2 NO [TOOBIG] *
      # There is no such command for several messages.
      C: b3 REPLACE 1 INBOX {3+}
      C: new {3+}
      C: two
      S: b3 BAD *
      C: b4 UID SEARCH ALL
      S: * SEARCH 1 2 3
      S: b4 OK *
    `));

  test("in a mailbox opened read-only nothing happens", () =>
    server.playAsAlice(`
      C: a1 EXAMINE INBOX
      S: * FLAGS *
      S: * OK *
      S: * 3 EXISTS
      S: * 0 RECENT
      S: * OK *
      S: * OK *
      S: * OK *
      S: * OK *
      S: * OK *
      S: a1 OK *
      C: a2 REPLACE 1 Drafts {3+}
      C: new
      S: a2 NO [READ-ONLY] *
      C: a3 STATUS Drafts (MESSAGES)
      S: * STATUS Drafts (MESSAGES 0)
      S: a3 OK *
    `));

  test("a message that another session has removed is not replaced, and nothing is appended", () =>
    server.playInInbox(`
      1C: a1 NOOP
      1S: a1 OK *
      2C: b1 STORE 2 +FLAGS.SILENT (\\Deleted)
      2S: b1 OK *
      2C: b2 EXPUNGE
      2S: * 2 EXPUNGE
      2S: b2 OK *
      1C: a2 REPLACE 2 INBOX {3+}
      1C: new
      1S: a2 NO [EXPUNGEISSUED] *
      1C: a3 NOOP
      1S: * 2 EXPUNGE
      1S: a3 OK *
      1C: a4 UID SEARCH ALL
      1S: * SEARCH 1 3
      1S: a4 OK *
    `));

  test("BAD where it is not offered", async () => {
    await server.stop();
    server = await startTestServer({ withoutCapabilities: ["REPLACE"] });
    await server.playInInbox(`
      C: a1 REPLACE 1 INBOX {3+}
      C: new
      S: a1 BAD REPLACE is not offered.
    `);
  });
});

describe("REPLACE", () => {
  test("in the same mailbox: the new UID is told before the old message goes; others see both", () =>
    server.playInInbox(`
      2C: b1 NOOP
      2S: b1 OK *
      1C: a1 REPLACE 2 inbox (\\Seen \\Draft) " 1-Jan-2000 10:00:00 +0100" {7+}
      1C: new two
      1S: * OK [APPENDUID $validity 4] *
      1S: * 2 EXPUNGE
      1S: * 3 EXISTS
      # It is recent to the other session, which was first to select the mailbox.
      1S: * 0 RECENT
      1S: a1 OK Replaced.
      1C: a2 FETCH 3 (UID FLAGS INTERNALDATE BODY.PEEK[])
      1S: * 3 FETCH (UID 4 FLAGS (\\Seen \\Draft) INTERNALDATE " 1-Jan-2000 10:00:00 +0100" BODY[] {7}\\r\\nnew two)
      1S: a2 OK *
      2C: b2 NOOP
      2S: * 2 EXPUNGE
      2S: * 3 EXISTS
      2S: * 1 RECENT
      2S: b2 OK *
    `));

  test("into another mailbox; by UID, by *, with a synchronising literal; EMAILIDs differ", () =>
    server.playInInbox(`
      C: a1 FETCH 3 EMAILID
      S: * 3 FETCH (EMAILID ($id))
      S: a1 OK *
      C: a2 UID REPLACE * Drafts (\\Draft) {5}
      S: + OK
      C: three
      S: * OK [APPENDUID $validity 1] *
      S: * 3 EXPUNGE
      S: a2 OK *
      C: a3 SELECT Drafts
      S: * OK [CLOSED] *
      S: * FLAGS *
      S: * OK *
      S: * 1 EXISTS
      S: * 1 RECENT
      S: * OK *
      S: * OK *
      S: * OK *
      S: * OK *
      S: * OK *
      S: a3 OK *
      C: a4 SEARCH NOT EMAILID $id
      S: * SEARCH 1
      S: a4 OK *
      C: a5 REPLACE * INBOX {4+}
      C: back
      S: * OK [APPENDUID $other 4] *
      S: * 1 EXPUNGE
      S: a5 OK *
      C: a6 STATUS INBOX (MESSAGES)
      S: * STATUS INBOX (MESSAGES 3)
      S: a6 OK *
    `));

  test("with QRESYNC it is told as VANISHED, with the MODSEQ", () =>
    server.playAsAlice(`
      C: a1 ENABLE QRESYNC
      S: * ENABLED QRESYNC
      S: a1 OK *
      C: a2 SELECT INBOX
      S: * FLAGS *
      S: * OK *
      S: * 3 EXISTS
      S: * 0 RECENT
      S: * OK *
      S: * OK *
      S: * OK *
      S: * OK *
      S: * OK *
      S: a2 OK *
      C: a3 UID REPLACE 1 INBOX {3+}
      C: new
      S: * OK [APPENDUID *
      S: * VANISHED 1
      S: * 3 EXISTS
      S: * 1 RECENT
      S: a3 OK [HIGHESTMODSEQ *
    `));
});
