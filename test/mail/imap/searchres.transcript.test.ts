import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Progress } from "../../../src/mail/imap/progress.js";
import type { Session } from "../../../src/mail/imap/session.js";
import { startTestServer, type TestServer } from "./test-server.js";

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
  await server.playAsAlice(`
    C: a APPEND INBOX (\\Seen) {3+}
    C~ one {3+}\\r\\ntwo (\\Seen) {5+}\\r\\nthree {4+}\\r\\nfour (\\Seen) {4+}\\r\\nfive\\r\\n
    S: a OK [APPENDUID *
  `);
});
afterEach(async () => {
  await server.stop();
  expect(server.errors).toEqual([]);
});

describe("SEARCHRES (RFC 5182)", () => {
  test("wrong uses; $ is empty at first, and what it was when a search goes wrong with BAD", () =>
    server.playInInbox(`
      C: a1 FETCH $ (UID)
      S: a1 OK *
      C: a2 SEARCH RETURN (SAVE) SEEN
      S: a2 OK *
      C: a3 FETCH $,1 (UID)
      S: a3 BAD *
      C: a4 SEARCH RETURN (SAVE) NONSENSE
      S: a4 BAD *
      C: a5 SEARCH 1:2
      S: * SEARCH 1 2
      S: a5 OK *
      C: a6 FETCH $ (UID)
      S: * 1 FETCH (UID 1)
      S: * 3 FETCH (UID 3)
      S: * 5 FETCH (UID 5)
      S: a6 OK *
      C: a7 SEARCH CHARSET X-NONE TEXT a
      S: a7 NO [BADCHARSET *
      C: a8 SEARCH RETURN (COUNT) $
      S: * ESEARCH (TAG "a8") COUNT 3
      S: a8 OK *
      # A NO to a search that was to save empties it.
      C: a9 SEARCH RETURN (SAVE) CHARSET X-NONE TEXT a
      S: a9 NO [BADCHARSET *
      C: b1 SEARCH RETURN (COUNT) $
      S: * ESEARCH (TAG "b1") COUNT 0
      S: b1 OK *
      C: b2 COPY $ Trash
      S: b2 OK *
    `));

  test("as numbers and as UIDs, in every command, also pipelined; what goes goes from it", () =>
    server.playInInbox(`
      C~ a1 SEARCH RETURN (SAVE) SEEN\\r\\na2 UID FETCH $ (UID)\\r\\n
      S: a1 OK *
      S: * 1 FETCH (UID 1)
      S: * 3 FETCH (UID 3)
      S: * 5 FETCH (UID 5)
      S: a2 OK *
      C: a3 UID SEARCH UID $ 2:4
      S: * SEARCH 3
      S: a3 OK *
      C: a4 SEARCH (OR $ 2)
      S: * SEARCH 1 2 3 5
      S: a4 OK *
      C: a5 STORE 3 +FLAGS.SILENT (\\Deleted)
      S: a5 OK *
      C: a6 UID EXPUNGE $
      S: * 3 EXPUNGE
      S: a6 OK *
      C: a7 FETCH $ (UID)
      S: * 1 FETCH (UID 1)
      S: * 4 FETCH (UID 5)
      S: a7 OK *
      C: a8 STORE $ -FLAGS (\\Seen)
      S: * 1 FETCH (FLAGS (\\Recent))
      S: * 4 FETCH (FLAGS (\\Recent))
      S: a8 OK *
      C: a9 COPY $ Trash
      S: a9 OK [COPYUID *
      C: b1 SELECT INBOX
      S: * OK [CLOSED] *
      S: * FLAGS *
      S: * OK [PERMANENTFLAGS *
      S: * 4 EXISTS
      S: * 0 RECENT
      S: * OK [UNSEEN 1] *
      S: * OK [UIDVALIDITY *
      S: * OK [UIDNEXT 6] *
      S: * OK [HIGHESTMODSEQ *
      S: * OK [MAILBOXID *
      S: b1 OK *
      C: b2 FETCH $ (UID)
      S: b2 OK *
    `));

  test("with MIN and MAX it holds those; with ALL or COUNT everything", () =>
    server.playInInbox(`
      C: a1 SEARCH RETURN (SAVE MIN) SEEN
      S: * ESEARCH (TAG "a1") MIN 1
      S: a1 OK *
      C: a2 SEARCH $
      S: * SEARCH 1
      S: a2 OK *
      C: a3 SEARCH RETURN (MAX SAVE MIN) SEEN
      S: * ESEARCH (TAG "a3") MIN 1 MAX 5
      S: a3 OK *
      C: a4 SEARCH $
      S: * SEARCH 1 5
      S: a4 OK *
      C: a5 SEARCH RETURN (MAX SAVE MIN COUNT) SEEN
      S: * ESEARCH (TAG "a5") MIN 1 MAX 5 COUNT 3
      S: a5 OK *
      C: a6 SEARCH $
      S: * SEARCH 1 3 5
      S: a6 OK *
    `));

  test("unknown where it is not offered", async () => {
    const without = await startTestServer({
      withoutCapabilities: ["SEARCHRES", "PARTIAL", "SORT", "NOTIFY"],
    });
    await without.playInInbox(`
      C: a1 SEARCH RETURN (SAVE) ALL
      S: a1 BAD *
      C: a2 FETCH $ (UID)
      S: a2 BAD *
      C: a3 SEARCH $
      S: a3 BAD *
      C: a4 SEARCH RETURN (PARTIAL 1:2) ALL
      S: a4 BAD *
      C: a5 UID FETCH 1:* (UID) (PARTIAL 1:2)
      S: a5 BAD *
      C: a6 SORT (DATE) UTF-8 ALL
      S: a6 BAD *
      C: a7 NOTIFY NONE
      S: a7 BAD *
    `);
    await without.stop();
  });
});

