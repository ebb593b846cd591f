/** The demonstration: one mail goes all the way through two nodes, and its acknowledgement comes back. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ImapFlow } from "imapflow";
import { createTransport } from "nodemailer";
import { CommandError } from "../control/messages.js";
import { type DemoNode, startDemoNode } from "./demo-node.js";

export interface DemoOptions {
  readonly main: string;
  readonly difficulty: "real" | "low";
  readonly say: (text: string) => void;
  /** How long the whole may take, seconds. */
  readonly limit: number;
}

export interface Demo {
  readonly sender: DemoNode;
  readonly recipient: DemoNode;
  stop(): Promise<void>;
}

const SUBJECT = "Hello across the bridge";

/** Runs every step; CommandError names the step that did not happen in time. The nodes go on until stop(). */
export async function runDemo(options: DemoOptions): Promise<Demo> {
  const directory = mkdtempSync(join(tmpdir(), "bmbridge-demo-"));
  const nodes: DemoNode[] = [];
  const stop = async () => {
    await Promise.all(nodes.map((node) => node.stop()));
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const step = stopwatch(options.say);
    const recipient = await start(options, directory, "bob", []);
    nodes.push(recipient);
    step(`Bob's node is up: ${recipient.address}`);
    const sender = await start(options, directory, "alice", [`node.connect=${recipient.p2p}`]);
    nodes.push(sender);
    step(`Alice's node is up: ${sender.address}`);
    await within(options.limit, exchange(sender, recipient, step));
    return { sender, recipient, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function start(
  options: DemoOptions,
  directory: string,
  name: string,
  settings: readonly string[],
): Promise<DemoNode> {
  const work = options.difficulty === "real" ? 1000 : 10;
  return startDemoNode({
    main: options.main,
    directory: join(directory, name),
    name,
    password: randomBytes(12).toString("base64url"),
    settings: [
      "network.name=demo",
      `network.min_trials_per_byte=${work}`,
      `network.min_extra_bytes=${work}`,
      "node.listen=127.0.0.1:0",
      "node.bootstrap=false",
      "imap.listen=127.0.0.1:0",
      "smtp.listen=127.0.0.1:0",
      "web.listen=127.0.0.1:0",
      "web.autoconfig=false",
      "send.ack_delay=0",
      "log.level=warn",
      ...settings,
    ],
  });
}

type Step = (text: string) => void;

async function exchange(sender: DemoNode, recipient: DemoNode, step: Step): Promise<void> {
  const inbox = await openMailbox(recipient, "INBOX");
  const reports = await openMailbox(sender, "INBOX");
  const sent = await openMailbox(sender, "Sent");
  try {
    step("Bob waits for mail (IMAP IDLE)");
    const arrived = nextMessage(inbox);
    const reported = nextMessage(reports);
    const delivered = keyword(sent, "$BmDelivered", step);
    const answer = await submit(sender, recipient);
    step(`Alice's mail is accepted by SMTP: ${answer}`);
    const mail = await fetchLast(inbox, await arrived);
    step(`Bob sees it through IDLE: "${mail.subject}" from ${mail.from}`);
    if (mail.subject !== SUBJECT)
      throw new CommandError("the mail that arrived is not the one that was sent");
    await delivered;
    step("Alice's copy in Sent bears $BmDelivered: the acknowledgement has come back");
    const report = await fetchLast(reports, await reported);
    step(`Alice has the delivery report: "${report.subject}"`);
  } finally {
    for (const client of [inbox, reports, sent]) client.close();
  }
}

async function openMailbox(node: DemoNode, mailbox: string): Promise<ImapFlow> {
  const client = new ImapFlow({
    ...node.imap,
    secure: false,
    auth: { user: node.name, pass: node.password },
    logger: false,
    maxIdleTime: 60_000,
  });
  client.on("error", () => client.close());
  await client.connect();
  await client.mailboxOpen(mailbox);
  return client;
}

async function submit(sender: DemoNode, recipient: DemoNode): Promise<string> {
  const transport = createTransport({
    ...sender.smtp,
    secure: false,
    auth: { user: sender.name, pass: sender.password },
  });
  const result = await transport.sendMail({
    from: `Alice <${sender.address}@bm.localhost>`,
    to: `Bob <${recipient.address}@bm.localhost>`,
    subject: SUBJECT,
    text: "Written in a mail client, carried by Bitmessage, read in a mail client.\n",
    dsn: {
      id: "demo",
      return: "headers",
      notify: ["success", "failure"],
      recipient: `${sender.address}@bm.localhost`,
    },
  });
  transport.close();
  return result.response;
}

function nextMessage(client: ImapFlow): Promise<number> {
  const waiting = new Promise<number>((resolve) => {
    client.on("exists", ({ count }: { count: number }) => resolve(count));
  });
  void client.idle();
  return waiting;
}

/** Resolves when a message of the open mailbox bears the keyword; tells of the states on the way. */
function keyword(client: ImapFlow, wanted: string, step: Step): Promise<void> {
  const seen = new Set<string>();
  const waiting = new Promise<void>((resolve) => {
    client.on("flags", ({ flags }: { flags?: Set<string> }) => {
      for (const flag of flags ?? []) {
        if (!flag.startsWith("$Bm") || seen.has(flag)) continue;
        seen.add(flag);
        if (flag === wanted) resolve();
        else step(`Alice's copy in Sent bears ${flag}`);
      }
    });
  });
  void client.idle();
  return waiting;
}

async function fetchLast(client: ImapFlow, sequence: number): Promise<{ subject: string; from: string }> {
  const message = await client.fetchOne(String(sequence), { envelope: true });
  if (message === false) throw new CommandError("the message cannot be fetched");
  const from = message.envelope?.from?.[0];
  return { subject: message.envelope?.subject ?? "", from: `${from?.name ?? ""} <${from?.address ?? ""}>` };
}

function stopwatch(say: (text: string) => void): Step {
  const began = performance.now();
  return (text) => say(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${text}`);
}

async function within<T>(seconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new CommandError(`the demonstration did not end within ${seconds} seconds`)),
      seconds * 1000,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
