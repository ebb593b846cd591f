import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { MemoryOpenMailbox } from "../../../src/mail/imap/memory-mailbox.js";
import { startTestServer, type TestServer } from "./test-server.js";

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
  await server.playAsAlice(`
    C: a APPEND INBOX {3+}
    C~ one {3+}\\r\\ntwo {5+}\\r\\nthree {4+}\\r\\nfour\\r\\n
    S: a OK [APPENDUID *
  `);
  // \\Recent goes to the first session that selects the mailbox; from here on there is none.
  await server.playInInbox(`
    C: a NOOP
    S: a OK *
  `);
});
afterEach(async () => {
  await server.stop();
  expect(server.errors).toEqual([]);
});

describe("several sessions", () => {
  test("a silent STORE tells of what others have done to the flags meanwhile, even when it does nothing itself", () =>
    server.playInInbox(`
      1C: a1 NOOP
      1S: a1 OK *
      2C: b1 STORE 1,2 +FLAGS (\\Seen)
      2S: * 1 FETCH (FLAGS (\\Seen))
      2S: * 2 FETCH (FLAGS (\\Seen))
      2S: b1 OK *
      1C: a2 STORE 1,3 +FLAGS.SILENT (\\Flagged)
      1S: * 1 FETCH (FLAGS (*
      1S: * 2 FETCH (FLAGS (\\Seen))
      1S: a2 OK *
      2C: b2 STORE 4 +FLAGS (\\Seen)
      2S: * 4 FETCH (FLAGS (\\Seen))
      2S: * 1 FETCH (FLAGS (*
      2S: * 3 FETCH (FLAGS (\\Flagged))
      2S: b2 OK *
      1C: a3 STORE 4 +FLAGS.SILENT (\\Seen)
      1S: * 4 FETCH (FLAGS (\\Seen))
      1S: a3 OK *
      1C: a4 ENABLE CONDSTORE
      1S: * OK [HIGHESTMODSEQ *
      1S: * ENABLED CONDSTORE
      1S: a4 OK *
      2C: b3 STORE 4 -FLAGS (\\Seen)
      2S: * 4 FETCH (FLAGS ())
      2S: b3 OK *
      1C: a5 STORE 4 -FLAGS.SILENT (\\Seen)
      1S: * 4 FETCH (UID 4 FLAGS () MODSEQ (*
      1S: a5 OK *
    `));

  test("the backend hears when the client knows what is gone, and not before", async () => {
    const forget = jest.spyOn(MemoryOpenMailbox.prototype, "forgetExpunged");
    try {
      await server.playInInbox(`
        1C: a1 NOOP
        1S: a1 OK *
        2C: b1 STORE 1 +FLAGS.SILENT (\\Deleted)
        2S: b1 OK *
        2C: b2 UID EXPUNGE 1
        2S: * 1 EXPUNGE
        2S: b2 OK *
        1C: a2 FETCH 2 UID
        1S: * 2 FETCH (UID 2)
        1S: a2 OK *
        1C: a3 NOOP
        1S: * 1 EXPUNGE
        1S: a3 OK *
        1C: a4 NOOP
        1S: a4 OK *
      `);
      const [deleting, hearing] = forget.mock.contexts;
      expect(forget).toHaveBeenCalledTimes(2);
      expect(hearing).not.toBe(deleting);
    } finally {
      forget.mockRestore();
    }
  });

  test("flags of another session, and expunges held back while sequence numbers are in use (lines 43, 45, 47)", () =>
    server.playInInbox(`
      1C: a1 NOOP
      1S: a1 OK *
      2C: b1 STORE 1,3 +FLAGS (\\Deleted)
      2S: * 1 FETCH (FLAGS (\\Deleted))
      2S: * 3 FETCH (FLAGS (\\Deleted))
      2S: b1 OK *
      2C: b2 STORE 4 +FLAGS.SILENT ($Forwarded)
      2S: * FLAGS *
      2S: * OK *
      2S: b2 OK *
      2C: b3 EXPUNGE
      2S: * 1 EXPUNGE
      2S: * 2 EXPUNGE
      2S: b3 OK *
      # 1 and 3 are gone, but the first session has not been told and still reads them.
      1C: a2 FETCH 2 (UID)
      1S: * 2 FETCH (UID 2)
      1S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Forwarded)
      1S: * OK *
      1S: * 4 FETCH (FLAGS ($Forwarded))
      1S: a2 OK *
      1C: a3 FETCH 1 (UID BODY.PEEK[])
      1S: * 1 FETCH (UID 1 BODY[] {3}\\r\\none)
      1S: a3 OK *
      1C: a4 SEARCH ALL
      1S: * SEARCH 1 2 3 4
      1S: a4 OK *
      1C: a5 STORE 1:2 +FLAGS (\\Seen)
      1S: * 2 FETCH (FLAGS (\\Seen))
      1S: a5 OK [EXPUNGEISSUED] *
      1C: a6 NOOP
      1S: * 1 EXPUNGE
      1S: * 2 EXPUNGE
      1S: a6 OK *
      1C: a7 FETCH 1:2 (UID FLAGS)
      1S: * 1 FETCH (UID 2 FLAGS (\\Seen))
      1S: * 2 FETCH (UID 4 FLAGS ($Forwarded))
      1S: a7 OK *
    `));

  test("UID commands may tell expunges; new mail at the end of any command (lines 43, 44)", () =>
    server.playInInbox(`
      1C: a1 NOOP
      1S: a1 OK *
      2C: b1 STORE 2 +FLAGS.SILENT (\\Deleted)
      2S: b1 OK *
      2C: b2 EXPUNGE
      2S: * 2 EXPUNGE
      2S: b2 OK *
      2C: b3 APPEND INBOX (\\Seen) {4+}
      2C: five
      2S: * 4 EXISTS
      2S: * 0 RECENT
      2S: b3 OK *
      1C: a2 UID FETCH 4 (UID)
      1S: * 4 FETCH (UID 4)
      1S: * 2 EXPUNGE
      1S: * 4 EXISTS
      1S: * 1 RECENT
      1S: a2 OK *
    `));

  test("a message that came and went before it was told of is never mentioned", () =>
    server.playInInbox(`
      1C: a1 NOOP
      1S: a1 OK *
      2C: b1 APPEND INBOX (\\Deleted) {4+}
      2C: five
      2S: * 5 EXISTS
      2S: * 0 RECENT
      2S: b1 OK *
      2C: b2 EXPUNGE
      2S: * 5 EXPUNGE
      2S: b2 OK *
      1C: a2 NOOP
      1S: a2 OK *
    `));

  test("two sessions do not overwrite each other's flags; both expunge", () =>
    server.playInInbox(`
      1C: a1 STORE 1 +FLAGS (\\Answered)
      1S: * 1 FETCH (FLAGS (\\Answered))
      1S: a1 OK *
      2C: b1 STORE 1 +FLAGS (\\Deleted)
      2S: * 1 FETCH (FLAGS (\\Answered \\Deleted))
      2S: b1 OK *
      1C: a2 FETCH 1 FLAGS
      1S: * 1 FETCH (FLAGS (\\Answered \\Deleted))
      1S: a2 OK *
      1C: a3 EXPUNGE
      1S: * 1 EXPUNGE
      1S: a3 OK *
      2C: b2 EXPUNGE
      2S: * 1 EXPUNGE
      2S: b2 OK *
    `));
});

