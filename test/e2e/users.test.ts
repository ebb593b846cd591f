/** Two people on one bridge: mail between them, one chan, one broadcaster, logins with an identity, the layout changed, a login removed. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { ImapFlow } from "imapflow";
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

const directory = temporaryDirectory();
const data = join(directory.path, "node");
let node: RunningNode;
let anna: string;
let berta: string;

beforeAll(async () => {
  anna = await setupNode(data, "anna");
  berta = await setupNode(data, "berta");
  node = await startNode(data);
}, 120_000);
afterAll(async () => {
  await node?.stop();
  directory.remove();
}, 120_000);

async function run(parameters: readonly string[], input?: string) {
  const all = [...parameters, "--json", "--data-dir", data, ...setOptions(TEST_SETTINGS)];
  const outcome = await bmbridge(all, input);
  if (outcome.status !== 0) throw new Error(outcome.stderr);
  return JSON.parse(outcome.stdout);
}

/** Resolves when the mailbox has so many messages. */
async function arrived(user: string, mailbox: string, count: number): Promise<void> {
  const client: ImapFlow = await connectImap(node, user);
  try {
    await client.mailboxOpen(mailbox, { readOnly: true });
    await untilFound(client, async () => {
      const status = await client.status(mailbox, { messages: true });
      const messages = status ? (status.messages ?? 0) : 0;
      return messages >= count ? messages : null;
    });
  } finally {
    client.close();
  }
}

async function submit(user: string, from: string, to: string, subject: string): Promise<void> {
  const auth = { user, pass: PASSWORD };
  const transport = nodemailer.createTransport({
    host: "127.0.0.1",
    port: node.smtpPort,
    auth,
    ignoreTLS: true,
  });
  await transport.sendMail({ from: `${from}@bm.localhost`, to: `${to}@bm.localhost`, subject, text: "text" });
  transport.close();
}

async function subjects(user: string, mailbox: string): Promise<readonly string[]> {
  return (await readMailbox(node, user, mailbox)).map(({ subject }) => subject);
}

test("one writes to the other without any peer; it arrives and is known to have", async () => {
  await submit("anna", anna, berta, "across the corridor");
  await arrived("berta", "INBOX", 1);
  expect([await subjects("berta", "INBOX"), await subjects("anna", "INBOX")]).toEqual([
    ["across the corridor"],
    [],
  ]);
  expect(await run(["queue", "list"])).toMatchObject([{ state: "acknowledged" }]);
  expect((await readMailbox(node, "anna", "Sent"))[0]?.flags).toContain("$BmDelivered");
}, 120_000);

test("one chan and one broadcaster, each under a label and in a folder of their own", async () => {
  const chan = await run(
    ["chan", "join", "--passphrase-stdin", "--user", "anna", "--label", "Town"],
    "general\n",
  );
  await run(["subscription", "add", berta, "--label", "Her news", "--user", "anna"]);
  await submit("anna", chan.address, chan.address, "early");
  await arrived("anna", "Chans/Town", 1);
  await run(["chan", "join", "--passphrase-stdin", "--user", "berta", "--label", "Square"], "general\n");
  await run(["subscription", "add", berta, "--label", "My own", "--user", "berta"]);
  await arrived("berta", "Chans/Square", 1);
  await submit("berta", berta, "broadcast", "news");
  await arrived("anna", "Subscriptions/Her news", 1);
  await arrived("berta", "Subscriptions/My own", 1);
  expect([await subjects("anna", "Chans/Town"), await subjects("berta", "Chans/Square")]).toEqual([
    ["early"],
    ["early"],
  ]);
  const both = await run(["chan", "list"]);
  expect(both.map(({ user, label }: { user: string; label: string }) => [user, label])).toEqual([
    ["anna", "Town"],
    ["berta", "Square"],
  ]);
  const leave = ["chan", "leave", chan.address];
  await expect(run(leave)).rejects.toThrow(/--user/);
  await run([...leave, "--user", "berta"]);
  expect(await run(["chan", "list"])).toHaveLength(1);
}, 120_000);

test("a login with an identity's address shows and sends that identity's mail; the layout may change and nothing is lost", async () => {
  const work = (await run(["identity", "create", "--label", "Work", "--user", "anna"])).address;
  await submit("berta", berta, work, "to work");
  await arrived("anna", "INBOX", 1);
  await submit("berta", berta, anna, "to anna");
  await arrived("anna", "INBOX", 2);
  expect([await subjects(work, "INBOX"), await subjects(anna, "INBOX")]).toEqual([["to work"], ["to anna"]]);
  await submit(work, work, berta, "from work");
  await expect(submit(work, anna, berta, "not from work")).rejects.toMatchObject({ responseCode: 550 });
  expect(await subjects(work, "Sent")).toEqual(["from work"]);
  await node.stop();
  node = await startNode(data, ["imap.layout=split"]);
  expect([await subjects("anna", "INBOX"), await subjects("anna", "Identities/Work")]).toEqual([
    [],
    ["to work"],
  ]);
  await run(["identity", "label", work, "Office"]);
  await submit("berta", berta, work, "to the office");
  await arrived("anna", "Identities/Office", 2);
  expect(await subjects(work, "INBOX")).toEqual(["to work", "to the office"]);
  await node.stop();
  node = await startNode(data);
  expect([...(await subjects("anna", "INBOX"))].sort()).toEqual(["to anna", "to the office", "to work"]);
}, 120_000);

test("an identity that was disabled gets what came meanwhile", async () => {
  await run(["identity", "disable", anna]);
  await submit("berta", berta, anna, "while away");
  await run(["identity", "enable", anna]);
  await arrived(anna, "INBOX", 2);
  expect(await subjects(anna, "INBOX")).toEqual(["to anna", "while away"]);
}, 120_000);

test("removing a login says good-bye to its sessions", async () => {
  const client = await connectImap(node, "berta");
  await client.mailboxOpen("INBOX");
  const closed = new Promise<void>((resolve) => client.once("close", () => resolve()));
  void client.idle();
  await run(["identity", "remove", berta]);
  await run(["user", "remove", "berta"]);
  await closed;
  await expect(connectImap(node, "berta")).rejects.toThrow();
  expect(await subjects("anna", "Chans/Town")).toEqual(["early"]);
}, 120_000);
