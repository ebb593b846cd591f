/** What tells messages and mailboxes apart and when they came: OBJECTID (RFC 8474), SAVEDATE (RFC 8514); and PREVIEW (RFC 8970), XLIST. */
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { MemoryBackend } from "../../../src/mail/imap/memory-backend.js";
import { startTestServer, type TestServer } from "./test-server.js";

let server: TestServer;
/** 24 February 2024, 23:59:50 UTC. */
let now = 0;
beforeEach(async () => {
  now = Date.UTC(2024, 1, 24, 23, 59, 50) / 1000;
  server = await startTestServer({
    backend: new MemoryBackend({ users: { alice: "secret" }, now: () => now }),
  });
});
afterEach(async () => {
  await server.stop();
  expect(server.errors).toEqual([]);
});

const append = (tag: string, text: string): string => `
      C: ${tag} APPEND INBOX " 1-Jan-2000 10:00:00 +0100" {${text.length}+}
      C~ ${text.replaceAll("\r\n", "\\r\\n")}\\r\\n
      S: ${tag} OK *`;

describe("OBJECTID", () => {
  test("wrong uses", () =>
    server.playInInbox(`
      C: a1 SEARCH EMAILID
      S: a1 BAD *
      C: a2 SEARCH THREADID "x y"
      S: a2 BAD *
      C: a3 FETCH 1 EMAILID[1]
      S: a3 BAD *
      C: a4 STATUS INBOX (EMAILID)
      S: a4 BAD *
      C: a5 STATUS gone (MAILBOXID)
      S: a5 NO [NONEXISTENT] *
    `));

  test("a mailbox keeps its id when it is renamed; one made anew has another", () =>
    server.playAsAlice(`
      C: a1 CREATE one
      S: a1 OK [MAILBOXID ($one)] *
      C: a2 STATUS one (MESSAGES MAILBOXID)
      S: * STATUS one (MESSAGES 0 MAILBOXID ($one))
      S: a2 OK *
      C: a3 RENAME one two
      S: a3 OK *
      C: a4 LIST "" two RETURN (STATUS (MAILBOXID))
      S: * LIST (\\HasNoChildren) "/" two
      S: * STATUS two (MAILBOXID ($one))
      S: a4 OK *
      C: a5 EXAMINE two
      S: * FLAGS *
      S: * OK *
      S: * 0 EXISTS
      S: * 0 RECENT
      S: * OK [UIDVALIDITY *
      S: * OK [UIDNEXT *
      S: * OK [HIGHESTMODSEQ *
      S: * OK [MAILBOXID ($one)] *
      S: a5 OK *
      C: a6 CREATE one
      S: a6 OK [MAILBOXID ($other)] *
      C: a7 STATUS one (MAILBOXID)
      S: * STATUS one (MAILBOXID ($other))
      S: a7 OK *
      C: a8 STATUS two (MAILBOXID)
      S: * STATUS two (MAILBOXID ($one))
      S: a8 OK *
    `));

  test("copies have the EMAILID of what they are copies of; there are no THREADIDs", () =>
    server.playAsAlice(`${append("x1", "one")}${append("x2", "two")}
      C: a1 SELECT INBOX
      S: * FLAGS *
      S: * OK *
      S: * 2 EXISTS
      S: * 2 RECENT
      S: * OK *
      S: * OK *
      S: * OK *
      S: * OK *
      S: * OK *
      S: a1 OK *
      C: a2 COPY 2 INBOX
      S: * 3 EXISTS
      S: * 3 RECENT
      S: a2 OK *
      C: a3 FETCH 1:* (EMAILID THREADID)
      S: * 1 FETCH (EMAILID ($one) THREADID NIL)
      S: * 2 FETCH (EMAILID ($two) THREADID NIL)
      S: * 3 FETCH (EMAILID ($two) THREADID NIL)
      S: a3 OK *
      C: a4 SEARCH EMAILID $two
      S: * SEARCH 2 3
      S: a4 OK *
      C: a5 SEARCH NOT EMAILID $two
      S: * SEARCH 1
      S: a5 OK *
      # They are case-sensitive.
      C: a6 SEARCH OR EMAILID E3 THREADID $one
      S: * SEARCH
      S: a6 OK *
    `));
});

describe("SAVEDATE", () => {
  test("wrong uses", () =>
    server.playInInbox(`
      C: a1 SEARCH SAVEDON
      S: a1 BAD *
      C: a2 SEARCH SAVEDSINCE yesterday
      S: a2 BAD *
      C: a3 SEARCH SENTSAVEDON 1-Jan-2024
      S: a3 BAD *
    `));

  test("is when a message came into this mailbox, whatever date it was given", async () => {
    await server.playAsAlice(append("x1", "one"));
    now += 20;
    await server.playInInbox(`
      C: a1 COPY 1 INBOX
      S: * 2 EXISTS
      S: * 2 RECENT
      S: a1 OK *
      C: a2 FETCH 1:2 (INTERNALDATE SAVEDATE)
      S: * 1 FETCH (INTERNALDATE " 1-Jan-2000 10:00:00 +0100" SAVEDATE "24-Feb-2024 23:59:50 +0000")
      S: * 2 FETCH (INTERNALDATE " 1-Jan-2000 10:00:00 +0100" SAVEDATE "25-Feb-2024 00:00:10 +0000")
      S: a2 OK *
      C: a3 SEARCH SAVEDON 24-Feb-2024
      S: * SEARCH 1
      S: a3 OK *
      C: a4 SEARCH SAVEDSINCE 25-Feb-2024
      S: * SEARCH 2
      S: a4 OK *
      C: a5 SEARCH SAVEDBEFORE 25-Feb-2024 SAVEDATESUPPORTED
      S: * SEARCH 1
      S: a5 OK *
      C: a6 SEARCH NOT SAVEDATESUPPORTED
      S: * SEARCH
      S: a6 OK *
    `);
  });
});

