/** What real clients demand, line by line: parsing and protocol (1 to 16), login and sessions (17 to 21). */
import { Duplex } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { silentLogger } from "../../../../src/logger.js";
import { Connection } from "../../../../src/mail/imap/connection.js";
import { defaultLimits } from "../../../../src/mail/imap/limits.js";

import { MemoryBackend } from "../../../../src/mail/imap/memory-backend.js";
import { startTestServer, type TestServer } from "../test-server.js";
import { TestClient } from "../transcript.js";
import { fill } from "./fill.js";

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
  await fill(server, ["\r\none", "\r\ntwo", "\r\nthree"]);
});
afterEach(async () => {
  await server.stop();
  expect(server.errors).toEqual([]);
});

describe("parsing and protocol", () => {
  test("[1] commands, items and flags in any case", () =>
    server.playAsAlice(`
      C: a1 select "inbox"
      S: ...
      S: a1 OK [READ-WRITE] *
      C: a2 uid Store 1 +Flags (\\sEEN)
      S: * 1 FETCH (UID 1 FLAGS (\\Seen))
      S: a2 OK *
      C: a3 lIsT "" sent
      S: a3 OK *
      C: a4 fetch 1 (flags body.peek[text])
      S: * 1 FETCH (FLAGS (\\Seen) BODY[TEXT] *
      S: a4 OK *
    `));

  test("[2] literals of both kinds wherever an astring may stand, in the middle of SEARCH too", () =>
    server.play(`
      S: * OK *
      C: a1 LOGIN {5}
      S: + *
      C: alice {6+}
      C: secret
      S: a1 OK *
      C: a2 SELECT {5+}
      C: INBOX
      S: ...
      S: a2 OK *
      C: a3 SEARCH CHARSET UTF-8 TEXT {3}
      S: + *
      C: two UNDELETED
      S: * SEARCH 2
      S: a3 OK *
      C: a4 SEARCH OR BODY {3+}
      C: one BODY {5}
      S: + *
      C: three
      S: * SEARCH 1 3
      S: a4 OK *
      C: a5 APPEND INBOX {4}
      S: + *
      C: four
      S: * 4 EXISTS
      S: * 1 RECENT
      S: a5 OK [APPENDUID *
    `));

  test("[3] a literal that is empty, has NUL or is too large is answered, and the stream stays in step", async () => {
    await server.stop();
    server = await startTestServer({ appendLimit: 10 });
    await server.playAsAlice(`
      C: a1 APPEND INBOX {0+}
      C: 
      S: a1 NO *
      C: a2 APPEND INBOX {3+}
      C~ a\\0b\\r\\n
      S: a2 BAD *
      # refused before the client sends it
      C: a3 APPEND INBOX {11}
      S: a3 NO [TOOBIG] *
      # sent already: eaten
      C: a4 APPEND INBOX {11+}
      C: hello world
      S: a4 NO [TOOBIG] *
      C: a5 NOOP
      S: a5 OK *
    `);
  });

  test("[4] what is pipelined is answered in its order", async () => {
    const client = await TestClient.connect(server.port);
    await client.line();
    await client.command("a LOGIN alice secret");
    await client.command("b SELECT INBOX");
    const tags = Array.from({ length: 60 }, (_, index) => `t${index}`);
    client.write(
      tags.map((tag, index) => `${tag} UID FETCH ${(index % 3) + 1} (FLAGS BODY.PEEK[])\r\n`).join(""),
    );
    for (const [index, tag] of tags.entries())
      expect(await client.until(tag)).toEqual([
        expect.stringMatching(new RegExp(`^\\* ${(index % 3) + 1} FETCH `)),
        expect.stringMatching(`^${tag} OK `),
      ]);
    client.close();
  });

  test("[5] blank lines before a tag, as Apple sends them", () =>
    server.playInInbox(`
      C~ \\r\\nB41 UID MOVE 1 Archive\\r\\n
      S: ...
      S: B41 OK *
      C~ \\r\\n\\r\\n \\r\\nB42 NOOP\\r\\n
      S: B42 OK *
    `));

  test("[6] a bare LF ends a line; nothing gets out of step", () =>
    server.playInInbox(`
      C~ a1 NOOP\\na2 UID FETCH 1 (UID)\\na3 NOOP\\r\\n
      S: a1 OK *
      S: * 1 FETCH (UID 1)
      S: a2 OK *
      S: a3 OK *
      C~ a4 APPEND INBOX {4+}\\nfour\\n
      S: ...
      S: a4 OK *
    `));

  test("[7] the star: after, before and alone; beyond the end; in an empty mailbox", () =>
    server.playInInbox(`
      C: a1 FETCH *:2 (UID)
      S: * 2 FETCH (UID 2)
      S: * 3 FETCH (UID 3)
      S: a1 OK *
      C: a2 FETCH 1,* (UID)
      S: * 1 FETCH (UID 1)
      S: * 3 FETCH (UID 3)
      S: a2 OK *
      C: a3 UID fetch 61:* (FLAGS)
      S: * 3 FETCH (UID 3 FLAGS ())
      S: a3 OK *
      C: a4 SELECT Trash
      S: ...
      S: a4 OK *
      C: a5 UID FETCH * (FLAGS)
      S: a5 OK *
      C: a6 UID FETCH 1:* (FLAGS)
      S: a6 OK *
      C: a7 FETCH * (FLAGS)
      S: a7 BAD *
    `));

  test("[8] ranges the wrong way round", () =>
    server.playInInbox(`
      C: a1 UID FETCH 1593:2 (UID)
      S: * 2 FETCH (UID 2)
      S: * 3 FETCH (UID 3)
      S: a1 OK *
    `));

  test("[9] UIDs that are not there are passed over in silence", () =>
    server.playInInbox(`
      C: a1 UID FETCH 7,9:12 (FLAGS)
      S: a1 OK *
      C: a2 UID STORE 7 +FLAGS (\\Seen)
      S: a2 OK *
      C: a3 UID COPY 7 Archive
      S: a3 OK *
    `));

  test("[10] an unknown FETCH item is BAD, and the connection stays", () =>
    server.playInInbox(`
      C: a1 FETCH 1 (FLAGS X-GM-LABELS)
      S: a1 BAD *
      C: a2 FETCH 1 (UID)
      S: * 1 FETCH (UID 1)
      S: a2 OK *
    `));

  test("[11] command lines of more than 64 kB", async () => {
    const uids = Array.from({ length: 15_000 }, (_, index) => index * 2 + 1).join(",");
    const fields = Array.from({ length: 6000 }, (_, index) => `X-Field-${index}`).join(" ");
    expect(uids.length).toBeGreaterThan(65_536);
    expect(fields.length).toBeGreaterThan(65_536);
    await server.playInInbox(`
      C: a1 UID FETCH ${uids} (UID)
      S: * 1 FETCH (UID 1)
      S: * 3 FETCH (UID 3)
      S: a1 OK *
      C: a2 FETCH 1 (BODY.PEEK[HEADER.FIELDS (${fields})])
      S: * 1 FETCH *
      S: a2 OK *
    `);
  });

  test("[12] IDLE: at once, DONE in any case, a command instead of DONE, news right after the continuation", async () => {
    await server.playInInbox(`
      1C: a1 IDLE
      1S: + idling
      2C: b1 APPEND INBOX {4+}
      2C: four
      2S: ...
      2S: b1 OK *
      1S: * 4 EXISTS
      1S: * 1 RECENT
      1C: dOnE
      1S: a1 OK *
      2C: b2 STORE 1 +FLAGS.SILENT (\\Flagged)
      2S: b2 OK *
      1C: a2 IDLE
      1S: + idling
      1S: * 1 FETCH (FLAGS (\\Flagged))
      # iOS sends its next command
      1C: a3 NOOP
      1S: a2 OK *
      1S: a3 OK *
    `);
    // Clients begin IDLE again after 29 minutes.
    expect(defaultLimits.inactivityTime).toBeGreaterThan(29 * 60_000);
  });

  test("[13] text after every response code", async () => {
    const client = await TestClient.connect(server.port);
    const lines = [await client.line()];
    for (const command of [
      "a LOGIN alice wrong",
      "b LOGIN alice secret",
      "c SELECT INBOX",
      "d SELECT none",
      "e APPEND none {1+}\r\nx",
      "f SELECT INBOX",
      "g COPY 1 Trash",
      "h EXAMINE INBOX",
      "i LOGOUT",
    ])
      lines.push(...(await client.command(command)));
    const coded = lines.filter((line) => /^\S+ (OK|NO|BAD|BYE) \[/.test(line!));
    expect(coded.length).toBeGreaterThan(12);
    for (const line of coded) expect(line).toMatch(/^\S+ \S+ \[[^\]]+\] \S/);
    client.close();
  });

  test("[14] BYE before the connection is closed", () =>
    server.playAsAlice(`
      C: a1 LOGOUT
      S: * BYE *
      S: a1 OK *
      S~
    `));

  test("[15] no delay in the socket, one write for all of a response", async () => {
    let written = (_text: string): void => {};
    const nextWrite = (): Promise<string> => new Promise((resolve) => (written = resolve));
    let delay = true;
    const socket = Object.assign(
      new Duplex({
        read() {},
        write(chunk: Buffer, _encoding, done) {
          written(chunk.toString("latin1"));
          done();
        },
      }),
      { remoteAddress: "127.0.0.1", setNoDelay: () => (delay = false) },
    );
    const settings = {
      ...{ backend: new MemoryBackend({ users: { alice: "secret" } }), tls: { mode: "off" as const } },
      ...{ requireTls: false, logger: silentLogger, limits: defaultLimits, appendLimit: 1000, id: {} },
      explain: () => null,
      alert: () => null,
      withoutCapabilities: new Set<string>(),
    };
    const registry = { enter: () => true, leave: () => {} };
    const connection = new Connection(socket as never, settings, registry, null);
    const served = connection.serve();
    expect(delay).toBe(false);
    for (const command of ["a LOGIN alice secret", "b SELECT INBOX", 'c LIST "" *']) {
      const written = nextWrite();
      socket.push(`${command}\r\n`);
      expect(await written).toContain(`\r\n${command[0]} OK`.slice(command[0] === "a" ? 2 : 0));
    }
    socket.push(null);
    await served;
  });

  test("[16] capabilities in the greeting and with the login", () =>
    server.play(`
      S: * OK [CAPABILITY IMAP4rev1 *
      C: a1 LOGIN alice secret
      S: a1 OK [CAPABILITY IMAP4rev1 *
      C: a2 CAPABILITY
      S: * CAPABILITY IMAP4rev1 *
      S: a2 OK *
    `));
});

