// Kills a node with SIGKILL at random moments while messages come in and go out, restarts it each time, and counts at the end:
// every message must be there exactly once, and every mail that was answered 250 must have arrived exactly once.
//   node scripts/crash-test.mjs [--in 500] [--out 100] [--kills 30] [--seed N] [--limit 1500]
import { spawn } from "node:child_process";
import { randomBytes, randomInt } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ImapFlow } from "imapflow";
import { createTransport } from "nodemailer";
import { firstDocument } from "./support/processes.mjs";

const { values } = parseArgs({
  options: {
    in: { type: "string", default: "500" },
    out: { type: "string", default: "100" },
    kills: { type: "string", default: "30" },
    limit: { type: "string", default: "1500" },
  },
});
const INCOMING = Number(values.in);
const OUTGOING = Number(values.out);
const KILLS = Number(values.kills);
const DEADLINE = Date.now() + Number(values.limit) * 1000;

const directory = mkdtempSync(join(tmpdir(), "bmbridge-crash-"));
const password = randomBytes(12).toString("base64url");
const began = Date.now();
const say = (text) => console.log(`${((Date.now() - began) / 1000).toFixed(1).padStart(7)} s  ${text}`);
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const main = join(process.env.DIST ?? "dist", "src/main.js");
const settings = [
  "network.name=crash-test",
  "network.min_trials_per_byte=1",
  "network.min_extra_bytes=100",
  "node.bootstrap=false",
  "node.listen=127.0.0.1:0",
  "imap.listen=127.0.0.1:0",
  "smtp.listen=127.0.0.1:0",
  "web.listen=127.0.0.1:0",
  "web.autoconfig=false",
  "log.level=error",
  // Waiting for the sake of privacy would only keep the messages out of the kills' reach.
  "node.dandelion=0",
  "send.ack_delay=0",
];

function launch(parameters, name, more) {
  const set = [...settings, ...more].flatMap((setting) => ["--set", setting]);
  return spawn(
    process.execPath,
    [main, ...parameters, "--data-dir", join(directory, name), "--json", ...set],
    {
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
}

async function setup(name) {
  const child = launch(["setup", "--user", name, "--password-stdin", "--identity", name], name, []);
  child.stdin.end(`${password}\n`);
  const { identities } = await firstDocument(child);
  return identities[0].address;
}

async function start(name, more) {
  const child = launch(["start"], name, more);
  const ready = await firstDocument(child);
  const port = (text) => Number(text.slice(text.lastIndexOf(":") + 1));
  return { child, p2p: ready.p2p, imap: port(ready.imap), smtp: port(ready.smtp) };
}

function send(node, user, from, to, token) {
  const transport = createTransport({
    host: "127.0.0.1",
    port: node.smtp,
    secure: false,
    auth: { user, pass: password },
    connectionTimeout: 5000,
    socketTimeout: 60_000,
  });
  return transport
    .sendMail({
      from: `${from}@bm.localhost`,
      to: `${to}@bm.localhost`,
      subject: token,
      text: `The message ${token}.\n`,
    })
    .finally(() => transport.close());
}

/** Subjects in a mailbox, with how often each is there. */
async function subjects(node, user, mailbox) {
  const client = new ImapFlow({
    host: "127.0.0.1",
    port: node.imap,
    secure: false,
    auth: { user, pass: password },
    logger: false,
  });
  client.on("error", () => {});
  await client.connect();
  await client.mailboxOpen(mailbox);
  const counts = new Map();
  if (client.mailbox.exists > 0) {
    for await (const { envelope } of client.fetch("1:*", { envelope: true })) {
      counts.set(envelope.subject, (counts.get(envelope.subject) ?? 0) + 1);
    }
  }
  await client.logout();
  return counts;
}

const victimAddress = await setup("victim");
const otherAddress = await setup("other");
const other = await start("other", []);
let victim = await start("victim", [`node.connect=${other.p2p}`]);
say("both nodes are up");

const incoming = new Set();
const accepted = new Set();
const uncertain = new Set();
let finished = false;

async function produceIncoming() {
  for (let number = 0; number < INCOMING; number++) {
    const token = `in-${number}`;
    await send(other, "other", otherAddress, victimAddress, token);
    incoming.add(token);
    if (number % 10 === 9) await pause(2500);
  }
}

async function produceOutgoing() {
  for (let number = 0; accepted.size < OUTGOING; number++) {
    const token = `out-${number}`;
    try {
      await send(victim, "victim", victimAddress, otherAddress, token);
      accepted.add(token);
    } catch (error) {
      if (error.code !== "ECONNREFUSED") uncertain.add(token);
      await pause(50);
    }
    await pause(randomInt(200, 2500));
  }
}

let kills = 0;
async function killer() {
  while (kills < KILLS && !finished) {
    // Peers answer a newcomer after some 5 s: some kills come before, some in the middle of the exchange.
    await pause(randomInt(50, 12_000));
    const ended = new Promise((resolve) => victim.child.once("exit", resolve));
    victim.child.kill("SIGKILL");
    await ended;
    kills++;
    victim = await start("victim", [`node.connect=${other.p2p}`]);
  }
}

async function settle() {
  for (;;) {
    const here = await subjects(victim, "victim", "INBOX");
    const there = await subjects(other, "other", "INBOX");
    const missing = [...incoming].filter((token) => !here.has(token)).length;
    const unsent = [...accepted].filter((token) => !there.has(token)).length;
    say(
      `${kills} kills; in: ${incoming.size - missing} of ${incoming.size}; out: ${accepted.size - unsent} of ${accepted.size}`,
    );
    if ((missing === 0 && unsent === 0) || Date.now() > DEADLINE) return { here, there, missing, unsent };
    await pause(5000);
  }
}

const killing = killer();
await Promise.all([produceIncoming(), produceOutgoing()]);
say(
  `${incoming.size} sent in, ${accepted.size} accepted going out, ${uncertain.size} ended without an answer`,
);
await killing;
await settle();
// Whatever is doubled shows up late: let the network rest before the last count.
await pause(20_000);
const { here, there, missing, unsent } = await settle();
finished = true;

const doubled = [...here].filter(([token, count]) => token.startsWith("in-") && count > 1).length;
const doubledOut = [...there].filter(([token, count]) => token.startsWith("out-") && count > 1).length;
const sent = await subjects(victim, "victim", "Sent");
const unfiled = [...accepted].filter((token) => sent.get(token) !== 1).length;
const uncertainArrived = [...uncertain].filter((token) => there.has(token)).length;
for (const node of [victim, other]) node.child.kill("SIGTERM");
await Promise.all([victim, other].map(({ child }) => new Promise((resolve) => child.once("exit", resolve))));
rmSync(directory, { recursive: true, force: true });

console.log(
  JSON.stringify({
    kills,
    incoming: incoming.size,
    lost: missing,
    doubled,
    accepted: accepted.size,
    unsent,
    doubledOut,
    unfiled,
    uncertain: uncertain.size,
    uncertainArrived,
    seconds: Math.round((Date.now() - began) / 1000),
  }),
);
process.exit(missing + unsent + doubled + doubledOut + unfiled === 0 ? 0 : 1);
