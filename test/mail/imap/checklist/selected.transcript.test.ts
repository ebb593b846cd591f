/** What real clients demand, line by line: SELECT, STATUS and what changes meanwhile (39 to 51). */
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { startTestServer, type TestServer } from "../test-server.js";
import { TestClient } from "../transcript.js";
import { fill } from "./fill.js";

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
  await fill(server, ["one", "two", "three", "four"]);
});
afterEach(async () => {
  await server.stop();
  expect(server.errors).toEqual([]);
});

describe("SELECT and STATUS", () => {
  test("[39] SELECT tells flags, numbers, the first unseen and what the mailbox stands at", async () => {
    const client = await TestClient.connect(server.port);
    await client.line();
    await client.command("a LOGIN alice secret");
    await client.command("b APPEND INBOX ($label1) {1+}\r\nx");
    const told = await client.command("c SELECT INBOX");
    for (const line of [
      /^\* FLAGS \(\\Answered \\Flagged \\Deleted \\Seen \\Draft \$label1\)$/,
      /^\* OK \[PERMANENTFLAGS \(.*\\\*\)\] /,
      /^\* 5 EXISTS$/,
      /^\* 1 RECENT$/,
      /^\* OK \[UNSEEN 1\] /,
      /^\* OK \[UIDVALIDITY \d+\] /,
      /^\* OK \[UIDNEXT 6\] /,
      /^\* OK \[HIGHESTMODSEQ \d+\] /,
      /^c OK \[READ-WRITE\] /,
    ])
      expect(told).toContainEqual(expect.stringMatching(line));
    const empty = await client.command("d SELECT Trash");
    expect(empty).toEqual(expect.arrayContaining(["* 0 EXISTS", "* 0 RECENT"]));
    expect(empty.join()).not.toContain("UNSEEN");
    client.close();
  });

  test("[40] a new keyword is announced before the first FETCH that uses it", () =>
    server.playInInbox(`
      1C: a1 STORE 1 +FLAGS (projekt)
      1S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft projekt)
      1S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft projekt \\*)] *
      1S: * 1 FETCH (FLAGS (projekt))
      1S: a1 OK *
      2C: b1 NOOP
      2S: b1 OK *
      2C: b2 STORE 2 +FLAGS.SILENT (other)
      2S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft projekt other)
      2S: * OK [PERMANENTFLAGS *
      2S: b2 OK *
      1C: a2 NOOP
      1S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft projekt other)
      1S: * OK [PERMANENTFLAGS *
      1S: * 2 FETCH (FLAGS (other))
      1S: a2 OK *
    `));

  test("[41] Thunderbird's tags, junk marks, $Forwarded, $MDNSent and one's own", () =>
    server.playInInbox(`
      C: a1 uid store 1 +FLAGS (Junk)
      S: ...
      S: * 1 FETCH (UID 1 FLAGS (Junk))
      S: a1 OK *
      C: a2 uid store 1 -FLAGS (NonJunk)
      S: ...
      S: * 1 FETCH (UID 1 FLAGS (Junk))
      S: a2 OK *
      C: a3 STORE 1 FLAGS ($label1 $label5 $Forwarded $MDNSent my-tag)
      S: ...
      S: * 1 FETCH (FLAGS ($label1 $label5 $Forwarded $MDNSent my-tag))
      S: a3 OK *
      C: a4 SEARCH KEYWORD $forwarded KEYWORD MY-TAG UNKEYWORD Junk
      S: * SEARCH 1
      S: a4 OK *
    `));

  test("[42] STATUS of the selected mailbox, with SELECT's numbers; RECENT is unknown to IMAP4rev2", () =>
    server.playInInbox(`
      C: a1 STATUS INBOX (MESSAGES RECENT UIDNEXT UNSEEN)
      S: * STATUS INBOX (MESSAGES 4 RECENT 0 UIDNEXT 5 UNSEEN 4)
      S: a1 OK *
      C: a2 STORE 1 +FLAGS.SILENT (\\Seen)
      S: a2 OK *
      C: a3 STATUS INBOX (UNSEEN)
      S: * STATUS INBOX (UNSEEN 3)
      S: a3 OK *
      2C: b1 ENABLE IMAP4rev2
      2S: * ENABLED IMAP4rev2
      2S: b1 OK *
      2C: b2 STATUS INBOX (MESSAGES RECENT)
      2S: b2 BAD *
    `));
});