describe("login and sessions", () => {
  test("[17] ID before and after login, with NIL too", () =>
    server.play(`
      S: * OK *
      C: a1 ID NIL
      S: * ID (*
      S: a1 OK *
      C: a2 LOGIN alice secret
      S: a2 OK *
      C: a3 ID ("name" "Wino" "version" NIL "os" "")
      S: * ID (*
      S: a3 OK *
      C: a4 ID NIL
      S: * ID (*
      S: a4 OK *
    `));

  test("[18] AUTHENTICATE PLAIN with and without initial response and padding", async () => {
    await server.play("S: * OK *\nC: a AUTHENTICATE PLAIN AGFsaWNlAHNlY3JldA==\nS: a OK *");
    await server.play("S: * OK *\nC: a AUTHENTICATE PLAIN AGFsaWNlAHNlY3JldA\nS: a OK *");
    await server.play("S: * OK *\nC: a AUTHENTICATE PLAIN\nS: + \nC: AGFsaWNlAHNlY3JldA==\nS: a OK *");
    await server.play("S: * OK *\nC: a AUTHENTICATE PLAIN\nS: + \nC: AGFsaWNlAHNlY3JldA\nS: a OK *");
    await server.play("S: * OK *\nC: a AUTHENTICATE PLAIN\nS: + \nC: *\nS: a BAD *");
  });

  test("[19] LOGIN with quoted specials, literals, and a password in UTF-8", async () => {
    await server.stop();
    server = await startTestServer({
      backend: new MemoryBackend({ users: { 'o"\\d d': '"\\', Zoë: "pässwörd" } }),
    });
    await server.play('S: * OK *\nC: a LOGIN "o\\"\\\\d d" "\\"\\\\"\nS: a OK *');
    await server.play("S: * OK *\nC: a LOGIN {4+}\nC: Zoë {10+}\nC: pässwörd\nS: a OK *");
    await server.play('S: * OK *\nC: a LOGIN "Zoë" "pässwörd"\nS: a OK *');
  });

  test("[20] fifteen sessions of one user, all with the same mailbox", async () => {
    const clients = await Promise.all(
      Array.from({ length: 15 }, async () => {
        const client = await TestClient.connect(server.port);
        await client.line();
        expect((await client.command("a LOGIN alice secret")).at(-1)).toMatch(/^a OK/);
        expect((await client.command("b SELECT INBOX")).at(-1)).toMatch(/^b OK/);
        return client;
      }),
    );
    await clients[0]!.command("c STORE 1 +FLAGS.SILENT (\\Flagged)");
    for (const client of clients.slice(1)) {
      expect(await client.command("d NOOP")).toContain("* 1 FETCH (FLAGS (\\Flagged))");
      client.close();
    }
    clients[0]!.close();
  });

  test("[21] two users do not see each other's mail", () =>
    server.play(`
      1S: * OK *
      1C: a1 LOGIN alice secret
      1S: a1 OK *
      2S: * OK *
      2C: b1 LOGIN bob hunter2
      2S: b1 OK *
      1C: a2 CREATE mine
      1S: a2 OK *
      2C: b2 SELECT mine
      2S: b2 NO [NONEXISTENT] *
      2C: b3 STATUS INBOX (MESSAGES)
      2S: * STATUS INBOX (MESSAGES 0)
      2S: b3 OK *
      1C: a3 STATUS INBOX (MESSAGES)
      1S: * STATUS INBOX (MESSAGES 3)
      1S: a3 OK *
    `));
});
