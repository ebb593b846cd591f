import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect as connectPlain } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { ImapFlow } from "imapflow";
import { startTestServer, type TestServer } from "./test-server.js";
import { TestClient } from "./transcript.js";

let key: string;
let cert: string;
let server: TestServer | null = null;

beforeAll(() => {
  const folder = mkdtempSync(join(tmpdir(), "imap-tls-"));
  const [keyFile, certFile] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  execFileSync(
    "openssl",
    `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost -keyout ${keyFile} -out ${certFile}`.split(
      " ",
    ),
    { stdio: "ignore" },
  );
  key = readFileSync(keyFile, "utf8");
  cert = readFileSync(certFile, "utf8");
  rmSync(folder, { recursive: true });
});
afterEach(async () => {
  await server?.stop();
  expect(server?.errors ?? []).toEqual([]);
  server = null;
});
afterAll(() => {
  key = "";
});

const secured = (socket: TLSSocket): Promise<void> =>
  new Promise((resolve) => socket.once("secureConnect", () => resolve()));

describe("TLS", () => {
  test("STARTTLS: LOGINDISABLED before, other capabilities after, and nothing sent ahead survives it", async () => {
    server = await startTestServer({ tls: { mode: "starttls", key, cert }, requireTls: true });
    const socket = connectPlain(server.port, "127.0.0.1");
    const plain = TestClient.over(socket);
    expect(await plain.line()).toContain("STARTTLS LOGINDISABLED");
    expect(await plain.command("a1 LOGIN alice secret")).toEqual([
      expect.stringContaining("a1 NO [PRIVACYREQUIRED]"),
    ]);
    expect(await plain.command("a2 AUTHENTICATE PLAIN AGFsaWNlAHNlY3JldA==")).toEqual([
      expect.stringContaining("a2 NO [PRIVACYREQUIRED]"),
    ]);
    // The injection of CVE-2011-0411 and its like.
    plain.write("a3 STARTTLS\r\na4 LOGIN alice secret\r\na5 SELECT {5}\r\n");
    expect(await plain.line()).toBe("a3 OK Begin TLS now.");
    socket.removeAllListeners("data");
    const tls = connectTls({ socket, rejectUnauthorized: false });
    await secured(tls);
    const client = TestClient.over(tls);
    expect(await client.command("b1 CAPABILITY")).toEqual([
      expect.not.stringMatching(/STARTTLS|LOGINDISABLED/),
      expect.stringContaining("b1 OK"),
    ]);
    expect(await client.command("b2 SELECT INBOX")).toEqual([expect.stringContaining("b2 BAD Log in")]);
    expect(await client.command("b3 STARTTLS")).toEqual([expect.stringContaining("b3 BAD")]);
    expect(await client.command("b4 LOGIN alice secret")).toEqual([expect.stringContaining("b4 OK")]);
    client.close();
  });

  test("a handshake that fails ends the connection and nothing else", async () => {
    server = await startTestServer({ tls: { mode: "starttls", key, cert } });
    const client = await TestClient.connect(server.port);
    await client.line();
    await client.command("a STARTTLS");
    client.write("this is no handshake\r\n");
    await client.ended();
    await server.playAsAlice(`
      C: a NOOP
      S: a OK *
    `);
  });

  test("a client that closes its side instead of the handshake is let go at once", async () => {
    server = await startTestServer({ tls: { mode: "starttls", key, cert } });
    for (const when of ["with STARTTLS", "after its answer"]) {
      const socket = connectPlain({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
      const client = TestClient.over(socket);
      const ended = new Promise((resolve) => socket.once("end", resolve));
      await client.line();
      client.write("a STARTTLS\r\n");
      if (when === "after its answer") await client.line();
      socket.end();
      await ended;
    }
  });

  test("implicit TLS; octets that are no handshake", async () => {
    server = await startTestServer({ tls: { mode: "implicit", key, cert }, requireTls: true });
    const garbage = await TestClient.connect(server.port);
    garbage.write("a NOOP\r\n");
    await garbage.ended();
    const socket = connectTls({ port: server.port, host: "127.0.0.1", rejectUnauthorized: false });
    const client = TestClient.over(socket);
    expect(await client.line()).toContain("AUTH=PLAIN");
    expect(await client.command("a LOGIN alice secret")).toEqual([expect.stringContaining("a OK")]);
    client.close();
  });

  test("a mode that needs a certificate does not start without one", async () => {
    await expect(startTestServer({ tls: { mode: "implicit" } })).rejects.toThrow("needs a key");
  });
});

describe("limits", () => {
  test("time to log in, time without a command", async () => {
    server = await startTestServer({ limits: { loginTime: 30, inactivityTime: 30 } });
    await server.play(`
      S: * OK *
      S: * BYE Time to log in is over.
      S~
    `);
    await server.playAsAlice(`
      C: a NOOP
      S: a OK *
      S: * BYE Inactive for too long.
      S~
    `);
  });

  test("sessions of a user, and connections", async () => {
    server = await startTestServer({ limits: { sessionsPerUser: 2, connections: 3 } });
    await server.play(`
      1C: a LOGIN alice secret
      1S: * OK *
      1S: a OK *
      2C: a LOGIN alice secret
      2S: * OK *
      2S: a OK *
      3C: a LOGIN alice secret
      3S: * OK *
      3S: a NO [LIMIT] *
      4S: * OK *
      3S: * BYE Too many connections.
      3S~
      1C: b LOGOUT
      1S: * BYE *
      1S: b OK *
      1S~
      4C: b LOGIN alice secret
      4S: b OK *
    `);
  });

  test("a crowd of strangers locks nobody out, and nobody who has logged in is put out", async () => {
    server = await startTestServer({ limits: { connections: 2 } });
    await server.play(`
      1C: a LOGIN alice secret
      1S: * OK *
      1S: a OK *
      2S: * OK *
      3S: * OK *
      2S: * BYE Too many connections.
      2S~
      3C: a LOGIN alice secret
      3S: a OK *
      4S: * BYE Too many connections.
      4S~
      1C: b NOOP
      1S: b OK *
    `);
  });

  test("[70] a client that stops reading stalls nobody and is dropped in the end", async () => {
    server = await startTestServer({ limits: { stallTime: 500 } });
    const size = 200_000;
    await server.playAsAlice(`
      C: a APPEND INBOX {${size}+}
      C: ${"y".repeat(size)}
      S: a OK *
    `);
    const lazy = await TestClient.connect(server.port);
    await lazy.line();
    await lazy.command("a LOGIN alice secret");
    await lazy.command("b SELECT INBOX");
    lazy.socket.pause();
    const before = process.memoryUsage();
    lazy.write(Array.from({ length: 2000 }, (_, index) => `f${index} FETCH 1 BODY.PEEK[]\r\n`).join(""));
    await server.playInInbox(`
      C: a FETCH 1 (UID)
      S: * 1 FETCH (UID 1)
      S: a OK *
    `);
    await new Promise<void>((resolve) => {
      lazy.socket.once("close", () => resolve());
      lazy.socket.once("error", () => resolve());
      // The reset is seen only by one who writes or reads.
      const probe = setInterval(() => lazy.socket.write("\r\n"), 100);
      lazy.socket.once("close", () => clearInterval(probe));
    });
    const grown =
      process.memoryUsage().external +
      process.memoryUsage().arrayBuffers -
      before.external -
      before.arrayBuffers;
    expect(grown).toBeLessThan(50 * size);
  });
});

describe("imapflow as client", () => {
  test("lists, appends, searches, moves, watches", async () => {
    server = await startTestServer();
    const options = {
      host: "127.0.0.1",
      port: server.port,
      secure: false,
      logger: false as const,
      auth: { user: "alice", pass: "secret" },
    };
    const client = new ImapFlow(options);
    const watcher = new ImapFlow(options);
    await client.connect();
    await watcher.connect();
    expect((await client.list()).find((one) => one.path === "Sent")?.specialUse).toBe("\\Sent");
    await watcher.mailboxOpen("INBOX");
    const seen = new Promise<{ count: number }>((resolve) => watcher.once("exists", resolve));
    void watcher.idle();
    await client.append("INBOX", "Subject: =?utf-8?B?R3LDvMOfZQ==?=\r\nFrom: Ann <ann@x>\r\n\r\nhello\r\n", [
      "\\Flagged",
    ]);
    expect((await seen).count).toBe(1);
    await client.mailboxOpen("INBOX");
    const found = await client.fetchOne("1", {
      envelope: true,
      bodyStructure: true,
      source: true,
      flags: true,
    });
    if (!found) throw new Error("not found");
    expect(found.envelope?.subject).toBe("Grüße");
    expect(found.bodyStructure?.type).toBe("text/plain");
    expect(found.source?.toString()).toContain("hello");
    expect(await client.search({ subject: "GRÜSSE" })).toEqual([]);
    expect(await client.search({ subject: "GRÜßE" })).toEqual([1]);
    await client.mailboxCreate("Größe/sub");
    const moved = await client.messageMove("1", "Größe/sub");
    expect(moved).toMatchObject({ uidMap: new Map([[1, 1]]) });
    expect(await client.status("Größe/sub", { messages: true })).toMatchObject({ messages: 1 });
    await client.logout();
    await watcher.logout();
  });
});
