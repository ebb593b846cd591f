/** Sessions that the host ends, and logins that it does not look at. */
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { LoginRefused } from "../../../src/mail/sasl.js";
import type { SubmissionServer } from "../../../src/mail/smtp/server.js";
import { MemoryHandler, plain, RawClient, startServer } from "./support.js";

class HostOfSessions extends MemoryHandler {
  readonly open = new Map<string, (reason: string) => void>();
  released: (name: string) => void = () => {};

  override async authenticate(credentials: { username: string; password: string }) {
    if (credentials.username === "locked") throw new LoginRefused(900);
    return super.authenticate(credentials);
  }

  opened({ name }: { name: string }, end: (reason: string) => void): () => void {
    this.open.set(name, end);
    return () => {
      this.open.delete(name);
      this.released(name);
    };
  }
}

let handler: HostOfSessions;
let server: SubmissionServer;
let port: number;
const clients: RawClient[] = [];

beforeEach(async () => {
  handler = new HostOfSessions();
  ({ server, port } = await startServer(handler));
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await server.stop();
});

async function connected(): Promise<RawClient> {
  const client = await RawClient.connect(port);
  clients.push(client);
  return client;
}

const GONE = "This login has been removed.";

test("an idle session hears why it ends; others go on; the host hears of each end", async () => {
  const alice = await (await connected()).begin("alice");
  const bob = await (await connected()).begin("bob");
  expect([...handler.open.keys()]).toEqual(["alice", "bob"]);
  const released = new Promise<string>((resolve) => {
    handler.released = resolve;
  });
  handler.open.get("alice")?.(GONE);
  expect(await alice.reply()).toBe(`421 4.7.0 ${GONE}`);
  expect(await alice.reply()).toBe("closed");
  expect(await released).toBe("alice");
  expect(await bob.ask("NOOP")).toMatch(/^250/);
  const byItself = new Promise<string>((resolve) => {
    handler.released = resolve;
  });
  bob.close();
  expect(await byItself).toBe("bob");
});

test("nothing is taken any more, in whatever state the session is", async () => {
  for (const commands of [
    ["MAIL FROM:<a@b>"],
    ["MAIL FROM:<a@b>", "RCPT TO:<c@d>"],
    ["MAIL FROM:<a@b>", "RCPT TO:<c@d>", "DATA"],
  ]) {
    const alice = await (await connected()).begin("alice");
    for (const command of commands) await alice.ask(command);
    alice.send("Subject: x\r\n");
    handler.open.get("alice")?.(GONE);
    alice.send("\r\nx\r\n.\r\nMAIL FROM:<a@b>\r\n");
    for (let reply = await alice.reply(); reply !== "closed"; reply = await alice.reply())
      expect(reply).not.toMatch(/^250 2.0.0/);
  }
  expect(handler.submitted).toEqual([]);
});

test("a login that was not looked at is told apart from a wrong one, and the connection goes on", async () => {
  const client = await (await connected()).begin(null);
  expect(await client.ask(`AUTH PLAIN ${plain("locked", "right")}`)).toBe(
    "454 4.7.0 Too many wrong passwords. Try again in 15 minutes.",
  );
  expect(await client.ask(`AUTH PLAIN ${plain("alice", "wrong")}`)).toMatch(/^535 5.7.8/);
  expect(await client.ask(`AUTH PLAIN ${plain("alice", "right")}`)).toMatch(/^235/);
});