describe("IDLE", () => {
  test("news at once, any case of DONE (line 12)", () =>
    server.playInInbox(`
      1C: a1 IDLE
      1S: + idling
      2C: b1 APPEND INBOX {4+}
      2C: five
      2S: * 5 EXISTS
      2S: * 0 RECENT
      2S: b1 OK *
      1S: * 5 EXISTS
      1S: * 1 RECENT
      2C: b2 STORE 2 +FLAGS.SILENT (\\Deleted)
      2S: b2 OK *
      1S: * 2 FETCH (FLAGS (\\Deleted))
      2C: b3 EXPUNGE
      2S: * 2 EXPUNGE
      2S: b3 OK *
      1S: * 2 EXPUNGE
      1C: done
      1S: a1 OK *
    `));

  test("what waits is told right after the continuation", () =>
    server.playInInbox(`
      1C: a1 NOOP
      1S: a1 OK *
      2C: b1 STORE 1 +FLAGS.SILENT (\\Flagged)
      2S: b1 OK *
      1C: a2 IDLE
      1S: + idling
      1S: * 1 FETCH (FLAGS (\\Flagged))
      1C: DONE
      1S: a2 OK *
    `));

  test("a command instead of DONE ends it and is obeyed, as iOS needs; IDLE without a mailbox", () =>
    server.playAsAlice(`
      C: a1 IDLE
      S: + idling
      C: a2 NOOP
      S: a1 OK *
      S: a2 OK *
      C: a3 IDLE now
      S: a3 BAD *
    `));

  test("a keep-alive line now and then", async () => {
    const quick = await startTestServer({ limits: { idleKeepAlive: 20 } });
    await quick.playAsAlice(`
      C: a1 IDLE
      S: + idling
      S: * OK Still here.
      S: * OK Still here.
      C: DONE
    `);
    await quick.stop();
  });
});
