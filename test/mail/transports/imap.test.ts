import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { createImapTransport, type ImapTransportOptions } from "../../../src/mail/transports/imap.js";
import { startTestServer, type TestServer } from "../imap/test-server.js";
import { outbound, scriptedServer } from "./servers.js";

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
});
afterEach(() => server.stop());

function transport(changes: Partial<ImapTransportOptions> = {}, port = server.port) {
  return createImapTransport({
    server: { host: "127.0.0.1", port, tls: "off", authorities: null },
    login: { username: "alice", password: () => "secret" },
    folder: "INBOX",
    connectTimeout: 2000,
    replyTimeout: 2000,
    ...changes,
  });
}

const never = new AbortController().signal;
const size = outbound().bytes.length;

test("appends the mail octet for octet, unread", async () => {
  await transport().deliver(outbound(), never);
  await server.playInInbox(
    `C: a FETCH 1 (RFC822.SIZE)\nS: * 1 FETCH (RFC822.SIZE ${size})\nS: a OK *\nC: b SEARCH UNSEEN\nS: * SEARCH 1\nS: b OK *`,
  );
});

test("an attempt of which no answer was heard is not made twice", async () => {
  await transport().deliver(outbound(), never);
  await transport().deliver(outbound({ attempt: 2 }), never);
  await transport().deliver(outbound({ attempt: 2, messageId: "other@bm.localhost" }), never);
  await server.playInInbox("C: a SEARCH ALL\nS: * SEARCH 1 2\nS: a OK *");
});

test("another mail with the same Message-ID does not stand for one that has not arrived", async () => {
  const forged = "From: mallory@bm.localhost\r\nMessage-ID: <one@bm.localhost>\r\n\r\nnot the mail\r\n";
  await transport().deliver(outbound({ bytes: new Uint8Array(Buffer.from(forged)) }), never);
  await transport().deliver(outbound({ attempt: 2 }), never);
  await transport().deliver(outbound({ attempt: 3 }), never);
  await server.playInInbox("C: a SEARCH ALL\nS: * SEARCH 1 2\nS: a OK *");
});

test("makes a folder that is missing", async () => {
  await transport({ folder: "Bitmessage/New" }).deliver(outbound(), never);
  await transport({ folder: "Bitmessage/New" }).deliver(outbound(), never);
  expect(server.errors).toEqual([]);
});

test("a wrong password is a trouble of the target, and not in the error", async () => {
  const login = { username: "alice", password: () => "wrong one" };
  const refusal = await transport({ login })
    .deliver(outbound(), never)
    .then(
      () => null,
      (error) => error,
    );
  expect(refusal).toMatchObject({ name: "TransportError", lasting: "temporary", about: "target" });
  expect(String(refusal.message)).toMatch(/the login was refused/);
  expect(`${refusal.message}${refusal.stack}`).not.toContain("wrong one");
});

test("a server that is away, hangs up or says nothing is temporary", async () => {
  for (const CONNECT of ["close", "* BYE later", "silence"]) {
    const other = await scriptedServer({ CONNECT });
    await expect(
      transport({ connectTimeout: 100, replyTimeout: 100 }, other.port).deliver(outbound(), never),
    ).rejects.toMatchObject({ lasting: "temporary", about: "target" });
    await other.close();
  }
  await expect(transport({}, 1).deliver(outbound(), never)).rejects.toMatchObject({ about: "target" });
});

test("a stop ends it", async () => {
  const other = await scriptedServer({ CONNECT: "silence" });
  const stop = new AbortController();
  const delivery = transport({}, other.port).deliver(outbound(), stop.signal);
  stop.abort();
  await expect(delivery).rejects.toMatchObject({ lasting: "temporary" });
  await other.close();
});
