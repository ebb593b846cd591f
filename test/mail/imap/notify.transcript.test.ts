import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { startTestServer, type TestServer } from "./test-server.js";

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
  await server.playAsAlice(`
    C: a APPEND INBOX {3+}
    C~ one {3+}\\r\\ntwo {5+}\\r\\nthree\\r\\n
    S: a OK [APPENDUID *
  `);
  await server.playInInbox(`
    C: a NOOP
    S: a OK *
  `);
});
afterEach(async () => {
  await server.stop();
  expect(server.errors).toEqual([]);
});

describe("NOTIFY (RFC 5465)", () => {
  test("wrong uses", () =>
    server.playAsAlice(`
      C: a1 NOTIFY
      S: a1 BAD *
      C: a2 NOTIFY SOMETHING
      S: a2 BAD *
      C: a3 NOTIFY SET
      S: a3 BAD *
      C: a4 NOTIFY SET (personal)
      S: a4 BAD *
      C: a5 NOTIFY SET (nobody (MessageNew MessageExpunge))
      S: a5 BAD *
      C: a6 NOTIFY SET (personal ())
      S: a6 BAD *
      C: a7 NOTIFY SET (personal (MessageNew))
      S: a7 BAD *
      C: a8 NOTIFY SET (personal (FlagChange))
      S: a8 BAD *
      C: a9 NOTIFY SET (selected (MailboxName))
      S: a9 BAD *
      C: b1 NOTIFY SET (selected NONE) (selected-delayed NONE)
      S: b1 BAD *
      C: b2 NOTIFY SET (personal (MessageNew (UID) MessageExpunge))
      S: b2 BAD *
      C: b3 NOTIFY SET (subtree () (MessageNew MessageExpunge))
      S: b3 BAD *
      C: b4 NOTIFY SET (personal (ServerMetadataChange))
      S: b4 NO [BADEVENT (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange)] *
      C: b5 NOTIFY SET (mailboxes (${"x ".repeat(1100)}x) (MessageNew MessageExpunge))
      S: b5 NO [NOTIFICATIONOVERFLOW] *
      C: b6 NOTIFY NONE now
      S: b6 BAD *
    `));

  test("the selected mailbox: news between commands, expunges at once, what is asked of new messages", () =>
    server.playInInbox(`
      1C: a1 NOTIFY SET (selected (MessageNew (UID BODY.PEEK[HEADER.FIELDS (Subject)]) MessageExpunge FlagChange))
      1S: a1 OK *
      2C: b1 APPEND INBOX {12+}
      2C: Subject: six
      2S: * 4 EXISTS
      2S: * 0 RECENT
      2S: b1 OK *
      1S: * 4 EXISTS
      1S: * 1 RECENT
      1S: * 4 FETCH (UID 4 BODY[HEADER.FIELDS (SUBJECT)] {16}\\r\\nSubject: six\\r\\n\\r\\n)
      2C: b2 STORE 1 +FLAGS.SILENT (\\Deleted)
      2S: b2 OK *
      1S: * 1 FETCH (UID 1 FLAGS (\\Deleted))
      2C: b3 EXPUNGE
      2S: * 1 EXPUNGE
      2S: b3 OK *
      1S: * 1 EXPUNGE
      # In IDLE just the same (section 4).
      1C: a2 IDLE
      1S: + idling
      2C: b4 STORE 1 +FLAGS.SILENT (\\Seen)
      2S: b4 OK *
      1S: * 1 FETCH (UID 2 FLAGS (\\Seen))
      1C: DONE
      1S: a2 OK *
      2C: b5 STORE 2 +FLAGS.SILENT (\\Seen)
      2S: b5 OK *
      1S: * 2 FETCH (UID 3 FLAGS (\\Seen))
    `));

  test("SELECTED-DELAYED: numbers stand still between commands; with QRESYNC it is VANISHED", () =>
    server.playInInbox(`
      1C: a1 ENABLE QRESYNC
      1S: * OK [HIGHESTMODSEQ *
      1S: * ENABLED QRESYNC
      1S: a1 OK *
      1C: a2 NOTIFY SET (selected-delayed (MessageNew MessageExpunge))
      1S: a2 OK *
      2C: b1 STORE 1 +FLAGS.SILENT (\\Deleted)
      2S: b1 OK *
      2C: b2 EXPUNGE
      2S: * 1 EXPUNGE
      2S: b2 OK *
      2C: b3 APPEND INBOX {4+}
      2C: four
      2S: * 3 EXISTS
      2S: * 0 RECENT
      2S: b3 OK *
      1S: * 4 EXISTS
      1S: * 1 RECENT
      1S: * OK [HIGHESTMODSEQ 3] *
      1C: a3 NOOP
      1S: * VANISHED 1
      1S: * OK [HIGHESTMODSEQ *
      1S: a3 OK *
    `));

  test("nothing of the selected mailbox is told unless it is asked for; one's own expunges are", () =>
    server.playInInbox(`
      1C: a1 NOTIFY NONE
      1S: a1 OK *
      2C: b1 STORE 1 +FLAGS.SILENT (\\Deleted)
      2S: b1 OK *
      2C: b2 EXPUNGE
      2S: * 1 EXPUNGE
      2S: b2 OK *
      1C: a2 NOOP
      1S: a2 OK *
      1C: a3 STORE 2 +FLAGS.SILENT (\\Deleted)
      1S: a3 OK *
      1C: a4 EXPUNGE
      1S: * 2 EXPUNGE
      1S: a4 OK *
      # NOTIFY SET is a NOOP as well: what it asks for is told at once.
      1C: a5 NOTIFY SET (selected (MessageNew MessageExpunge))
      1S: * 1 EXPUNGE
      1S: a5 OK *
    `));

  test("other mailboxes: their numbers at first, and when they change", () =>
    server.playInInbox(`
      1C: a1 NOTIFY SET STATUS (selected (MessageNew MessageExpunge)) (mailboxes (Trash INBOX gone) (MessageNew MessageExpunge FlagChange)) (subtree Archive (MessageNew MessageExpunge))
      1S: * STATUS Archive (MESSAGES 0 UIDNEXT 1 UIDVALIDITY $archive)
      1S: * STATUS Trash (MESSAGES 0 UIDNEXT 1 UIDVALIDITY $trash HIGHESTMODSEQ 1)
      1S: a1 OK *
      2C: b1 COPY 1 Trash
      2S: b1 OK *
      1S: * STATUS Trash (MESSAGES 1 UIDNEXT 2 UIDVALIDITY $trash UNSEEN 1)
      2C: b2 COPY 1 Junk
      2S: b2 OK *
      2C: b3 COPY 1 Archive
      2S: b3 OK *
      1S: * STATUS Archive (MESSAGES 1 UIDNEXT 2 UIDVALIDITY $archive)
      2C: b4 SELECT Trash
      2S: ...
      2S: b4 OK *
      2C: b5 STORE 1 +FLAGS.SILENT (\\Seen)
      2S: b5 OK *
      1S: * STATUS Trash (MESSAGES 1 UIDNEXT 2 UIDVALIDITY $trash UNSEEN 0)
      2C: b6 STORE 1 +FLAGS.SILENT (\\Deleted)
      2S: b6 OK *
      1S: * STATUS Trash (MESSAGES 1 UIDNEXT 2 UIDVALIDITY $trash UNSEEN 0)
      2C: b7 EXPUNGE
      2S: * 1 EXPUNGE
      2S: b7 OK *
      1S: * STATUS Trash (MESSAGES 0 UIDNEXT 2 UIDVALIDITY $trash UNSEEN 0)
    `));

  test("names and subscriptions: made, renamed with what is below, deleted", () =>
    server.playAsAlice(`
      1C: a1 NOTIFY SET (personal (MailboxName SubscriptionChange)) (subscribed (MessageNew MessageExpunge))
      1S: a1 OK *
      2C: b1 CREATE up/down
      2S: b1 OK *
      1S: * LIST (\\HasChildren) "/" up
      1S: * LIST (\\HasChildren) "/" up
      1S: * LIST (\\HasNoChildren) "/" up/down
      2C: b2 RENAME up over
      2S: b2 OK *
      1S: * LIST (\\HasChildren) "/" over ("OLDNAME" (up))
      2C: b3 SUBSCRIBE over/down
      2S: b3 OK *
      1S: * LIST (\\Subscribed \\HasNoChildren) "/" over/down
      2C: b4 APPEND over/down {1+}
      2C: x
      2S: b4 OK *
      1S: * STATUS over/down (MESSAGES 1 UIDNEXT 2 UIDVALIDITY *
      2C: b5 UNSUBSCRIBE over/down
      2S: b5 OK *
      1S: * LIST (\\HasNoChildren) "/" over/down
      2C: b6 DELETE over/down
      2S: b6 OK *
      1S: * LIST (\\HasNoChildren) "/" over
      1S: * LIST (\\NonExistent) "/" over/down
    `));

  test("too much of it: the client is told, and nothing more", async () => {
    const busy = ["1C: a1 NOTIFY SET (personal (MailboxName))", "1S: a1 OK *"];
    const many = Array.from({ length: 1100 }, (_, index) => `m${index}`);
    // One command of the backend that renames a thousand names at once.
    await server.playAsAlice(many.map((name) => `C: c CREATE top/${name}\nS: c OK *`).join("\n"));
    await server.playAsAlice(
      [
        ...busy,
        "2C: b1 RENAME top other",
        "2S: b1 OK *",
        "1S: * OK [NOTIFICATIONOVERFLOW] *",
        "2C: b2 CREATE more",
        "2S: b2 OK *",
        "1C: a2 NOOP",
        "1S: a2 OK *",
      ].join("\n"),
    );
  });
});
