/** Logins of a running node: what ends with a password, app passwords, and one count of wrong ones for all servers. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import {
  bmbridge,
  PASSWORD,
  type RunningNode,
  setOptions,
  setupNode,
  startNode,
  TEST_SETTINGS,
  temporaryDirectory,
} from "../support/running-node.js";

const directory = temporaryDirectory();
const data = join(directory.path, "node");
let node: RunningNode;
let address: string;
const open: Socket[] = [];

beforeAll(async () => {
  address = await setupNode(data, "anna");
  node = await startNode(data, ["login.max_failures=2"]);
}, 120_000);
afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy();
});
afterAll(async () => {
  await node?.stop();
  directory.remove();
}, 120_000);

async function run(parameters: readonly string[], input?: string) {
  const outcome = await bmbridge(
    [...parameters, "--json", "--data-dir", data, ...setOptions(TEST_SETTINGS)],
    input,
  );
  if (outcome.status !== 0) throw new Error(outcome.stderr);
  return JSON.parse(outcome.stdout);
}

/** Says its lines, one after the other; each resolves with the first line of the answer that matches. */
async function talk(port: number) {
  const socket = connect(port, "127.0.0.1");
  open.push(socket);
  socket.on("error", () => {});
  await once(socket, "connect");
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const until = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) return "closed";
      if (pattern.test(value)) return value;
    }
  };
  const say = (line: string, pattern: RegExp) => {
    socket.write(`${line}\r\n`);
    return until(pattern);
  };
  return { until, say };
}

async function imap(password: string, user = "anna") {
  const session = await talk(node.imapPort);
  return { ...session, answer: await session.say(`a LOGIN ${user} "${password}"`, /^a /) };
}

async function smtp(password: string) {
  const session = await talk(node.smtpPort);
  await session.say("EHLO x", /^250 /);
  const response = Buffer.from(`\0anna\0${password}`).toString("base64");
  return { ...session, answer: await session.say(`AUTH PLAIN ${response}`, /^[245]\d\d /) };
}

test("an app password opens what it is for, tells its last use, and ends its sessions when it is revoked", async () => {
  const { password } = await run(["user", "app-password", "add", "anna", "phone", "--only", "imap"]);
  const session = await imap(password);
  expect(session.answer).toMatch(/^a OK /);
  expect((await imap(password, `${address}`)).answer).toMatch(/^a OK /);
  expect((await smtp(password)).answer).toMatch(/^535 /);
  expect(await run(["user", "app-password", "list", "anna"])).toMatchObject([
    { label: "phone", services: ["imap"], last_service: "imap", last_address: "127.0.0.1" },
  ]);
  const own = await imap(PASSWORD);
  await run(["user", "app-password", "revoke", "anna", "phone"]);
  expect(await session.until(/^\* BYE/)).toContain("app password has been revoked");
  expect(await own.say("b NOOP", /^b /)).toMatch(/^b OK/);
  expect((await imap(password)).answer).toMatch(/^a NO \[AUTHENTICATIONFAILED\]/);
  await run(["user", "unlock", "anna"]);
}, 120_000);

test("wrong passwords count over all servers, lock out, and are lifted; app passwords go on working", async () => {
  const { password } = await run(["user", "app-password", "add", "anna", "tablet"]);
  expect((await imap("wrong")).answer).toMatch(/^a NO \[AUTHENTICATIONFAILED\]/);
  expect((await smtp("wrong")).answer).toMatch(/^535 /);
  expect((await smtp(PASSWORD)).answer).toBe("454 4.7.0 Too many wrong passwords. Try again in 15 minutes.");
  expect((await imap(PASSWORD)).answer).toMatch(/^a NO \[UNAVAILABLE\] Too many wrong passwords/);
  const books = (secret: string) =>
    fetch(`http://127.0.0.1:${node.webPort}/dav/`, {
      method: "PROPFIND",
      headers: { Depth: "0", Authorization: `Basic ${Buffer.from(`anna:${secret}`).toString("base64")}` },
    });
  expect((await books(PASSWORD)).status).toBe(429);
  expect((await books(password)).status).toBe(207);
  expect((await smtp(password)).answer).toMatch(/^235 /);
  const [{ failures }] = await run(["user", "list"]);
  expect(failures).toMatchObject([{ failures: 2, locked_for: expect.any(Number) }]);
  expect(node.log()).toContain("locked out");
  expect(node.log()).not.toContain(PASSWORD);
  await run(["user", "unlock", "anna"]);
  expect((await smtp(PASSWORD)).answer).toMatch(/^235 /);
}, 120_000);

test("a new password ends what the old one has opened, and nothing else", async () => {
  const { password } = await run(["user", "app-password", "add", "anna", "laptop"]);
  const [mail, submission, other] = [await imap(PASSWORD), await smtp(PASSWORD), await smtp(password)];
  expect([mail.answer.slice(0, 4), submission.answer.slice(0, 3)]).toEqual(["a OK", "235"]);
  await submission.say(`MAIL FROM:<${address}@bm.localhost>`, /^250 /);
  await run(["user", "passwd", "anna", "--password-stdin"], "another one\n");
  expect(await mail.until(/^\* BYE/)).toContain("password has been changed");
  expect(await submission.until(/^\d/)).toMatch(/^421 4.7.0 The password has been changed/);
  expect(await other.say("NOOP", /^\d/)).toMatch(/^250/);
  expect((await imap("another one")).answer).toMatch(/^a OK/);
}, 120_000);
