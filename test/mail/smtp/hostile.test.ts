import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { SubmissionServer } from "../../../src/mail/smtp/server.js";
import { MemoryHandler, plain, RawClient, startServer } from "./support.js";

const handler = new MemoryHandler();
let server: SubmissionServer;
let port: number;

beforeAll(async () => {
  ({ server, port } = await startServer(handler));
});

afterAll(() => server.stop());

/** Each connection state, as the commands that lead to it. */
const states: Record<string, string> = {
  connected: "",
  greeted: "EHLO x\r\n",
  "in a login": "EHLO x\r\nAUTH LOGIN\r\n",
  "logged in": `EHLO x\r\nAUTH PLAIN ${plain("alice", "right")}\r\n`,
  "after MAIL": `EHLO x\r\nAUTH PLAIN ${plain("alice", "right")}\r\nMAIL FROM:<a@b>\r\n`,
  "after RCPT": `EHLO x\r\nAUTH PLAIN ${plain("alice", "right")}\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n`,
  "in DATA": `EHLO x\r\nAUTH PLAIN ${plain("alice", "right")}\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n`,
};

const token = fc.constantFrom(
  "EHLO",
  "HELO",
  "MAIL",
  "MAIL FROM:",
  "RCPT TO:",
  "DATA",
  "RSET",
  "NOOP",
  "VRFY",
  "HELP",
  "AUTH",
  "AUTH PLAIN",
  "AUTH LOGIN",
  "STARTTLS",
  "XCLIENT",
  "WIZ",
  "BDAT",
  "ETRN",
  "*",
  "=",
  "<",
  ">",
  "<a@b>",
  "<BM-x>",
  "<@a:b@c>",
  "<a@[IPv6:::]>",
  "<a@xn--->",
  " ",
  "\t",
  "SIZE=",
  "SIZE=99999999999999999999",
  "RET=",
  "ENVID=+0D+0A",
  "__proto__=x",
  "constructor",
  "NOTIFY=NEVER",
  "ORCPT=rfc822;",
  "SMTPUTF8",
  ".",
  "..",
  "\0",
  "\xff",
  "\u2028",
  "AAAA",
  "AGEAYg==",
  "crash@x",
  "%s",
  "x".repeat(1000),
);
const line = fc.oneof(
  fc.array(token, { maxLength: 6 }).map((tokens) => tokens.join(" ")),
  fc.array(token, { maxLength: 6 }).map((tokens) => tokens.join("")),
  fc.string({ unit: "binary", maxLength: 60 }),
);
const ending = fc.constantFrom("\r\n", "\n", "\r", "", "\r\n.\r\n");
const input = fc
  .array(
    fc.tuple(line, ending).map((pair) => pair.join("")),
    { maxLength: 8 },
  )
  .map((lines) => lines.join(""));

describe("hostile lines", () => {
  test.each(Object.keys(states))("%s", async (state) => {
    await fc.assert(
      fc.asyncProperty(input, async (text) => {
        const client = await RawClient.connect(port);
        client.send(states[state]!);
        client.send(Buffer.from(text));
        // Whatever was understood: the connection ends, with replies that are well-formed.
        client.socket.end("\r\n.\r\n\r\n.\r\nQUIT\r\n");
        let reply = await client.reply();
        while (reply !== "closed") {
          for (const part of reply.split("\n")) expect(part).toMatch(/^[2-5]\d\d[- ]?[^\x00-\x1f]*$/);
          reply = await client.reply();
        }
      }),
      { numRuns: 40 },
    );
    const client = await (await RawClient.connect(port)).begin();
    expect(await client.ask("NOOP")).toMatch(/^250/);
    client.close();
  });

  test("a line without end is bounded", async () => {
    const client = await RawClient.connect(port);
    await client.reply();
    client.send("x".repeat(100_000));
    expect(await client.reply()).toMatch(/^421 /);
    expect(await client.reply()).toBe("closed");
  });

  test("ten thousand commands at once are answered one by one", async () => {
    const client = await (await RawClient.connect(port)).begin();
    client.send("NOOP\r\n".repeat(10_000));
    for (let count = 0; count < 10_000; count++) expect(await client.reply()).toMatch(/^250/);
    client.close();
  });
});
