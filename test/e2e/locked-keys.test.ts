/** A node that starts without the passphrase of its keys: it takes and shows mail, opens and sends nothing, until somebody unlocks it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import nodemailer from "nodemailer";
import { connectImap, readMailbox, untilFound } from "../support/mail-user.js";
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

const PASSPHRASE = "five locks of iron";
const directory = temporaryDirectory();
const data = join(directory.path, "node");
let node: RunningNode;
let anna: string;
let berta: string;

beforeAll(async () => {
  anna = await setupNode(data, "anna");
  berta = await setupNode(data, "berta");
  await run(["keys", "encrypt", "--passphrase-stdin"], `${PASSPHRASE}\n`);
  node = await startNode(data, ["keys.start_locked=true"]);
}, 120_000);
afterAll(async () => {
  await node?.stop();
  directory.remove();
}, 120_000);

function attempt(parameters: readonly string[], input?: string) {
  return bmbridge([...parameters, "--json", "--data-dir", data, ...setOptions(TEST_SETTINGS)], input);
}

async function run(parameters: readonly string[], input?: string) {
  const outcome = await attempt(parameters, input);
  if (outcome.status !== 0) throw new Error(outcome.stderr);
  return JSON.parse(outcome.stdout);
}

async function send(to: string, subject: string, text = "text"): Promise<void> {
  const auth = { user: "anna", pass: PASSWORD };
  const transport = nodemailer.createTransport({
    host: "127.0.0.1",
    port: node.smtpPort,
    auth,
    ignoreTLS: true,
  });
  await transport.sendMail({ from: `${anna}@bm.localhost`, to: `${to}@bm.localhost`, subject, text });
  transport.close();
}

/** Resolves when the mailbox has a mail with that subject. */
async function arrived(user: string, subject: string): Promise<void> {
  const client = await connectImap(node, user);
  try {
    await client.mailboxOpen("INBOX", { readOnly: true });
    await untilFound(client, async () => {
      const found = await client.search({ subject });
      return found && found.length > 0 ? found : null;
    });
  } finally {
    client.close();
  }
}

async function text(user: string, mailbox: string): Promise<string> {
  const client = await connectImap(node, user);
  try {
    const { exists } = await client.mailboxOpen(mailbox, { readOnly: true });
    if (exists === 0) return "";
    const messages = await client.fetchAll("1:*", { source: true });
    return messages.map(({ source }) => source?.toString("latin1") ?? "").join("\n");
  } finally {
    client.close();
  }
}

async function states(): Promise<string[]> {
  return (await run(["queue", "list"])).map(({ state }: { state: string }) => state);
}

test("nobody can be asked, and it starts; status, log and mail clients say why nothing goes", async () => {
  expect(await run(["status"])).toMatchObject({ keys: "locked" });
  expect(await run(["keys", "status"])).toMatchObject({ encrypted: true, locked: true });
  expect(node.log()).toContain("private keys are locked");
}, 60_000);

test("mail is taken and kept; nothing is sent, opened or made", async () => {
  await send(berta, "while locked");
  expect(await states()).toEqual(["queued"]);
  expect((await readMailbox(node, "anna", "Sent")).map(({ subject }) => subject)).toEqual(["while locked"]);
  expect(await readMailbox(node, "berta", "INBOX")).toEqual([]);
  const refused = await attempt(["identity", "create", "--user", "anna"]);
  expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining("private keys are locked")]);
  const client = await connectImap(node, "anna");
  await expect(client.mailboxCreate("Chans/general")).rejects.toMatchObject({
    response: expect.stringContaining("NO [UNAVAILABLE] The private keys are locked"),
  });
  client.close();
}, 60_000);

test("a wrong passphrase by mail changes nothing; the right one opens all, and is kept nowhere", async () => {
  await send("bridge", "unlock", "five locks of straw");
  await arrived("anna", "Re: unlock");
  expect(await text("anna", "INBOX")).toContain("not the passphrase");
  expect(await run(["status"])).toMatchObject({ keys: "locked" });
  await send("bridge", "unlock", PASSPHRASE);
  await arrived("berta", "while locked");
  expect(await run(["status"])).toMatchObject({ keys: "open" });
  const kept = `${await text("anna", "INBOX")}${await text("anna", "Sent")}`;
  expect(kept).toContain("unlock ********");
  expect(kept).not.toContain("locks of");
  for (const file of readdirSync(data).filter((name) => name.startsWith("bmbridge.sqlite")))
    expect([file, readFileSync(join(data, file)).includes(PASSPHRASE)]).toEqual([file, false]);
  expect(node.log()).not.toContain("locks of");
}, 120_000);

test("locked again by command, and unlocked: what waited is sent, what came is opened", async () => {
  expect(await run(["keys", "lock"])).toMatchObject({ locked: true });
  await send(berta, "while locked again");
  expect(await run(["status"])).toMatchObject({ keys: "locked" });
  const wrong = await attempt(["keys", "unlock", "--passphrase-stdin"], "x\n");
  expect([wrong.status, wrong.stderr]).toEqual([1, expect.stringContaining("not the passphrase")]);
  expect((await readMailbox(node, "berta", "INBOX")).map(({ subject }) => subject)).toEqual(["while locked"]);
  expect(await run(["keys", "unlock", "--passphrase-stdin"], `${PASSPHRASE}\n`)).toMatchObject({
    locked: false,
  });
  await arrived("berta", "while locked again");
  const twice = await attempt(["keys", "unlock", "--passphrase-stdin"], `${PASSPHRASE}\n`);
  expect(twice.stderr).toContain("not locked");
}, 120_000);
