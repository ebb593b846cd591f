import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createSubmissionServer, type SubmissionServer } from "../../../src/mail/smtp/server.js";
import { MemoryHandler, MemoryLogger, plain, RawClient, startServer } from "./support.js";

let handler: MemoryHandler;
let logger: MemoryLogger;
let server: SubmissionServer;
let port: number;
let client: RawClient;

beforeEach(async () => {
  handler = new MemoryHandler();
  logger = new MemoryLogger();
  ({ server, port } = await startServer(handler, { logger, limits: { recipients: 3, stop: 2000 } }));
  client = await RawClient.connect(port);
});

afterEach(async () => {
  client.close();
  await server.stop();
});

describe("before the login", () => {
  test("greeting and what EHLO offers", async () => {
    expect(await client.reply()).toBe("220 bridge.test ESMTP");
    const offers = (await client.ask("EHLO client.test")).split("\n").map((line) => line.slice(4));
    expect(offers).toEqual([
      "bridge.test",
      "PIPELINING",
      "8BITMIME",
      "SMTPUTF8",
      "ENHANCEDSTATUSCODES",
      "DSN",
      "AUTH PLAIN LOGIN",
      "SIZE 10000",
    ]);
  });

  test("a client that speaks at once is not turned away", async () => {
    client.send("EHLO eager\r\n");
    expect(await client.reply()).toMatch(/^220/);
    expect(await client.reply()).toMatch(/^250/);
  });

  test.each(["MAIL FROM:<a@b>", "RCPT TO:<a@b>", "DATA"])("%s is 530 5.7.0", async (command) => {
    await client.begin(null);
    expect(await client.ask(command)).toBe("530 5.7.0 Please log in first.");
  });

  test.each([
    "WIZ x",
    "SHELL",
    "KILL",
    "XCLIENT ADDR=1.2.3.4",
    "STARTTLS",
    "AUTH CRAM-MD5",
    "AUTH",
    "NONSENSE",
  ])("%s is refused", async (command) => {
    await client.begin(null);
    expect(await client.ask(command)).toMatch(/^50[0-4] 5\.5\.\d/);
  });

  test("a wrong password is 535 5.7.8, and the connection goes on", async () => {
    await client.begin(null);
    expect(await client.ask(`AUTH PLAIN ${plain("alice", "wrong")}`)).toMatch(/^535 5\.7\.8 /);
    expect(await client.ask("AUTH LOGIN")).toMatch(/^334 /);
    expect(await client.ask(Buffer.from("alice").toString("base64"))).toMatch(/^334 /);
    expect(await client.ask(Buffer.from("wrong").toString("base64"))).toMatch(/^535 5\.7\.8 /);
    expect(await client.ask(`AUTH PLAIN ${plain("alice", "right", "bob")}`)).toMatch(/^535 5\.7\.8 /);
    expect(await client.ask(`AUTH PLAIN ${plain("alice", "right")}`)).toMatch(/^235 2\.7\.0 /);
    expect(logger.lines.join()).not.toMatch(/wrong"|right/);
  });

  test.each(["!", "====", "AAAA", "A".repeat(3000)])("AUTH PLAIN %.10s is 501", async (token) => {
    await client.begin(null);
    expect(await client.ask(`AUTH PLAIN ${token}`)).toMatch(/^501 /);
  });

  test("too many wrong passwords close the connection", async () => {
    await client.begin(null);
    for (let attempt = 0; attempt < 4; attempt++)
      expect(await client.ask(`AUTH PLAIN ${plain("alice", "wrong")}`)).toMatch(/^535/);
    expect(await client.ask(`AUTH PLAIN ${plain("alice", "wrong")}`)).toMatch(/^421 4\.7\.0 /);
    expect(await client.reply()).toBe("closed");
  });

  test("a broken authenticator is 451 4.3.0, with its stack in the log", async () => {
    await client.begin(null);
    expect(await client.ask(`AUTH PLAIN ${plain("crash", "right")}`)).toMatch(/^451 4\.3\.0 /);
    expect(logger.lines.join()).toMatch(/authenticator is broken.*at /);
  });
});

describe("MAIL and RCPT", () => {
  beforeEach(async () => {
    await client.begin();
  });

  test.each([
    ["MAIL FROM:<stranger@x>", "550 5.7.1 stranger@x is not one of your identities."],
    ["MAIL FROM:<crash@x>", "451 4.3.0 "],
    ["MAIL FROM:<a@b> SIZE=10001", "552 5.3.4 The mail is larger than 10000 octets"],
    ["MAIL FROM:<a@b> SIZE=x", "501 "],
    ["MAIL FROM:<a@b> SIZE=1 SIZE=2", "501 "],
    ["MAIL FROM:<a@b> FOO=bar", "555 5.5.4 "],
    ["MAIL FROM:<a@b> REQUIRETLS", "530 5.7.0 "],
    ["MAIL FROM:<a@b> RET=MOST", "501 "],
    ["MAIL FROM:<a@b> BODY=BINARYMIME", "501 "],
    ["MAIL FROM:<\xc3\xbc@b>", "553 5.6.7 "],
    ["MAIL FROM:<\xfc@b> SMTPUTF8", "553 5.1.7 "],
    ["MAIL FROM:a@b", "501 5.1.7 "],
    ["MAIL FROM:<a@b", "501 5.1.7 "],
    ["MAIL", "501 5.1.7 "],
    ["RCPT TO:<a@b>", "503 5.5.1 "],
    ["DATA", "503 5.5.1 "],
    ["AUTH PLAIN", "503 5.5.1 "],
  ])("%s", async (command, expected) => {
    expect((await client.ask(command)).slice(0, expected.length)).toBe(expected);
    expect(await client.ask("NOOP")).toMatch(/^250/);
  });

  test.each([
    ["RCPT TO:<>", "501 5.1.3 "],
    ["RCPT TO:<a b@c>", "501 5.1.3 "],
    ["RCPT TO:<a@b@c>", "501 5.1.3 "],
    ["RCPT TO:<a@b> FOO", "555 5.5.4 "],
    ["RCPT TO:<a@b> NOTIFY=ALWAYS", "501 "],
    ["RCPT TO:<a@b> NOTIFY=NEVER,SUCCESS", "501 "],
    ["RCPT TO:<a@b> ORCPT=x", "501 "],
    ["RCPT TO:<\xc3\xbc@b>", "553 5.6.7 "],
    ["RCPT TO:<crash@b>", "451 4.3.0 "],
    ["MAIL FROM:<c@d>", "503 5.5.1 "],
    ["DATA", "503 5.5.1 "],
    ["AUTH PLAIN x", "503 5.5.1 "],
  ])("%s", async (command, expected) => {
    expect(await client.ask("MAIL FROM:<a@b>")).toBe("250 2.1.0 Accepted");
    expect((await client.ask(command)).slice(0, expected.length)).toBe(expected);
    expect(await client.ask("RCPT TO:<c@d>")).toBe("250 2.1.5 Accepted");
  });

  test("a long text comes in lines that each have the code", async () => {
    await client.ask("MAIL FROM:<a@b>");
    const lines = (await client.ask("RCPT TO:<nobody@b>")).split("\n");
    expect(lines.length).toBeGreaterThan(2);
    for (const line of lines) expect(line).toMatch(/^550[- ]5\.1\.1 .{1,120}$/);
    expect(lines.map((line) => line.slice(10)).join(" ")).toContain("the checksum is wrong. Please look");
  });

  test("the limit of recipients; one named again does not count", async () => {
    await client.ask("MAIL FROM:<a@b>");
    for (const name of ["r1", "r2", "r2", "r3", "r1"])
      expect(await client.ask(`RCPT TO:<${name}@x>`)).toMatch(/^250/);
    expect(await client.ask("RCPT TO:<r4@x>")).toBe("452 4.5.3 A mail may have 3 recipients at most.");
  });

  test("what a refused MAIL said is forgotten", async () => {
    await client.ask("MAIL FROM:<stranger@x> RET=FULL ENVID=secret");
    await client.ask("MAIL FROM:<a@b>");
    await client.ask("RCPT TO:<c@d>");
    await client.ask("DATA");
    await client.ask("x\r\n.");
    expect(handler.submitted[0]!.envelope).toEqual({ sender: "a@b", recipients: [{ address: "c@d" }] });
  });
});

describe("DATA", () => {
  async function begin(): Promise<void> {
    await client.begin();
    await client.ask("MAIL FROM:<a@b>");
    await client.ask("RCPT TO:<c@d>");
    expect(await client.ask("DATA")).toMatch(/^354 /);
  }

  test("too large is 552 5.3.4, nothing is taken, the connection goes on", async () => {
    await begin();
    expect(await client.ask(`${"x".repeat(20_000)}\r\n.`)).toMatch(
      /^552 5\.3\.4 The mail is larger than 10000 octets/,
    );
    expect(handler.submitted).toEqual([]);
    expect(await client.ask("MAIL FROM:<a@b>")).toMatch(/^250/);
  });

  test("exactly the limit is taken", async () => {
    await begin();
    expect(await client.ask(`${"x".repeat(9998)}\r\n.`)).toBe("250 2.0.0 OK: queued as Q1");
  });

  test("the host's refusal, and a bug", async () => {
    await begin();
    expect(await client.ask("too difficult\r\n.")).toBe("554 5.7.0 Too much work.");
    await client.ask("MAIL FROM:<a@b>");
    await client.ask("RCPT TO:<c@d>");
    await client.ask("DATA");
    expect(await client.ask("crash\r\n.")).toMatch(/^451 4\.3\.0 /);
    expect(logger.lines.join()).toMatch(/host is broken.*at /);
    expect(logger.lines.join()).not.toContain("crash\\r");
    expect(await client.ask("NOOP")).toMatch(/^250/);
  });

  test("a client that goes away leaves nothing", async () => {
    await begin();
    client.send("Subject: half\r\n\r\nhalf a ma");
    client.socket.destroy();
    const other = await (await RawClient.connect(port)).begin();
    expect(await other.ask("NOOP")).toMatch(/^250/);
    other.close();
    await server.stop();
    expect(handler.submitted).toEqual([]);
  });

  test("dots, bare LF, octets above 127 and NUL", async () => {
    await begin();
    expect(await client.ask("..a\r\n...\nb\xff\0\r\n.\n\r\n.")).toMatch(/^250/);
    expect(handler.submitted[0]!.text).toBe(".a\r\n..\r\nb\xff\0\r\n.\r\n\r\n");
  });

  test.each(["\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r.\r\n", "\r\n.\r", "\n\n.\n\n"])(
    "a mail does not end with %j, and what is kept has whole line ends only",
    async (end) => {
      await begin();
      expect(await client.ask(`one${end}MAIL FROM:<evil@x>\r\n.`)).toMatch(/^250 2\.0\.0/);
      expect(handler.submitted).toHaveLength(1);
      const { text } = handler.submitted[0]!;
      expect(text).toMatch(/MAIL FROM:<evil@x>\r\n$/);
      expect(text.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
    },
  );

  test("an empty mail", async () => {
    await begin();
    expect(await client.ask(".")).toMatch(/^250/);
    expect(handler.submitted[0]!.text).toBe("");
  });

  test("RSET forgets the recipients", async () => {
    await client.begin();
    await client.ask("MAIL FROM:<a@b>");
    await client.ask("RCPT TO:<old@d>");
    await client.ask("RSET");
    await client.ask("MAIL FROM:<a@b>");
    await client.ask("RCPT TO:<new@d>");
    await client.ask("DATA");
    await client.ask("x\r\n.");
    expect(handler.submitted[0]!.envelope.recipients).toEqual([{ address: "new@d" }]);
  });
});

describe("what the host is given", () => {
  test("Base58 keeps its case, and addresses that differ by case are two", async () => {
    await client.begin();
    await client.ask("MAIL FROM:<BM-Own@bm.localhost>");
    for (const address of ["BM-aB@bm.localhost", "BM-Ab@bm.localhost", "BM-aB@BM.localhost"])
      expect(await client.ask(`RCPT TO:<${address}>`)).toMatch(/^250/);
    await client.ask("DATA");
    await client.ask("x\r\n.");
    expect(handler.submitted[0]!.envelope.recipients.map(({ address }) => address)).toEqual([
      "BM-aB@BM.localhost",
      "BM-Ab@bm.localhost",
    ]);
  });

  test("an address without a domain is handed over as it is", async () => {
    await client.begin();
    expect(await client.ask("MAIL FROM:<BM-Own>")).toMatch(/^250/);
    expect(await client.ask("RCPT TO:<BM-aB> NOTIFY=NEVER")).toMatch(/^250/);
    expect(await client.ask("RCPT TO: <Postmaster>")).toMatch(/^250/);
    expect(handler.asked).toEqual(["sender BM-Own {}", "recipient BM-aB", "recipient Postmaster"]);
  });

  test("parameters of DSN, decoded; the empty sender; UTF-8", async () => {
    await client.begin();
    await client.ask("MAIL FROM:<\xc3\xbc@b> SMTPUTF8 BODY=8BITMIME SIZE=100 RET=hdrs ENVID=a+3Db AUTH=<>");
    await client.ask("RCPT TO:<c@d> NOTIFY=success,delay ORCPT=rfc822;c+2Bx@d");
    await client.ask("RCPT TO:<\xc3\xa4@d> NOTIFY=NEVER");
    await client.ask("DATA");
    await client.ask("x\r\n.");
    await client.ask("MAIL FROM:<>");
    expect(handler.submitted[0]).toEqual({
      user: "alice",
      text: "x\r\n",
      envelope: {
        sender: "ü@b",
        size: 100,
        ret: "HDRS",
        envid: "a=b",
        recipients: [
          { address: "c@d", notify: ["SUCCESS", "DELAY"], orcpt: "rfc822;c+x@d" },
          { address: "ä@d", notify: ["NEVER"] },
        ],
      },
    });
    expect(handler.asked.at(-1)).toBe("sender  {}");
  });

  test("everything pipelined, two mails at once", async () => {
    await client.begin();
    const one = "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<nobody@d>\r\nDATA\r\nhello\r\n.\r\n";
    client.send(`${one}${one}QUIT\r\n`);
    const replies: string[] = [];
    for (let count = 0; count < 11; count++) replies.push((await client.reply()).slice(0, 3));
    expect(replies).toEqual(["250", "250", "550", "354", "250", "250", "250", "550", "354", "250", "221"]);
    expect(handler.submitted).toHaveLength(2);
  });

  test("the host is told how many others are on their way", async () => {
    await client.begin();
    const others = [await RawClient.connect(port), await RawClient.connect(port)];
    try {
      for (const other of others) await other.begin();
      await others[0]!.ask("MAIL FROM:<a@b>");
      await client.ask("MAIL FROM:<a@b>");
      await client.ask("RCPT TO:<c@d>");
      await client.ask("DATA");
      expect(await client.ask("hello\r\n.")).toMatch(/^250/);
      await others[0]!.ask("RSET");
      await client.ask("MAIL FROM:<a@b>");
      await client.ask("RCPT TO:<c@d>");
      await client.ask("DATA");
      expect(await client.ask("hello\r\n.")).toMatch(/^250/);
      expect(handler.coming).toEqual([1, 0]);
    } finally {
      for (const other of others) other.close();
    }
  });

  test("replies to commands that came together leave together (RFC 2920 section 3.2)", async () => {
    await client.begin();
    const packets: string[] = [];
    client.socket.on("data", (chunk) => packets.push(chunk.toString("latin1")));
    client.send("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<nobody@d>\r\nRCPT TO:<e@f>\r\nDATA\r\n");
    for (const code of ["250", "250", "550", "250", "354"])
      expect((await client.reply()).slice(0, 3)).toBe(code);
    expect(packets).toHaveLength(1);
  });
});

describe("start and stop", () => {
  test("a port in use rejects start()", async () => {
    await client.reply();
    const second = createSubmissionServer({
      handler,
      listen: { host: "127.0.0.1", port },
      tls: { mode: "off" },
      requireTls: false,
      name: "x",
      logger,
    });
    await expect(second.start()).rejects.toMatchObject({ code: "EADDRINUSE" });
    await second.stop();
  });

  test("requireTls without TLS is a mistake told at once", () => {
    expect(() =>
      createSubmissionServer({
        handler,
        listen: { host: "127.0.0.1", port: 0 },
        tls: { mode: "off" },
        requireTls: true,
        name: "x",
        logger,
      }),
    ).toThrow("requires TLS");
  });

  test("an idle client is told, new ones are not taken", async () => {
    await client.begin();
    const stopped = server.stop();
    expect(await client.reply()).toMatch(/^421 4\.3\.2 /);
    expect(await client.reply()).toBe("closed");
    await stopped;
    const late = await RawClient.connect(port);
    expect(await late.reply()).toBe("closed");
    await server.stop();
  });

  test("a transaction in progress ends as it should", async () => {
    await client.begin();
    await client.ask("MAIL FROM:<a@b>");
    const idle = await (await RawClient.connect(port)).begin();
    const stopped = server.stop();
    expect(await idle.reply()).toMatch(/^421/);
    expect(await client.ask("RCPT TO:<c@d>")).toMatch(/^250/);
    expect(await client.ask("DATA")).toMatch(/^354/);
    expect(await client.ask("x\r\n.")).toBe("250 2.0.0 OK: queued as Q1");
    expect(await client.reply()).toMatch(/^421 4\.3\.2 /);
    await stopped;
    expect(handler.submitted).toHaveLength(1);
  });

  test("a commit in progress is answered", async () => {
    let commit = () => {};
    let begun = () => {};
    const isCommitting = new Promise<void>((resolve) => {
      begun = resolve;
    });
    handler.beforeCommit = () => {
      begun();
      return new Promise((resolve) => {
        commit = resolve;
      });
    };
    await client.begin();
    client.send("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nx\r\n.\r\n");
    await isCommitting;
    const stopped = server.stop();
    commit();
    for (const expected of ["250", "250", "354", "250", "421"])
      expect((await client.reply()).slice(0, 3)).toBe(expected);
    await stopped;
  });

  test("a client that does nothing in a transaction is cut off at last", async () => {
    const quick = await startServer(handler, { limits: { stop: 20 } });
    const idle = await (await RawClient.connect(quick.port)).begin();
    await idle.ask("MAIL FROM:<a@b>");
    await quick.server.stop();
    expect(await idle.reply()).toBe("closed");
  });

  test("too many connections", async () => {
    const small = await startServer(handler, { limits: { connections: 1 } });
    const stranger = await RawClient.connect(small.port);
    expect(await stranger.reply()).toMatch(/^220/);
    const known = await (await RawClient.connect(small.port)).begin();
    expect(await stranger.reply()).toMatch(/^421 4\.7\.0 /);
    const third = await RawClient.connect(small.port);
    expect(await third.reply()).toMatch(/^421 4\.7\.0 /);
    expect(await known.ask("NOOP")).toMatch(/^250/);
    for (const client of [stranger, known, third]) client.close();
    await small.server.stop();
  });
});
