import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Pace } from "../../../src/mail/smtp/pace.js";
import type { SubmissionServer } from "../../../src/mail/smtp/server.js";
import { MemoryHandler, plain, RawClient, startServer } from "./support.js";
import { testCertificate, testKey } from "./test-certificate.js";

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

describe("octets one by one, so that no silence ends the connection", () => {
  const alice = `AUTH PLAIN ${plain("alice", "right")}`;
  const states: [name: string, commands: string[], tls: "off" | "starttls" | "implicit", last: RegExp][] = [
    ["before the greeting is answered", [], "off", /^421 4\.4\.2 Time to log in/],
    ["before a login", ["EHLO x"], "off", /^421 4\.4\.2 Time to log in/],
    ["in a login", ["EHLO x", "AUTH LOGIN"], "off", /^421 4\.4\.2 Time to log in/],
    ["in a handshake after STARTTLS", ["EHLO x", "STARTTLS"], "starttls", /^closed/],
    ["in a handshake", [], "implicit", /^closed/],
    ["in a command", ["EHLO x", alice], "off", /^421 4\.4\.2 Too slow/],
    [
      "in DATA",
      ["EHLO x", alice, "MAIL FROM:<a@b>", "RCPT TO:<c@d>", "DATA"],
      "off",
      /^421 4\.4\.2 Too slow/,
    ],
  ];

  test.each(states)("%s: it ends nevertheless", async (_name, commands, mode, last) => {
    const tls = mode === "off" ? { mode } : { mode, key: testKey, cert: testCertificate };
    const isStranger = !commands.includes(alice);
    const limits = isStranger ? { login: 150, idle: 60_000 } : { login: 60_000, idle: 150 };
    const slow = await startServer(handler, { tls, limits });
    const client = await RawClient.connect(slow.port);
    try {
      if (mode !== "implicit") await client.reply();
      for (const command of commands) await client.ask(command);
      // The beginning of a handshake, of a word of a login, of a mail.
      const octets = mode === "off" ? "xxxxxxxx" : "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
      let sent = 0;
      const trickle = setInterval(() => client.send(octets[Math.min(sent++, octets.length - 1)]!), 10);
      const reply = await client.reply();
      clearInterval(trickle);
      expect(reply).toMatch(last);
      expect(sent).toBeGreaterThan(1);
    } finally {
      client.close();
      await slow.server.stop();
    }
  });

  test("commands and mail that come along are no reason", () => {
    const pace = new Pace();
    expect(pace.getsOn({ commands: 1, octets: 6 })).toBe(true);
    expect(pace.getsOn({ commands: 1, octets: 6 + 4096 })).toBe(true);
    expect(pace.getsOn({ commands: 1, octets: 6 + 4096 + 100 })).toBe(false);
  });
});
