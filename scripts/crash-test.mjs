// Kills a node with SIGKILL at random moments, while messages and strangers' objects come in, mail goes out and people file mail over IMAP; after
// each kill audits its database, restarts it and holds its folders against what was promised; at the end counts every message.
//   node scripts/build.mjs && node scripts/crash-test.mjs [--build dist] [--kills 30] [--seed 1] [--in 3000] [--out 2000] [--limit 7200] [--keep]
// --limit: seconds after which no more kills follow.
// Ends with 1 if anything was lost, doubled, half done or promised in vain.
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { auditDatabase, readOutcome } from "./crash/audit.mjs";
import { FolderWorker, openImap } from "./crash/folder-worker.mjs";
import { MailCount } from "./crash/mail-count.mjs";
import { createFeeder } from "./measure/feeder.mjs";
import { createMessageMaker } from "./measure/objects.mjs";
import { MailNode } from "./support/nodes.mjs";

const { values } = parseArgs({
  options: {
    build: { type: "string", default: process.env.DIST ?? "dist" },
    kills: { type: "string", default: "30" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    in: { type: "string", default: "3000" },
    out: { type: "string", default: "2000" },
    strangers: { type: "string", default: "2000" },
    limit: { type: "string", default: "7200" },
    keep: { type: "boolean", default: false },
  },
});
const KILLS = Number(values.kills);
const DEADLINE = Date.now() + Number(values.limit) * 1000;
/** Milliseconds that what is under way has at the end to arrive. */
const SETTLING = 900_000;
/** Messages under way at once, so that there are always some and never too many. */
const UNDER_WAY = 150;
/** Full looks at folders that only grow, and at indexes, are dear: in between only what is new is looked at. */
const FULL_LOOK = 25;

const build = resolve(values.build);
const undelayed = new URL("measure/without-announcement-delay.mjs", import.meta.url).href;
const environment = { BUILD: build, NODE_OPTIONS: `--import=${undelayed}` };
const load = (path) => import(pathToFileURL(join(build, "src", path)).href);

let state = Number(values.seed) >>> 0;
/** A whole number below `limit` (mulberry32: instants differ all the same, as processes do). */
function random(limit) {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
}

const began = Date.now();
const say = (text) => console.log(`${((Date.now() - began) / 1000).toFixed(1).padStart(8)} s  ${text}`);
const faults = [];
function fault(text) {
  faults.push(text);
  say(`FAULT after kill ${kills}: ${text}`);
}

const directory = mkdtempSync(join(tmpdir(), "bmbridge-crash-"));
const password = randomBytes(12).toString("base64url");
const nodeOptions = (name, settings) => ({
  build,
  directory: join(directory, name),
  name,
  password,
  settings,
});
const other = new MailNode(nodeOptions("other", ["node.listen=127.0.0.1:0"]));
await other.setup();
await other.launch(environment);
const victim = new MailNode(
  nodeOptions("victim", ["node.listen=127.0.0.1:0", `node.connect=${other.ports.p2p}`]),
);
await victim.setup();
const database = join(victim.directory, "bmbridge.sqlite");
const feed = await createFeeder(load);
const makeMessages = await createMessageMaker(load, { trialsPerByte: 1n, extraBytes: 100n });
const strangers = [...makeMessages(Number(values.strangers))];
say(`two nodes, ${strangers.length} objects of strangers; seed ${values.seed}`);

let kills = 0;
let isOver = false;
const incoming = new MailCount("in");
const outgoing = new MailCount("out");
const workers = [new FolderWorker("ada", random), new FolderWorker("bob", random)];

/** Mails from one node to the other, until enough or the end. */
async function correspond({ from, to, count, enough, breath }) {
  while (!isOver && count.accepted.size < enough) {
    if (count.accepted.size - count.seen.size > UNDER_WAY) {
      await pause(100);
      continue;
    }
    const token = count.next();
    try {
      await from.submit({ from: from.address, to: to.address, subject: token });
      count.accepted.add(token);
    } catch (error) {
      // Without a connection nothing was submitted; otherwise it may have been.
      if (!["ECONNREFUSED", "ESOCKET"].includes(error.code) || !/ECONNREFUSED/.test(error.message))
        count.uncertain.add(token);
      await pause(50);
    }
    await pause(random(breath));
  }
}

let fed = 0;
/** Objects for nobody here, a few at a time, from a peer of its own in each life. */
async function feedStrangers(port) {
  while (fed < strangers.length) {
    const some = strangers.slice(fed, fed + 20);
    const { socket } = await feed(port, new Map(some), "plain");
    fed += some.length;
    socket.destroy();
    await pause(200);
  }
}

/** Looks at every mail there is, or at the new ones, and at the workers' folders. */
async function look() {
  const isFull = kills % FULL_LOOK === 0 || isOver;
  const client = await openImap(victim);
  try {
    await incoming.look(client, "INBOX", isFull, fault);
    await outgoing.lookAtCopies(client, "Sent", isFull, fault);
    for (const worker of workers) for (const text of await worker.check(client)) fault(text);
  } finally {
    await client.logout();
  }
  const there = await openImap(other);
  try {
    await outgoing.look(there, "INBOX", isFull, fault);
  } finally {
    await there.logout();
  }
}

/** Milliseconds after `ready`, or, where negative, after the launch of the process. */
function lifetime() {
  const kind = random(100);
  if (kind < 12) return -random(600) - 1;
  // Peers answer a newcomer after some five seconds: some kills come before, some in the middle of the exchange.
  return kind < 80 ? random(1500) : 5000 + random(4000);
}

async function live() {
  const length = lifetime();
  const ready = victim.launch(environment);
  if (length < 0) {
    await pause(-length);
    await victim.end("SIGKILL");
    return;
  }
  await ready;
  await look();
  const working = workers.map((worker) => worker.work(victim));
  const feeding = feedStrangers(Number(victim.ports.p2p.split(":").at(-1))).catch(() => {});
  await pause(length);
  await victim.end("SIGKILL");
  await Promise.all([...working, feeding]);
}

async function finish() {
  await victim.launch(environment);
  isOver = true;
  const end = Date.now() + SETTLING;
  for (;;) {
    await look();
    say(`in ${incoming.summary()}; out ${outgoing.summary()}`);
    const isDone = incoming.missing() + outgoing.missing() === 0;
    if (isDone || Date.now() > end) return;
    await pause(3000);
  }
}

await victim.launch(environment);
for (const worker of workers) await worker.create(victim);
await victim.end("SIGKILL");
const traffic = [
  correspond({ from: other, to: victim, count: incoming, enough: Number(values.in), breath: 300 }),
  correspond({ from: victim, to: other, count: outgoing, enough: Number(values.out), breath: 200 }),
  correspond({ from: victim, to: other, count: outgoing, enough: Number(values.out), breath: 600 }),
];
while (kills < KILLS && Date.now() < DEADLINE) {
  await live();
  kills++;
  for (const text of auditDatabase(database, kills % FULL_LOOK === 0 ? "whole" : "quick")) fault(text);
  if (kills % 10 === 0) {
    say(
      `${kills} kills; in ${incoming.summary()}; out ${outgoing.summary()}; strangers ${fed}; faults ${faults.length}`,
    );
  }
}
await finish();
await Promise.all(traffic);
// Whatever is doubled shows up late: the network rests before the last count.
await pause(15_000);
await look();
for (const token of incoming.missingTokens()) fault(`${token} was accepted and never came`);
for (const token of outgoing.missingTokens()) fault(`${token} was accepted and never arrived`);
await Promise.all([victim.end("SIGTERM"), other.end("SIGTERM")]);
for (const text of auditDatabase(database, "whole")) fault(text);
const outcome = readOutcome(database);
if (outcome.unprocessed > 0) fault(`${outcome.unprocessed} objects were never looked at`);
if (outcome.departed > 0) fault(`${outcome.departed} expunged messages were never cleared away`);
if (!values.keep) rmSync(directory, { recursive: true, force: true });
console.log(
  JSON.stringify({
    seed: Number(values.seed),
    kills,
    in: incoming.figures(),
    out: outgoing.figures(),
    imapCommands: workers.reduce((sum, { commands }) => sum + commands, 0),
    strangersFed: fed,
    ...outcome,
    faults: faults.length,
    seconds: Math.round((Date.now() - began) / 1000),
  }),
);
process.exit(faults.length === 0 ? 0 : 1);
