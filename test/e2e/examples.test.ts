/** The two worked examples against running nodes: two bridges on a private network, a bot beside one of them, people at both. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import type { ImapFlow } from "imapflow";
import { createTransport } from "nodemailer";
import { connectImap, untilFound } from "../support/mail-user.js";
import {
  PASSWORD,
  type RunningNode,
  setupNode,
  startNode,
  temporaryDirectory,
} from "../support/running-node.js";

const directory = temporaryDirectory();
const nodes: RunningNode[] = [];
const bots: ChildProcess[] = [];
const addresses: Record<string, string> = {};

beforeAll(async () => {
  const homes = [join(directory.path, "one"), join(directory.path, "two")];
  for (const user of ["bot", "list", "carl"]) addresses[user] = await setupNode(homes[0]!, user);
  addresses["anna"] = await setupNode(homes[1]!, "anna");
  // A stem of two nodes hides nothing and takes its time.
  nodes.push(await startNode(homes[0]!, ["node.dandelion=0"]));
  nodes.push(await startNode(homes[1]!, ["node.dandelion=0", `node.connect=${nodes[0]!.p2p}`]));
}, 120_000);
afterEach(() => {
  for (const bot of bots.splice(0)) bot.kill("SIGKILL");
});
afterAll(async () => {
  for (const node of nodes) await node.stop();
  directory.remove();
}, 120_000);

const mailAddress = (user: string) => `${addresses[user]}@bm.localhost`;
const nodeOf = (user: string) => (user === "anna" ? nodes[1]! : nodes[0]!);

/** Resolves when the example says that it is ready. */
function start(example: string, prefix: string, user: string, more: NodeJS.ProcessEnv = {}): Promise<void> {
  const { imapPort, smtpPort } = nodes[0]!;
  const child = spawn(process.execPath, [join("scripts/examples", example)], {
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      ...process.env,
      [`${prefix}_ADDRESS`]: mailAddress(user),
      [`${prefix}_PASSWORD`]: PASSWORD,
      [`${prefix}_IMAP`]: `127.0.0.1:${imapPort}`,
      [`${prefix}_SMTP`]: `127.0.0.1:${smtpPort}`,
      ...more,
    },
  });
  bots.push(child);
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => line === "ready" && resolve());
    child.once("exit", (status) => reject(new Error(`${example} ended with ${status}`)));
  });
}

interface Letter {
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly text?: string;
  readonly headers?: Record<string, string>;
}

async function send({ from, to, subject, text = "", headers = {} }: Letter): Promise<void> {
  const transport = createTransport({
    host: "127.0.0.1",
    port: nodeOf(from).smtpPort,
    auth: { user: from, pass: PASSWORD },
  });
  await transport.sendMail({ from: mailAddress(from), to: mailAddress(to), subject, text, headers });
  transport.close();
}

/** The first message in the user's INBOX with that subject, as soon as it is there. */
async function arrival(user: string, subject: string): Promise<{ header: string; text: string }> {
  const client: ImapFlow = await connectImap(nodeOf(user), user);
  try {
    await client.mailboxOpen("INBOX");
    return await untilFound(client, async () => {
      const uids = await client.search({ header: { subject } }, { uid: true });
      if (!uids || uids.length === 0) return null;
      const message = await client.fetchOne(String(uids[0]), { source: true }, { uid: true });
      const source = message ? (message.source?.toString("utf8") ?? "") : "";
      const end = source.indexOf("\r\n\r\n");
      return { header: source.slice(0, end), text: source.slice(end + 4) };
    });
  } finally {
    client.close();
  }
}

async function tryEchoBot(): Promise<void> {
  await start("echo-bot.mjs", "BOT", "bot");
  const automatic = { "Auto-Submitted": "auto-replied" };
  await send({ from: "carl", to: "bot", subject: "An automatic one", headers: automatic });
  await send({ from: "anna", to: "bot", subject: "Hello bot", text: "Is there anybody?" });
  const { header, text } = await arrival("anna", "Re: Hello bot");
  expect(header).toMatch(/^Auto-Submitted: auto-replied\r?$/m);
  expect(header).toMatch(/^In-Reply-To: </m);
  expect(text).toContain("Is there anybody?");
  const client = await connectImap(nodes[0]!, "carl");
  await client.mailboxOpen("INBOX");
  expect(await client.search({ header: { subject: "automatic one" } })).toEqual([]);
  client.close();
}

async function tryMailingList(): Promise<void> {
  const members = join(directory.path, "members.json");
  writeFileSync(members, JSON.stringify([mailAddress("anna")]));
  await start("mailing-list.mjs", "LIST", "list", { LIST_NAME: "friends", LIST_MEMBERS: members });
  await send({ from: "carl", to: "list", subject: "Hello all", text: "not a member yet" });
  expect((await arrival("carl", "[friends]")).text).toContain("Write with the subject: subscribe");
  await send({ from: "carl", to: "list", subject: "subscribe" });
  const confirmation = await arrival("carl", "[friends] subscribed");
  expect(confirmation.header).toMatch(/^Auto-Submitted: auto-replied\r?$/m);
  await send({ from: "anna", to: "list", subject: "Hello all", text: "from the other bridge" });
  const { text } = await arrival("carl", "[friends] Hello all");
  expect(text).toMatch(/writes:\r\n\r\nfrom the other bridge/);
  expect(JSON.parse(readFileSync(members, "utf8")).sort()).toEqual(
    [mailAddress("anna"), mailAddress("carl")].sort(),
  );
}

test("an echo bot and a mailing list serve people on two bridges", async () => {
  await Promise.all([tryEchoBot(), tryMailingList()]);
}, 120_000);
