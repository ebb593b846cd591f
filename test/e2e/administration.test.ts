/** Managing a running bridge with nothing but a mail client: by mail, by the links in mail, by folders. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { ImapFlow } from "imapflow";
import nodemailer, { type SendMailOptions } from "nodemailer";
import { connectImap } from "../support/mail-user.js";
import {
  PASSWORD,
  type RunningNode,
  setupNode,
  startNode,
  temporaryDirectory,
} from "../support/running-node.js";

const directory = temporaryDirectory();
let alice: RunningNode;
let bob: RunningNode;
let aliceAddress = "";
let bobAddress = "";
let client: ImapFlow;

beforeAll(async () => {
  [aliceAddress, bobAddress] = await Promise.all([
    setupNode(join(directory.path, "alice"), "alice"),
    setupNode(join(directory.path, "bob"), "bob"),
  ]);
  bob = await startNode(join(directory.path, "bob"));
  alice = await startNode(join(directory.path, "alice"), [`node.connect=${bob.p2p}`]);
  client = await connectImap(alice, "alice");
}, 120_000);

afterAll(async () => {
  client?.close();
  await Promise.all([alice?.stop(), bob?.stop()]);
  directory.remove();
}, 120_000);

async function send(node: RunningNode, user: string, mail: SendMailOptions): Promise<void> {
  const transport = nodemailer.createTransport({
    host: "127.0.0.1",
    port: node.smtpPort,
    auth: { user, pass: PASSWORD },
    ignoreTLS: true,
  });
  try {
    await transport.sendMail(mail);
  } finally {
    transport.close();
  }
}

let requests = 0;

/** Alice's mail to the bridge; the text of the answer. */
async function ask(mail: SendMailOptions): Promise<string> {
  const messageId = `<request${++requests}@client>`;
  const from = `${aliceAddress}@bm.localhost`;
  await send(alice, "alice", { from, to: "bridge@bm.localhost", text: "", messageId, ...mail });
  await client.mailboxOpen("INBOX");
  const found = await client.search({ header: { "in-reply-to": messageId } }, { uid: true });
  expect(found).toHaveLength(1);
  return source((found as number[])[0]!);
}

async function source(uid: number): Promise<string> {
  const message = await client.fetchOne(String(uid), { source: true }, { uid: true });
  return message === false ? "" : (message.source?.toString("utf8") ?? "");
}

/** Resolves with the UID when the mailbox holds a mail with that subject. */
async function arrival(mailbox: string, subject: string): Promise<number> {
  const watcher = await connectImap(alice, "alice");
  try {
    return await new Promise<number>((resolve, reject) => {
      const look = async () => {
        const found = await watcher.search({ subject }, { uid: true });
        const uid = found === false ? undefined : found?.[0];
        if (uid !== undefined) resolve(uid);
      };
      watcher.on("exists", () => void look().catch(reject));
      watcher.mailboxOpen(mailbox).then(look).catch(reject);
    });
  } finally {
    watcher.close();
  }
}

test("a chan is joined by mail and left by the link in its mail; its passphrase is nowhere in the mail that is kept", async () => {
  const secret = "a quiet place";
  expect(await ask({ subject: `join ${secret}` })).toMatch(/You have joined the chan/);
  const copy = `Message-ID: <request${requests}@client>\r\nSubject: join ${secret}\r\n\r\n`;
  await client.append("Sent", copy, ["\\Seen"]);
  await client.mailboxOpen("Sent");
  const kept = await client.fetchAll("1:*", { source: true });
  expect(kept).toHaveLength(1);
  expect(kept[0]?.source?.toString()).not.toContain("quiet");

  const folder = `Chans/${secret}`;
  const [, chan = ""] = /^(BM-\S+)/m.exec(await ask({ subject: "identities" })) ?? [];
  expect(chan).toMatch(/^BM-/);
  const to = `a-quiet-place@bm.localhost`;
  await send(alice, "alice", {
    from: `${aliceAddress}@bm.localhost`,
    to,
    subject: "Anybody here?",
    text: "x",
  });
  const uid = await arrival(folder, "Anybody here?");
  await client.mailboxOpen(folder);
  const link = /^List-Unsubscribe: <mailto:([^?]+)\?subject=([^>]+)>/m.exec(
    (await source(uid)).replace(/\r\n /g, " "),
  );
  expect(await ask({ to: link?.[1] ?? "", subject: decodeURIComponent(link?.[2] ?? "") })).toMatch(
    /You have left the chan/,
  );
  expect(await ask({ subject: "identities" })).not.toContain(secret);
}, 120_000);

test("junk: moved there, its sender is filed there from then on; moved out, no more", async () => {
  const [from, to] = [`${bobAddress}@bm.localhost`, `${aliceAddress}@bm.localhost`];
  const write = (subject: string) => send(bob, "bob", { from, to, subject, text: "Buy!" });
  await write("Offer one");
  const first = await arrival("INBOX", "Offer one");
  await client.mailboxOpen("INBOX");
  await client.messageMove(String(first), "Junk", { uid: true });
  expect(await ask({ subject: "contacts" })).toContain(`${bobAddress}  (blocked)`);
  await write("Offer two");
  const second = await arrival("Junk", "Offer two");
  await client.mailboxOpen("Junk");
  await client.messageMove(String(second), "INBOX", { uid: true });
  expect(await ask({ subject: "contacts" })).toContain("You have no contacts.");
  await write("Offer three");
  await arrival("INBOX", "Offer three");
}, 120_000);
