import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterEach, describe, expect, test } from "@jest/globals";
import { createTransport } from "nodemailer";
import type { SubmissionServer, SubmissionServerOptions } from "../../../src/mail/smtp/server.js";
import { MemoryHandler, plain, RawClient, startServer } from "./support.js";
import { testCertificate, testKey } from "./test-certificate.js";

const handler = new MemoryHandler();
let server: SubmissionServer;

afterEach(async () => {
  await server.stop();
  handler.submitted.length = 0;
});

async function start(options: Partial<SubmissionServerOptions>): Promise<number> {
  const started = await startServer(handler, options);
  server = started.server;
  return started.port;
}

const certificate = { key: testKey, cert: testCertificate };
const login = { user: "alice", pass: "right" };
const letter = {
  from: "BM-Own@bm.localhost",
  to: ["BM-aB@bm.localhost", "BM-Ab@bm.localhost"],
  bcc: "BM-Hidden@bm.localhost",
  subject: "Grüße",
  text: "Hello\n.\nworld\n",
};

describe("nodemailer", () => {
  test.each([
    ["plain", { mode: "off" } as const, { secure: false }],
    ["STARTTLS", { mode: "starttls", ...certificate } as const, { secure: false, requireTLS: true }],
    ["implicit TLS", { mode: "implicit", ...certificate } as const, { secure: true }],
  ])("%s", async (_name, tls, client) => {
    const port = await start({ tls, requireTls: tls.mode !== "off" });
    const transport = createTransport({
      host: "127.0.0.1",
      port,
      auth: login,
      tls: { ca: testCertificate, servername: "bridge.test" },
      ...client,
    });
    const info = await transport.sendMail({
      ...letter,
      dsn: { id: "e 1", return: "headers", notify: ["success", "delay"], recipient: "o@x" },
    });
    transport.close();
    expect(info.response).toBe("250 2.0.0 OK: queued as Q1");
    const [mail] = handler.submitted;
    expect(mail!.envelope).toMatchObject({ sender: "BM-Own@bm.localhost", ret: "HDRS", envid: "e 1" });
    expect(mail!.envelope.recipients).toEqual(
      ["BM-aB", "BM-Ab", "BM-Hidden"].map((local) => ({
        address: `${local}@bm.localhost`,
        notify: ["SUCCESS", "DELAY"],
        orcpt: "rfc822;o@x",
      })),
    );
    expect(mail!.text).toContain("Hello\r\n.\r\nworld\r\n");
    expect(mail!.text).not.toContain("Hidden");
  });

  test("what is refused is said in the host's words", async () => {
    const port = await start({});
    const send = (changes: object, auth = login) =>
      createTransport({ host: "127.0.0.1", port, auth }).sendMail({ ...letter, bcc: "", ...changes });
    await expect(send({}, { user: "alice", pass: "wrong" })).rejects.toMatchObject({ responseCode: 535 });
    await expect(send({ from: "stranger@x" })).rejects.toMatchObject({
      response: "550 5.7.1 stranger@x is not one of your identities.",
    });
    await expect(send({ to: "nobody@x" })).rejects.toMatchObject({ responseCode: 550 });
    await expect(send({ text: "x".repeat(20_000) })).rejects.toMatchObject({ responseCode: 552 });
    expect(await send({ to: ["nobody@x", "somebody@x"] })).toMatchObject({
      accepted: ["somebody@x"],
      rejected: ["nobody@x"],
    });
  });

  test("many mails over one connection", async () => {
    const port = await start({});
    const transport = createTransport({
      host: "127.0.0.1",
      port,
      auth: login,
      pool: true,
      maxConnections: 2,
    });
    await Promise.all(
      Array.from({ length: 30 }, (_, number) => transport.sendMail({ ...letter, subject: `n${number}` })),
    );
    transport.close();
    expect(handler.submitted).toHaveLength(30);
  });
});

describe("STARTTLS", () => {
  test("no login before it where TLS is required; what came before it is forgotten", async () => {
    const port = await start({ tls: { mode: "starttls", ...certificate }, requireTls: true });
    const socket = connectTcp(port, "127.0.0.1");
    const client = RawClient.over(socket);
    await client.reply();
    expect(await client.ask("EHLO x")).not.toContain("AUTH");
    expect(await client.ask(`AUTH PLAIN ${plain("alice", "right")}`)).toMatch(/^538 5\.7\.11 /);
    expect(await client.ask("MAIL FROM:<a@b>")).toMatch(/^530 5\.7\.0 /);
    // A command put behind STARTTLS in the clear must not be run inside.
    client.send("STARTTLS\r\nNOOP\r\n");
    expect(await client.reply()).toMatch(/^220 /);
    socket.removeAllListeners("data");
    const secure = connectTls({ socket, ca: testCertificate, servername: "bridge.test" });
    await once(secure, "secureConnect");
    const inside = RawClient.over(secure);
    expect(await inside.ask("MAIL FROM:<a@b>")).toMatch(/^503 /);
    const offers = await inside.ask("EHLO x");
    expect(offers).toContain("AUTH PLAIN LOGIN");
    expect(offers).not.toContain("STARTTLS");
    expect(await inside.ask(`AUTH PLAIN ${plain("alice", "right")}`)).toMatch(/^235 /);
    inside.close();
  });

  test("offered beside a plain login where TLS is a choice", async () => {
    const port = await start({ tls: { mode: "starttls", ...certificate } });
    const client = await RawClient.connect(port);
    await client.reply();
    const offers = await client.ask("EHLO x");
    expect(offers).toContain("STARTTLS");
    expect(offers).toContain("AUTH PLAIN LOGIN");
    client.close();
  });

  test.each(["starttls", "implicit"] as const)(
    "a handshake of garbage ends the connection (%s)",
    async (mode) => {
      const port = await start({ tls: { mode, ...certificate }, requireTls: true });
      const client = await RawClient.connect(port);
      if (mode === "starttls") {
        await client.reply();
        await client.ask("EHLO x");
        await client.ask("STARTTLS");
      }
      client.send("GET / HTTP/1.0\r\n\r\n".repeat(10));
      expect(await client.reply()).toBe("closed");
    },
  );

  test("stop() cuts off a transaction over TLS that does not go on", async () => {
    const port = await start({ tls: { mode: "implicit", ...certificate }, limits: { stop: 20 } });
    const secure = connectTls({ port, host: "127.0.0.1", ca: testCertificate, servername: "bridge.test" });
    const client = await RawClient.over(secure).begin();
    expect(await client.ask("MAIL FROM:<a@b>")).toMatch(/^250/);
    await server.stop();
    expect(await client.reply()).toBe("closed");
  });

  test("stop() does not wait for a handshake that never comes", async () => {
    const port = await start({ tls: { mode: "implicit", ...certificate } });
    const client = await RawClient.connect(port);
    await once(client.socket, "connect");
    await server.stop();
    expect(await client.reply()).toBe("closed");
  });
});