describe("PREVIEW", () => {
  test("wrong uses", () =>
    server.playInInbox(`${append("x3", "\r\nhi").replace("      S: x3", "      S: * 1 EXISTS\n      S: * 1 RECENT\n      S: x3")}
      C: a1 FETCH 1 (PREVIEW (FUZZY))
      S: a1 BAD *
      C: a2 FETCH 1 (PREVIEW (LAZY FUZZY))
      S: a2 BAD *
      C: a3 FETCH 1 (PREVIEW ())
      S: a3 BAD *
      C: a4 FETCH 1 PREVIEW[1]
      S: a4 BAD *
    `));

  test("the beginning of the text; \\Seen is not set; LAZY gives NIL for what takes long", () =>
    server.playAsAlice(`${append("x1", "Subject: x\r\n\r\n> quoted\r\nHello   there,\r\n\tyou.\r\n")}${append(
      "x2",
      `\r\n${"long ".repeat(30_000)}`,
    )}${append("x3", "Content-Type: image/png\r\n\r\nxyz")}
      C: a1 SELECT INBOX
      S: * FLAGS *
      S: * OK *
      S: * 3 EXISTS
      S: * 3 RECENT
      S: * OK *
      S: * OK *
      S: * OK *
      S: * OK *
      S: * OK *
      S: a1 OK *
      C: a2 FETCH 1 PREVIEW
      S: * 1 FETCH (PREVIEW "Hello there, you.")
      S: a2 OK *
      C: a3 FETCH 1:3 (UID PREVIEW (LAZY) FLAGS)
      S: * 1 FETCH (UID 1 PREVIEW "Hello there, you." FLAGS (\\Recent))
      S: * 2 FETCH (UID 2 PREVIEW NIL FLAGS (\\Recent))
      S: * 3 FETCH (UID 3 PREVIEW "" FLAGS (\\Recent))
      S: a3 OK *
      C: a4 FETCH 2 (PREVIEW)
      S: * 2 FETCH (PREVIEW "${"long ".repeat(40).trim()}")
      S: a4 OK *
      C: a5 FETCH 1 PREVIEW (LAZY)
      S: * 1 FETCH (PREVIEW "Hello there, you.")
      S: a5 OK *
      C: a6 FETCH 1 PREVIEW (CHANGEDSINCE 100000)
      S: * OK [HIGHESTMODSEQ *
      S: a6 OK *
    `));

  test("is UTF-8, in a literal where it has to be", () =>
    server.playInInbox(`
      C: a1 APPEND INBOX {44+}
      C: Content-Type: text/plain; charset=iso-8859-1
      S: * 1 EXISTS
      S: * 1 RECENT
      S: a1 OK *
      C: a2 APPEND INBOX {50+}
      C: Content-Type: text/plain; charset=iso-8859-1
      C: 
      C: \\xe4
      S: * 2 EXISTS
      S: * 2 RECENT
      S: a2 OK *
      C: a3 FETCH 1:2 PREVIEW
      S: * 1 FETCH (PREVIEW "")
      S: * 2 FETCH (PREVIEW {2}\\r\\n\\xc3\\xa4)
      S: a3 OK *
    `));
});

describe("XLIST (line 37)", () => {
  test("wrong uses", () =>
    server.playAsAlice(`
      C: a1 XLIST
      S: a1 BAD *
      C: a2 XLIST (SUBSCRIBED) "" *
      S: a2 BAD *
      C: a3 XLIST "" * RETURN (CHILDREN)
      S: a3 BAD *
    `));

  test("has Gmail's names for the special uses", () =>
    server.playAsAlice(`
      C: a1 XLIST "" ""
      S: * XLIST (\\Noselect) "/" ""
      S: a1 OK *
      C: a2 CREATE Sent/2024
      S: a2 OK *
      C: a3 xlist "" %
      S: * XLIST (\\HasNoChildren \\Inbox) "/" INBOX
      S: * XLIST (\\HasNoChildren \\Archive) "/" Archive
      S: * XLIST (\\HasNoChildren \\Drafts) "/" Drafts
      S: * XLIST (\\HasNoChildren \\Spam) "/" Junk
      S: * XLIST (\\HasChildren \\Sent) "/" Sent
      S: * XLIST (\\HasNoChildren \\Trash) "/" Trash
      S: a3 OK *
      C: a4 XLIST Sent/ %
      S: * XLIST (\\HasNoChildren) "/" Sent/2024
      S: a4 OK *
    `));
});
