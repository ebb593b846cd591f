import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { startTestServer, type TestServer } from "./test-server.js";
import { TestClient } from "./transcript.js";

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer({ limits: { badCommandsBeforeLogin: 1_000_000 }, appendLimit: 1000 });
  await server.playAsAlice(`
    C: a APPEND INBOX (kw) {16+}
    C~ Subject: s\\r\\n\\r\\nbo {2+}\\r\\nxx\\r\\n
    S: a OK *
  `);
});
afterEach(async () => {
  await server.stop();
  expect(server.errors).toEqual([]);
});

const word = fc.oneof(
  fc.constantFrom(
    ...[
      "LOGIN",
      "SELECT",
      "INBOX",
      "FETCH",
      "UID",
      "STORE",
      "SEARCH",
      "LIST",
      "STATUS",
      "APPEND",
      "IDLE",
      "DONE",
      "EXPUNGE",
    ],
    ...[
      "COPY",
      "MOVE",
      "CREATE",
      "DELETE",
      "RENAME",
      "ENABLE",
      "ID",
      "AUTHENTICATE",
      "PLAIN",
      "CLOSE",
      "NOOP",
      "CHECK",
    ],
    ...[
      "1",
      "*",
      "1:*",
      "0",
      "4294967295",
      "99999999999999999999",
      "FLAGS",
      "+FLAGS",
      "(\\Seen)",
      "(kw)",
      "BODY[]",
      "BODY[1.2.MIME]",
    ],
    ...[
      "BODY[HEADER.FIELDS (A)]<0.9>",
      "ENVELOPE",
      "NOT",
      "OR",
      "TEXT",
      "HEADER",
      "RETURN",
      "(MIN)",
      "CHARSET",
      "UTF-8",
      '"a"',
      '"',
    ],
    ...[
      "(",
      ")",
      "()",
      "%",
      "{0+}\r\n",
      "{3+}\r\nabc",
      "{1}\r\nx",
      "~{2+}\r\n\0\0",
      "\r\n",
      "\n",
      "\0",
      "&",
      "&AA-",
      "NIL",
      "box",
    ],
  ),
  fc.string({ unit: "binary", maxLength: 10 }),
);
const line = fc.array(word, { maxLength: 8 }).map((words) => words.join(" "));
const noise = fc.array(
  fc.oneof(
    line.map((text) => `t ${text}\r\n`),
    fc.uint8Array({ maxLength: 80 }).map((octets) => Buffer.from(octets).toString("latin1")),
  ),
  { minLength: 1, maxLength: 6 },
);

/**
 * After the noise, line ends, DONE and the end of whatever literal was announced, the server still answers.
 */
async function survives(begin: readonly string[], chunks: readonly string[]): Promise<void> {
  const client = await TestClient.connect(server.port);
  try {
    await client.line();
    for (const command of begin) await client.command(command);
    for (const chunk of chunks) client.write(chunk);
    if (begin.at(-1)?.endsWith("IDLE")) client.write("\r\nDONE\r\n");
    client.write(`\r\n*\r\n${"x".repeat(1200)}\r\nDONE\r\n`);
    client.write("last-1 NOOP\r\nlast-2 NOOP\r\n");
    const answered = await client.wait((buffer) => {
      const place = buffer.search(/(^|\r\n)(last-[12] OK|\* BYE)/);
      return place < 0 ? null : { value: true, used: place };
    });
    // Nothing but a literal of more than anyone sends may swallow the line.
    if (!answered) throw new Error("the server has closed without a word");
  } finally {
    client.close();
  }
}

describe("hostile octets", () => {
  const states: readonly (readonly [string, readonly string[]])[] = [
    ["before login", []],
    ["after login", ["x1 LOGIN alice secret"]],
    ["in a mailbox", ["x1 LOGIN alice secret", "x2 SELECT INBOX"]],
  ];
  test.each(states)(
    "%s: never a crash, a hang, or a stream out of step",
    async (_, begin) => {
      await fc.assert(
        fc.asyncProperty(noise, (chunks) => survives(begin, chunks)),
        { numRuns: 120 },
      );
    },
    60_000,
  );

  test("connections that end in the middle leave no session behind", async () => {
    await fc.assert(
      fc.asyncProperty(noise, async (chunks) => {
        const client = await TestClient.connect(server.port);
        client.write("a LOGIN alice secret\r\nb SELECT INBOX\r\n");
        for (const chunk of chunks) client.write(chunk);
        client.close();
      }),
      { numRuns: 50 },
    );
    // More sessions than a user may have, were they counted still.
    await server.playInInbox(`
      C: a NOOP
      S: a OK *
    `);
  });
});
