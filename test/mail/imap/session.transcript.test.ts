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

describe("before login", () => {
  test("wrong uses are answered and harm nothing", () =>
    server.play(`
      S: * OK [CAPABILITY IMAP4rev1 IMAP4rev2 LITERAL+ ID ENABLE SASL-IR AUTH=PLAIN AUTH=SCRAM-SHA-256 IDLE] Ready.
      C: a1
      S: a1 BAD *
      C: a2 FROBNICATE
      S: a2 BAD Unknown command FROBNICATE.
      C: * NOOP
      S: * BAD *
      C: a3 SELECT INBOX
      S: a3 BAD Log in before SELECT.
      C: a4 LOGIN alice
      S: a4 BAD *
      C: a5 NOOP now
      S: a5 BAD Too many arguments.
      C: a6 LOGIN alice "unended
      S: a6 BAD *
      C: a7 STARTTLS
      S: a7 BAD STARTTLS is not offered.
      C: a8 noop
      S: a8 OK Nothing done.
    `));

  test("after ten invalid commands the connection ends", () =>
    server.play(`
      S: * OK *
      C: GET / HTTP/1.1
      S: GET BAD *
      C: Host: x
      S: Host: BAD *
      C: 3
      S: 3 BAD *
      C: 4
      S: 4 BAD *
      C: 5
      S: 5 BAD *
      C: 6
      S: 6 BAD *
      C: 7
      S: 7 BAD *
      C: 8
      S: 8 BAD *
      C: 9
      S: 9 BAD *
      C: 10
      S: 10 BAD *
      S: * BYE Too many invalid commands.
      S~
    `));

  test("blank lines before a tag are passed over, bare LF ends a line (lines 5 and 6 of the checklist)", () =>
    server.play(`
      S: * OK *
      C~ \\r\\na1 NOOP\\r\\n
      S: a1 OK *
      C~ \\n\\n  \\r\\na2 NOOP\\n
      S: a2 OK *
      C~ a3 NO
      C~ OP\\r\\na4 noop\\r\\n
      S: a3 OK *
      S: a4 OK *
    `));

  test("ID at any time, with anything (line 17)", () =>
    server.play(`
      S: * OK *
      C: a1 ID NIL
      S: * ID ("name" "bitmessage-bridge")
      S: a1 OK *
      C: a2 ID ("name" "x" "version" NIL)
      S: * ID *
      S: a2 OK *
      C: a3 id ()
      S: * ID *
      S: a3 OK *
      C: a4 LOGIN alice secret
      S: a4 OK [CAPABILITY *
      C: a5 ID ("name" "x")
      S: * ID *
      S: a5 OK *
    `));
});

describe("login", () => {
  test("a wrong password, an unknown user, a NUL", () =>
    server.play(`
      S: * OK *
      C: a1 LOGIN alice wrong
      S: a1 NO [AUTHENTICATIONFAILED] *
      C: a2 LOGIN nobody secret
      S: a2 NO [AUTHENTICATIONFAILED] *
      C: a3 LOGIN {5+}
      C~ al\\0ce secret\\r\\n
      S: a3 BAD *
      C: a4 LOGIN "alice" "secret"
      S: a4 OK [CAPABILITY IMAP4rev1 *
      C: a5 LOGIN alice secret
      S: a5 BAD *
    `));

  test("quoted specials, literals of both kinds, UTF-8 (lines 2 and 19)", () =>
    server.play(`
      S: * OK *
      C: a1 LOGIN "al\\\\ice" "se\\"cret"
      S: a1 NO *
      C: a2 LOGIN {4}
      S: + OK
      C: Zoë {10+}
      C~ pässwörd\\r\\n
      S: a2 OK *
    `));

  test("AUTHENTICATE PLAIN: wrong uses", () =>
    server.play(`
      S: * OK *
      C: a1 AUTHENTICATE CRAM-MD5
      S: a1 NO *
      C: a2 AUTHENTICATE PLAIN
      S: + 
      C: *
      S: a2 BAD *
      C: a3 AUTHENTICATE PLAIN
      S: + 
      C: !!!
      S: a3 BAD *
      C: a4 AUTHENTICATE PLAIN AGFsaWNl
      S: a4 BAD *
      # admin NUL alice NUL secret
      C: a5 AUTHENTICATE PLAIN YWRtaW4AYWxpY2UAc2VjcmV0
      S: a5 NO [AUTHORIZATIONFAILED] *
      C: a6 AUTHENTICATE PLAIN =
      S: a6 BAD *
    `));

  test("AUTHENTICATE PLAIN without initial response", () =>
    server.play(`
      S: * OK *
      C: a1 authenticate plain
      S: + 
      C: AGFsaWNlAHNlY3JldA==
      S: a1 OK [CAPABILITY *
    `));

  test("AUTHENTICATE PLAIN with initial response, padding left out (line 18)", () =>
    server.play(`
      S: * OK *
      C: a1 AUTHENTICATE PLAIN AGFsaWNlAHNlY3JldA
      S: a1 OK [CAPABILITY *
    `));

  test("two users see different mail (line 21)", () =>
    server.play(`
      1S: * OK *
      1C: a LOGIN alice secret
      1S: a OK *
      2S: * OK *
      2C: b LOGIN bob hunter2
      2S: b OK *
      1C: a1 APPEND INBOX {5+}
      1C: hello
      1S: a1 OK [APPENDUID *
      2C: b1 STATUS INBOX (MESSAGES)
      2S: * STATUS INBOX (MESSAGES 0)
      2S: b1 OK *
    `));
});