describe("changes meanwhile", () => {
  test("[43] new mail at the end of any command; expunges never during FETCH, STORE and SEARCH", () =>
    server.playInInbox(`
      1C: a1 NOOP
      1S: a1 OK *
      2C: b1 STORE 1,2 +FLAGS.SILENT (\\Deleted)
      2S: b1 OK *
      2C: b2 EXPUNGE
      2S: * 1 EXPUNGE
      2S: * 1 EXPUNGE
      2S: b2 OK *
      2C: b3 APPEND INBOX {4+}
      2C: five
      2S: ...
      2S: b3 OK *
      1C: a2 FETCH 3 (UID)
      1S: * 3 FETCH (UID 3)
      1S: * 5 EXISTS
      1S: * 1 RECENT
      1S: a2 OK *
      1C: a3 STORE 4 +FLAGS.SILENT (\\Seen)
      1S: a3 OK *
      1C: a4 SEARCH UID 3:5
      1S: * SEARCH 3 4 5
      1S: a4 OK *
      # the others may tell, and the numbers count down as they are told
      1C: a5 UID SEARCH ALL
      1S: * SEARCH 1 2 3 4 5
      1S: * 1 EXPUNGE
      1S: * 1 EXPUNGE
      1S: a5 OK *
      1C: a6 FETCH 1:* (UID)
      1S: * 1 FETCH (UID 3)
      1S: * 2 FETCH (UID 4)
      1S: * 3 FETCH (UID 5)
      1S: a6 OK *
    `));

  test("[44] EXISTS never shrinks, and does not follow an EXPUNGE", () =>
    server.playInInbox(`
      1C: a1 STORE 1:4 +FLAGS.SILENT (\\Deleted)
      1S: a1 OK *
      1C: a2 EXPUNGE
      1S: * 1 EXPUNGE
      1S: * 1 EXPUNGE
      1S: * 1 EXPUNGE
      1S: * 1 EXPUNGE
      1S: a2 OK *
      1C: a3 NOOP
      1S: a3 OK *
    `));

  test("[45] flags that another session has changed, with UID and MODSEQ for those who know CONDSTORE", () =>
    server.playInInbox(`
      1C: a1 ENABLE CONDSTORE
      1S: ...
      1S: a1 OK *
      2C: b1 NOOP
      2S: b1 OK *
      3C: c1 STORE 3 +FLAGS.SILENT (\\Flagged)
      3S: c1 OK *
      1C: a2 NOOP
      1S: * 3 FETCH (UID 3 FLAGS (\\Flagged) MODSEQ ($m))
      1S: a2 OK *
      2C: b2 NOOP
      2S: * 3 FETCH (FLAGS (\\Flagged))
      2S: b2 OK *
    `));

  test("[46] STORE on what was expunged elsewhere: EXPUNGEISSUED, and nothing gets out of step", () =>
    server.playInInbox(`
      1C: a1 NOOP
      1S: a1 OK *
      2C: b1 STORE 1 +FLAGS.SILENT (\\Deleted)
      2S: b1 OK *
      2C: b2 EXPUNGE
      2S: * 1 EXPUNGE
      2S: b2 OK *
      1C: a2 STORE 1:2 +FLAGS (\\Seen)
      1S: * 2 FETCH (FLAGS (\\Seen))
      1S: a2 OK [EXPUNGEISSUED] *
      1C: a3 NOOP
      1S: * 1 EXPUNGE
      1S: a3 OK *
      1C: a4 FETCH 1 (UID FLAGS)
      1S: * 1 FETCH (UID 2 FLAGS (\\Seen))
      1S: a4 OK *
    `));

  test("[47] a session that has not been told of an expunge still reads the message", () =>
    server.playInInbox(`
      1C: a1 NOOP
      1S: a1 OK *
      2C: b1 STORE 2 +FLAGS.SILENT (\\Deleted)
      2S: b1 OK *
      2C: b2 EXPUNGE
      2S: * 2 EXPUNGE
      2S: b2 OK *
      1C: a2 FETCH 2 (BODY.PEEK[] RFC822.SIZE)
      1S: * 2 FETCH (BODY[] {3}\\r\\ntwo RFC822.SIZE 3)
      1S: a2 OK *
    `));

  test("[48] .SILENT is silent to the storer only", () =>
    server.playInInbox(`
      1C: a1 NOOP
      1S: a1 OK *
      2C: b1 STORE 1 +FLAGS.SILENT (\\Seen)
      2S: b1 OK *
      1C: a2 NOOP
      1S: * 1 FETCH (FLAGS (\\Seen))
      1S: a2 OK *
    `));

  test("[49] UIDs grow and are never used again", () =>
    server.playInInbox(`
      C: a1 STORE 3:4 +FLAGS.SILENT (\\Deleted)
      S: a1 OK *
      C: a2 EXPUNGE
      S: ...
      S: a2 OK *
      C: a3 STATUS INBOX (UIDNEXT)
      S: * STATUS INBOX (UIDNEXT 5)
      S: a3 OK *
      C: a4 APPEND INBOX {4+}
      C~ five {3+}\\r\\nsix\\r\\n
      S: ...
      S: a4 OK [APPENDUID $validity 5:6] *
    `));

  test("[50] CONDSTORE: CHANGEDSINCE 0, numbers of 63 bits, only what has changed", () =>
    server.playInInbox(`
      C: a1 UID FETCH 1:2 (FLAGS) (CHANGEDSINCE 0)
      S: ...
      S: * 1 FETCH (UID 1 FLAGS () MODSEQ ($one))
      S: * 2 FETCH (UID 2 FLAGS () MODSEQ ($two))
      S: a1 OK *
      C: a2 FETCH 1:* (FLAGS) (CHANGEDSINCE 9223372036854775807)
      S: a2 OK *
      C: a3 FETCH 1:* (FLAGS) (CHANGEDSINCE -1)
      S: a3 BAD *
      C: a4 STORE 2 (UNCHANGEDSINCE $two) +FLAGS.SILENT (\\Seen)
      S: * 2 FETCH (UID 2 MODSEQ ($three))
      S: a4 OK *
      C: a5 STORE 2 (UNCHANGEDSINCE $two) +FLAGS.SILENT (\\Draft)
      S: ...
      S: a5 OK [MODIFIED 2] *
      C: a6 FETCH 1:* (FLAGS) (CHANGEDSINCE $two)
      S: ...
      S: * 2 FETCH (FLAGS (\\Seen) MODSEQ ($three))
      S: ...
      S: a6 OK *
    `));

  test("[51] QRESYNC: what vanished and what changed, at SELECT and as mutt asks in UID FETCH", () =>
    server.playAsAlice(`
      C: a1 ENABLE QRESYNC
      S: * ENABLED *
      S: a1 OK *
      C: a2 SELECT INBOX
      S: ...
      S: * OK [UIDVALIDITY $validity] *
      S: ...
      S: * OK [HIGHESTMODSEQ $then] *
      S: ...
      S: a2 OK *
      C: a3 UID STORE 2,3 +FLAGS.SILENT (\\Deleted)
      S: ...
      S: a3 OK *
      C: a4 UID EXPUNGE 2
      S: * VANISHED 2
      S: a4 OK *
      C: a5 UNSELECT
      S: a5 OK *
      C: a6 SELECT INBOX (QRESYNC ($validity $then 1:4))
      S: ...
      S: * VANISHED (EARLIER) 2
      S: * 2 FETCH (UID 3 FLAGS (\\Deleted) MODSEQ ($m))
      S: a6 OK *
      C: a7 UID FETCH 1:60 (FLAGS) (CHANGEDSINCE $then VANISHED)
      S: * VANISHED (EARLIER) *
      S: * 2 FETCH (UID 3 FLAGS (\\Deleted) MODSEQ ($m))
      S: a7 OK *
    `));
});
