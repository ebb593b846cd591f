/** A part of the corpus over two running nodes: SMTP, the network, IMAP. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { ImapFlow } from "imapflow";
import { createTransport } from "nodemailer";
import { findField } from "../../src/mail/mime/headers.js";
import { parseMime } from "../../src/mail/mime/parse.js";
import { expectArrival } from "../support/mail/arrival.js";
import { type CorpusMail, RECIPIENT, SENDER } from "../support/mail/build.js";
import { mailCorpus } from "../support/mail/corpus.js";
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
let sender = "";
let recipient = "";

beforeAll(async () => {
  const [from, to] = await Promise.all([
    setupNode(join(directory.path, "alice"), "alice"),
    setupNode(join(directory.path, "bob"), "bob"),
  ]);
  [sender, recipient] = [`${from}@bm.localhost`, `${to}@bm.localhost`];
  // Stems would hold each of many objects back for a while.
  bob = await startNode(join(directory.path, "bob"), ["node.dandelion=0"]);
  alice = await startNode(join(directory.path, "alice"), ["node.dandelion=0", `node.connect=${bob.p2p}`]);
}, 120_000);

afterAll(async () => {
  await Promise.all([alice?.stop(), bob?.stop()]);
  directory.remove();
}, 120_000);

/** Every tenth mail of the corpus that SMTP takes as it is. */
const chosen = mailCorpus()
  .filter(
    ({ bytes, arrival }) =>
      arrival.as !== "refused" && /^(?:[^\0\r\n]{0,900}\r\n)+$/.test(Buffer.from(bytes).toString("latin1")),
  )
  .filter(({ differences }) => !differences.includes("Message-ID made"))
  .filter((_mail, index) => index % 10 === 0);

function addressed({ bytes }: CorpusMail): Buffer {
  const binary = Buffer.from(bytes).toString("latin1");
  return Buffer.from(binary.replaceAll(SENDER, sender).replaceAll(RECIPIENT, recipient), "latin1");
}

/** By Message-ID. */
async function mailsIn(
  node: RunningNode,
  user: string,
  mailbox: string,
  count: number,
): Promise<Map<string, Buffer>> {
  const client = await connectImap(node, user);
  try {
    await client.mailboxOpen(mailbox, { readOnly: true });
    await untilThere(client, count);
    const mails = await client.fetchAll("1:*", { source: true });
    return new Map(
      mails.map(({ source }) => [messageIdOf(source ?? Buffer.alloc(0)), source ?? Buffer.alloc(0)]),
    );
  } finally {
    client.close();
  }
}

async function untilThere(client: ImapFlow, count: number): Promise<void> {
  const isThere = () => client.mailbox !== false && client.mailbox.exists >= count;
  if (isThere()) return;
  await new Promise<void>((resolve) => {
    client.on("exists", () => isThere() && resolve());
    void client.idle();
  });
}

function messageIdOf(bytes: Uint8Array): string {
  return findField(parseMime(bytes), "message-id")?.value.trim() ?? "";
}

test("mails of every kind arrive as they were sent, less what is meant to go", async () => {
  expect(chosen.length).toBeGreaterThan(30);
  const transport = createTransport({
    host: "127.0.0.1",
    port: alice.smtpPort,
    ignoreTLS: true,
    pool: true,
    maxConnections: 1,
    auth: { user: "alice", pass: PASSWORD },
  });
  for (const mail of chosen)
    await transport.sendMail({ envelope: { from: sender, to: recipient }, raw: addressed(mail) });
  transport.close();
  const [sent, arrived] = [
    await mailsIn(alice, "alice", "Sent", chosen.length),
    await mailsIn(bob, "bob", "INBOX", chosen.length),
  ];
  for (const mail of chosen) {
    const id = messageIdOf(mail.bytes);
    const [before, after] = [sent.get(id), arrived.get(id)];
    if (before === undefined || after === undefined) throw new Error(`${mail.name} is not there`);
    await expectArrival(mail, before, after);
  }
}, 120_000);

test("what is far too large is refused at once, and nothing is kept of it", async () => {
  const transport = createTransport({
    host: "127.0.0.1",
    port: alice.smtpPort,
    ignoreTLS: true,
    auth: { user: "alice", pass: PASSWORD },
  });
  const raw = `From: ${sender}\r\nTo: ${recipient}\r\nSubject: large\r\nContent-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n${incompressible(300_000)}`;
  const began = performance.now();
  const refusal = await transport
    .sendMail({ envelope: { from: sender, to: recipient }, raw })
    .catch((error: unknown) => error);
  expect(refusal).toMatchObject({
    responseCode: 552,
    response: expect.stringMatching(/5\.3\.4 .*\d{6}.*262144/),
  });
  expect(performance.now() - began).toBeLessThan(5000);
  const client = await connectImap(alice, "alice");
  const { exists } = await client.mailboxOpen("Sent", { readOnly: true });
  expect(exists).toBe(chosen.length);
  client.close();
}, 120_000);

function incompressible(octets: number): string {
  let state = 1;
  const data = Uint8Array.from({ length: octets }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state >>> 16;
  });
  return Buffer.from(data).toString("base64").replace(/.{76}/g, "$&\r\n");
}