describe("PARTIAL (RFC 9394)", () => {
  test("wrong uses", () =>
    server.playInInbox(`
      C: a1 SEARCH RETURN (PARTIAL) ALL
      S: a1 BAD *
      C: a2 SEARCH RETURN (PARTIAL 1) ALL
      S: a2 BAD *
      C: a3 SEARCH RETURN (PARTIAL 0:2) ALL
      S: a3 BAD *
      C: a4 SEARCH RETURN (PARTIAL 1:*) ALL
      S: a4 BAD *
      C: a5 SEARCH RETURN (PARTIAL -1:2) ALL
      S: a5 BAD *
      C: a6 SEARCH RETURN (PARTIAL 1:2 ALL) ALL
      S: a6 BAD *
      C: a7 SEARCH RETURN (PARTIAL 1:2 PARTIAL 1:2) ALL
      S: a7 BAD *
      C: a8 FETCH 1:* (UID) (PARTIAL 1:2)
      S: a8 BAD *
    `));

  test("pages from either end, and what $ holds of them", () =>
    server.playInInbox(`
      C: a1 SEARCH RETURN (PARTIAL 1:2) SEEN
      S: * ESEARCH (TAG "a1") PARTIAL (1:2 1,3)
      S: a1 OK *
      C: a2 UID SEARCH RETURN (PARTIAL -1:-2 COUNT) SEEN
      S: * ESEARCH (TAG "a2") UID COUNT 3 PARTIAL (-1:-2 3,5)
      S: a2 OK *
      C: a3 SEARCH RETURN (PARTIAL -9:-2) ALL
      S: * ESEARCH (TAG "a3") PARTIAL (-2:-9 1:4)
      S: a3 OK *
      C: a4 SEARCH RETURN (PARTIAL 6:9) ALL
      S: * ESEARCH (TAG "a4") PARTIAL (6:9 NIL)
      S: a4 OK *
      C: a5 SEARCH RETURN (PARTIAL -6:-9) ALL
      S: * ESEARCH (TAG "a5") PARTIAL (-6:-9 NIL)
      S: a5 OK *
      C: a6 SEARCH RETURN (PARTIAL 2:3 SAVE MIN) ALL
      S: * ESEARCH (TAG "a6") MIN 1 PARTIAL (2:3 2:3)
      S: a6 OK *
      C: a7 SEARCH $
      S: * SEARCH 1 2 3
      S: a7 OK *
      C: a8 UID FETCH 1:* (UID) (PARTIAL -1:-2)
      S: * 4 FETCH (UID 4)
      S: * 5 FETCH (UID 5)
      S: a8 OK *
      C: a9 UID FETCH 2:9 (UID) (PARTIAL 1:1 CHANGEDSINCE 1)
      S: * OK [HIGHESTMODSEQ *
      S: * 2 FETCH (UID 2 MODSEQ (2))
      S: a9 OK *
    `));
});

test("a long search says how far it is, now and then, and not to a client that does not read (RFC 9585)", () => {
  const lines: string[] = [];
  const out = { blocked: false, line: (text: string) => lines.push(text), flush: () => {} };
  const settings = { limits: { progressInterval: 0 }, withoutCapabilities: new Set() };
  const session = { out, settings, state: "selected" } as unknown as Session;
  new Progress(session, "a1").report(3, 10);
  new Progress(session, "a]1").report(12, 10);
  out.blocked = true;
  new Progress(session, "a1").report(5, 10);
  out.blocked = false;
  settings.limits.progressInterval = 10_000;
  new Progress(session, "a1").report(5, 10);
  expect(lines).toEqual([
    '* OK [INPROGRESS ("a1" 3 10)] Still at work.',
    "* OK [INPROGRESS (NIL 10 10)] Still at work.",
  ]);
});