describe("literals", () => {
  test("too large: refused before + or eaten, and the stream stays in step (line 3)", async () => {
    await server.stop();
    server = await startTestServer({ appendLimit: 10 });
    await server.playAsAlice(`
      C: a1 APPEND INBOX {11}
      S: a1 NO [TOOBIG] *
      C: a2 APPEND INBOX {11+}
      C~ 01234567890\\r\\na3 NOOP\\r\\n
      S: a2 NO [TOOBIG] *
      S: a3 OK *
      C: a4 APPEND INBOX {20+}
      C~ 01234567890123456789 {3+}\\r\\nabc\\r\\na5 NOOP\\r\\n
      S: a4 NO [TOOBIG] *
      S: a5 OK *
      C: a6 SELECT {99999999}
      S: a6 NO [TOOBIG] *
      C: a7 APPEND INBOX {10}
      S: + OK
      C: 0123456789
      S: a7 OK *
      C: a8 APPEND INBOX {99999999999999+}
      S: * BYE *
      S~
    `);
  });

  test("empty, with NUL, where none is allowed", () =>
    server.playAsAlice(`
      C: a1 APPEND INBOX {0+}
      C: 
      S: a1 NO [CANNOT] *
      C: a2 APPEND INBOX {3+}
      C~ a\\0b\\r\\n
      S: a2 BAD *
      C: a3 NOOP {3+}
      C: abc
      S: a3 BAD *
      C: a4 SELECT {5}
      S: + OK
      C: inbox (CONDSTORE) more
      S: a4 BAD *
      C: a5 select {5+}
      C: inbox
      S: * FLAGS *
      S: * OK [PERMANENTFLAGS *
      S: * 0 EXISTS
      S: * 0 RECENT
      S: * OK [UIDVALIDITY *
      S: * OK [UIDNEXT 1] *
      S: * OK [HIGHESTMODSEQ *
      S: * OK [MAILBOXID *
      S: a5 OK [READ-WRITE] *
    `));

  test("a command line of 100 kB (line 11), and one that is too long", async () => {
    const set = Array.from({ length: 15_000 }, (_, index) => index + 1).join(",");
    await server.playInInbox(`
      C: a1 UID FETCH ${set} (FLAGS)
      S: a1 OK *
      C: a2 ${"x".repeat(1_100_000)}
      S: a2 BAD The command is too long.
      C: a3 NOOP
      S: a3 OK *
    `);
  });
});

describe("the end of a session", () => {
  test("LOGOUT says BYE first (line 14)", () =>
    server.playAsAlice(`
      C: a1 LOGOUT
      S: * BYE *
      S: a1 OK *
      S~
    `));

  test("what is sent ahead is obeyed in order, also when the client closes its side (line 4)", () =>
    server.playAsAlice(`
      C~ a1 NAMESPACE\\r\\na2 COMPRESS DEFLATE\\r\\na3 ENABLE UTF8=ACCEPT\\r\\na4 NOOP\\r\\na5 LOGOUT\\r\\n
      S: * NAMESPACE (("" "/")) NIL NIL
      S: a1 OK *
      S: a2 BAD *
      S: * ENABLED UTF8=ACCEPT
      S: a3 OK *
      S: a4 OK *
      S: * BYE *
      S: a5 OK *
      S~
    `));

  test("the server says BYE when it stops", async () => {
    const playing = server.playAsAlice(`
      C: a1 IDLE
      S: + idling
      S: * BYE The server is shutting down.
      S~
    `);
    setTimeout(() => void server.stop(), 100);
    await playing;
  });
});
