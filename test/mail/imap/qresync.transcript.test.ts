import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { MemoryBackend } from "../../../src/mail/imap/memory-backend.js";
import { startTestServer, type TestServer } from "./test-server.js";

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
  await server.playAsAlice(`
    C: a APPEND INBOX {3+}
    C~ one {3+}\\r\\ntwo {5+}\\r\\nthree {4+}\\r\\nfour {4+}\\r\\nfive\\r\\n
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

describe("QRESYNC (RFC 7162)", () => {
  test("wrong uses: before ENABLE, in FETCH, without CHANGEDSINCE, broken parameters", () =>
    server.playAsAlice(`
      C: a1 SELECT INBOX (QRESYNC (1 1))
      S: a1 BAD *
      C: a2 SELECT INBOX
      S: * FLAGS *
      S: * OK [PERMANENTFLAGS *
      S: * 5 EXISTS
      S: * 0 RECENT
      S: * OK [UNSEEN 1] *
      S: * OK [UIDVALIDITY *
      S: * OK [UIDNEXT 6] *
      S: * OK [HIGHESTMODSEQ 2] *
      S: * OK [MAILBOXID *
      S: a2 OK *
      C: a3 UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1 VANISHED)
      S: a3 BAD *
      C: a4 ENABLE QRESYNC
      S: * OK [HIGHESTMODSEQ 2] *
      S: * ENABLED QRESYNC
      S: a4 OK *
      C: a5 FETCH 1:* (FLAGS) (CHANGEDSINCE 1 VANISHED)
      S: a5 BAD *
      C: a6 UID FETCH 1:* (FLAGS) (VANISHED)
      S: a6 BAD *
      # A SELECT that is not understood leaves nothing selected.
      C: b1 SELECT INBOX (QRESYNC)
      S: * OK [CLOSED] *
      S: b1 BAD *
      C: b2 SELECT INBOX (QRESYNC (1))
      S: b2 BAD *
      C: b3 SELECT INBOX (QRESYNC (0 1))
      S: b3 BAD *
      C: b4 SELECT INBOX (QRESYNC (1 1 1:*))
      S: b4 BAD *
      C: b5 SELECT INBOX (QRESYNC (1 1 $))
      S: b5 BAD *
      C: b6 SELECT INBOX (QRESYNC (1 1 1:5 (1:3 1:2)))
      S: b6 BAD *
      C: b7 SELECT INBOX (QRESYNC (1 1 1:5 (1:4000000000 1:4000000000)))
      S: b7 BAD *
      C: b8 FETCH 1 FLAGS
      S: b8 BAD *
    `));

  test("EXPUNGE tells VANISHED and the new MODSEQ; the other session is told as it likes", () =>
    server.playInInbox(`
      1C: a1 ENABLE QRESYNC CONDSTORE
      1S: * OK [HIGHESTMODSEQ 2] *
      1S: * ENABLED CONDSTORE QRESYNC
      1S: a1 OK *
      2C: b1 STORE 2,3,5 +FLAGS.SILENT (\\Deleted)
      2S: b1 OK *
      1C: a2 EXPUNGE
      1S: * VANISHED 2:3,5
      1S: a2 OK [HIGHESTMODSEQ 4] Expunged.
      2C: b2 NOOP
      2S: * 2 EXPUNGE
      2S: * 2 EXPUNGE
      2S: * 3 EXPUNGE
      2S: b2 OK *
      1C: a3 EXPUNGE
      1S: a3 OK Expunged.
      2C: b3 UID MOVE 4 Trash
      2S: * OK [COPYUID *
      2S: * 2 EXPUNGE
      2S: b3 OK Moved.
      1C: a4 NOOP
      1S: * VANISHED 4
      1S: a4 OK *
      1C: a5 UID MOVE 1 Trash
      1S: * OK [COPYUID *
      1S: * VANISHED 1
      1S: a5 OK [HIGHESTMODSEQ 6] Moved.
    `));

  test("while expunges are held back, no MODSEQ is told that would lose them", () =>
    server.playInInbox(`
      1C: a1 ENABLE QRESYNC
      1S: * OK [HIGHESTMODSEQ 2] *
      1S: * ENABLED QRESYNC
      1S: a1 OK *
      2C: b1 STORE 5 +FLAGS.SILENT (\\Deleted)
      2S: b1 OK *
      2C: b2 EXPUNGE
      2S: * 5 EXPUNGE
      2S: b2 OK *
      2C: b3 STORE 1 +FLAGS.SILENT (\\Seen)
      2S: b3 OK *
      # MODSEQ 4 is the expunge's, 5 the flag's.
      1C: a2 FETCH 1 (FLAGS)
      1S: * 1 FETCH (FLAGS (\\Seen))
      1S: * OK [HIGHESTMODSEQ 3] *
      1S: a2 OK *
      1C: a3 STORE 2 +FLAGS (\\Answered)
      1S: * 2 FETCH (UID 2 FLAGS (\\Answered) MODSEQ (6))
      1S: * OK [HIGHESTMODSEQ 3] *
      1S: a3 OK *
      1C: a4 NOOP
      1S: * VANISHED 5
      1S: * OK [HIGHESTMODSEQ 6] *
      1S: a4 OK *
    `));

  test("coming back: what has gone, then what has changed, of the UIDs that are known (line 51)", () =>
    server.playInInbox(`
      1C: a1 ENABLE QRESYNC
      1S: * OK [HIGHESTMODSEQ 2] *
      1S: * ENABLED QRESYNC
      1S: a1 OK *
      1C: a2 STATUS INBOX (UIDVALIDITY)
      1S: * STATUS INBOX (UIDVALIDITY $validity)
      1S: a2 OK *
      1C: a3 UNSELECT
      1S: a3 OK *
      2C: b1 STORE 2,4 +FLAGS.SILENT (\\Deleted)
      2S: b1 OK *
      2C: b2 EXPUNGE
      2S: * 2 EXPUNGE
      2S: * 3 EXPUNGE
      2S: b2 OK *
      2C: b3 STORE 2 +FLAGS.SILENT (kw)
      2S: * FLAGS *
      2S: * OK *
      2S: b3 OK *
      2C: b4 APPEND INBOX {3+}
      2C: six
      2S: * 4 EXISTS
      2S: * 1 RECENT
      2S: b4 OK *
      1C: a4 SELECT INBOX (QRESYNC ($validity 2))
      1S: * FLAGS *
      1S: * OK [PERMANENTFLAGS *
      1S: * 4 EXISTS
      1S: * 0 RECENT
      1S: * OK [UNSEEN 1] *
      1S: * OK [UIDVALIDITY $validity] *
      1S: * OK [UIDNEXT 7] *
      1S: * OK [HIGHESTMODSEQ 6] *
      1S: * OK [MAILBOXID *
      1S: * VANISHED (EARLIER) 2,4
      1S: * 2 FETCH (UID 3 FLAGS (kw) MODSEQ (5))
      1S: * 4 FETCH (UID 6 FLAGS () MODSEQ (6))
      1S: a4 OK [READ-WRITE] *
      # Of the known ones only; the second UID is where the client believes it is.
      1C: a5 EXAMINE INBOX (QRESYNC ($validity 2 1:3,5))
      1S: * OK [CLOSED] *
      1S: * FLAGS *
      1S: * OK [PERMANENTFLAGS ()] *
      1S: * 4 EXISTS
      1S: * 0 RECENT
      1S: * OK [UNSEEN 1] *
      1S: * OK [UIDVALIDITY $validity] *
      1S: * OK [UIDNEXT 7] *
      1S: * OK [HIGHESTMODSEQ 6] *
      1S: * OK [MAILBOXID *
      1S: * VANISHED (EARLIER) 2
      1S: * 2 FETCH (UID 3 FLAGS (kw) MODSEQ (5))
      1S: a5 OK [READ-ONLY] *
      1C: a6 SELECT INBOX (QRESYNC ($validity 5 1:5 (1:2 1,3)) CONDSTORE)
      1S: * OK [CLOSED] *
      1S: * FLAGS *
      1S: * OK [PERMANENTFLAGS *
      1S: * 4 EXISTS
      1S: * 0 RECENT
      1S: * OK [UNSEEN 1] *
      1S: * OK [UIDVALIDITY $validity] *
      1S: * OK [UIDNEXT 7] *
      1S: * OK [HIGHESTMODSEQ 6] *
      1S: * OK [MAILBOXID *
      1S: a6 OK [READ-WRITE] *
      # Another UIDVALIDITY: as if nothing had been asked.
      1C: a7 SELECT INBOX (QRESYNC (1 1 1:5))
      1S: * OK [CLOSED] *
      1S: * FLAGS *
      1S: * OK [PERMANENTFLAGS *
      1S: * 4 EXISTS
      1S: * 0 RECENT
      1S: * OK [UNSEEN 1] *
      1S: * OK [UIDVALIDITY $validity] *
      1S: * OK [UIDNEXT 7] *
      1S: * OK [HIGHESTMODSEQ 6] *
      1S: * OK [MAILBOXID *
      1S: a7 OK [READ-WRITE] *
      # mutt; and iOS, which begins with 0 (lines 50, 51).
      1C: a8 UID FETCH 1:60 (FLAGS) (CHANGEDSINCE 5 VANISHED)
      1S: * 4 FETCH (UID 6 FLAGS () MODSEQ (6))
      1S: a8 OK *
      1C: a9 UID FETCH 1:* (FLAGS) (VANISHED CHANGEDSINCE 0)
      1S: * VANISHED (EARLIER) 2,4
      1S: * 1 FETCH (UID 1 FLAGS () MODSEQ (2))
      1S: * 2 FETCH (UID 3 FLAGS (kw) MODSEQ (5))
      1S: * 3 FETCH (UID 5 FLAGS () MODSEQ (2))
      1S: * 4 FETCH (UID 6 FLAGS () MODSEQ (6))
      1S: a9 OK *
    `));

  test("samples of numbers and UIDs save what a server that forgets would have to repeat", async () => {
    const forgetful = new MemoryBackend({ users: { alice: "secret" } });
    const openUser = forgetful.openUser.bind(forgetful);
    forgetful.openUser = async (user) => {
      const mail = await openUser(user);
      const openMailbox = mail.openMailbox.bind(mail);
      mail.openMailbox = async (...given) => {
        const handle = await openMailbox(...given);
        if (handle) handle.vanishedSince = async () => null;
        return handle;
      };
      return mail;
    };
    const other = await startTestServer({ backend: forgetful });
    await other.playAsAlice(`
      C: a1 ENABLE QRESYNC
      S: * ENABLED QRESYNC
      S: a1 OK *
      C: a2 APPEND INBOX (\\Deleted) {1+}
      C~ 1 {1+}\\r\\n2 (\\Deleted) {1+}\\r\\n3 (\\Deleted) {1+}\\r\\n4 {1+}\\r\\n5 {1+}\\r\\n6\\r\\n
      S: a2 OK [APPENDUID $validity *
      C: a3 SELECT INBOX
      S: * FLAGS *
      S: * OK [PERMANENTFLAGS *
      S: * 6 EXISTS
      S: * 6 RECENT
      S: * OK [UNSEEN 1] *
      S: * OK [UIDVALIDITY *
      S: * OK [UIDNEXT 7] *
      S: * OK [HIGHESTMODSEQ 2] *
      S: * OK [MAILBOXID *
      S: a3 OK *
      C: a4 EXPUNGE
      S: * VANISHED 1,3:4
      S: a4 OK *
      C: a5 UID FETCH 1:9 (FLAGS) (CHANGEDSINCE 3 VANISHED)
      S: * VANISHED (EARLIER) 1,3:4,7:9
      S: a5 OK *
      C: a6 SELECT INBOX (QRESYNC ($validity 3 1:6 (1,2 2,5)))
      S: * OK [CLOSED] *
      S: * FLAGS *
      S: * OK [PERMANENTFLAGS *
      S: * 3 EXISTS
      S: * 0 RECENT
      S: * OK [UNSEEN 1] *
      S: * OK [UIDVALIDITY *
      S: * OK [UIDNEXT 7] *
      S: * OK [HIGHESTMODSEQ 3] *
      S: * OK [MAILBOXID *
      S: a6 OK *
      C: a7 SELECT INBOX (QRESYNC ($validity 3 1:6 (1,2 2,3)))
      S: * OK [CLOSED] *
      S: * FLAGS *
      S: * OK [PERMANENTFLAGS *
      S: * 3 EXISTS
      S: * 0 RECENT
      S: * OK [UNSEEN 1] *
      S: * OK [UIDVALIDITY *
      S: * OK [UIDNEXT 7] *
      S: * OK [HIGHESTMODSEQ 3] *
      S: * OK [MAILBOXID *
      S: * VANISHED (EARLIER) 3:4
      S: a7 OK *
    `);
    await other.stop();
  });
});
