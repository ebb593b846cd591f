// Loss of power on a file system that drops what was not synced: runs a node under load, writes down what it does to its data directory
// (a preloaded shim), and lets the power fail at many instants of that: each time all that was not synced is lost, or none, or any part of it,
// sector by sector. What the store then holds is checked against what clients had been promised by that instant. Linux with a C compiler.
//   node scripts/build.mjs && node scripts/lose-power.mjs [--build dist] [--mails 60] [--cuts 2000] [--starts 10] [--seed N]
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { Bridge, until } from "./faults/bridge.mjs";
import { Disk, numbersFrom, readJournal } from "./faults/disk-image.mjs";
import { Faults } from "./faults/shim.mjs";

const { values } = parseArgs({
  options: {
    build: { type: "string", default: "dist" },
    mails: { type: "string", default: "60" },
    cuts: { type: "string", default: "2000" },
    starts: { type: "string", default: "10" },
    seed: { type: "string", default: "1" },
    keep: { type: "boolean", default: false },
  },
});
const source = resolve(values.build, "src");
const main = join(source, "main.js");
const MAILS = Number(values.mails);
const random = numbersFrom(Number(values.seed));
const folder = mkdtempSync(join(tmpdir(), "bmbridge-power-"));
const say = (text) => process.stderr.write(`${text}\n`);
if (!values.keep) process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

/** What clients were told, each with the number of the operation after which they were. */
const promises = [];
const disk = join(folder, "disk");
mkdirSync(disk);
const faults = new Faults(folder, disk, { journal: true });
const promise = (what) => promises.push({ after: faults.read().operations, ...what });

const other = new Bridge(main, join(folder, "other"));
await other.setup("other");
await other.start();
// The data directory is one folder below, so that its own making is seen as well.
const victim = new Bridge(main, join(disk, "data"), {
  environment: faults.environment,
  settings: [`node.connect=${other.p2p}`],
});
await victim.setup("victim");
promise({ kind: "identity", address: victim.address });
await victim.start();
say("both nodes are up");

async function sendOut() {
  for (let number = 0; number < MAILS; number++) {
    const subject = `out-${number}`;
    const { code } = await victim.submit(
      other.address,
      subject,
      "x".repeat(number % 7 === 0 ? 100_000 : 200),
    );
    if (code === 250) promise({ kind: "sent", subject });
  }
}

async function sendIn() {
  for (let number = 0; number < MAILS; number++) await other.submit(victim.address, `in-${number}`);
}

async function readMail() {
  const client = await victim.imap();
  await client.mailboxCreate("Kept");
  promise({ kind: "mailbox", name: "Kept" });
  const seen = new Set();
  for (let turn = 0; turn < MAILS; turn++) {
    const subject = `append-${turn}`;
    const { uid, uidValidity } = await client.append("Kept", `Subject: ${subject}\r\n\r\nText\r\n`, []);
    promise({ kind: "mail", mailbox: "Kept", uid, uidValidity: Number(uidValidity), subject });
    await client.mailboxOpen("Kept");
    if (await client.messageFlagsAdd({ uid }, ["\\Flagged"], { uid: true }))
      promise({ kind: "flag", mailbox: "Kept", uid });
    if (turn % 5 === 4) {
      await client.messageDelete({ uid: uid - 1 }, { uid: true });
      promise({ kind: "gone", mailbox: "Kept", uid: uid - 1 });
    }
    await client.mailboxOpen("INBOX");
    if (client.mailbox.exists === 0) continue;
    for await (const message of client.fetch("1:*", { envelope: true, uid: true })) {
      if (seen.has(message.uid)) continue;
      seen.add(message.uid);
      const { subject: heard } = message.envelope;
      promise({
        kind: "mail",
        mailbox: "INBOX",
        uid: message.uid,
        uidValidity: Number(client.mailbox.uidValidity),
        subject: heard,
      });
    }
  }
  await client.logout();
}

await Promise.all([sendOut(), sendIn(), readMail()]);
await until(async () => (await victim.subjects("INBOX")).size >= MAILS, 60_000);
await readMailOnce();
await victim.stop();
const last = faults.read().operations;
say(`${last} operations, ${promises.length} promises`);

async function readMailOnce() {
  const client = await victim.imap();
  await client.mailboxOpen("INBOX");
  for await (const { uid, envelope } of client.fetch("1:*", { envelope: true, uid: true }))
    promise({
      kind: "mail",
      mailbox: "INBOX",
      uid,
      uidValidity: Number(client.mailbox.uidValidity),
      subject: envelope.subject,
    });
  await client.logout();
}

const load = (path) => import(pathToFileURL(join(source, path)).href);
const { openDatabase } = await load("store/database.js");
const { createSqliteStores } = await load("store/sqlite/stores.js");
const subjectOf = (bytes) => /^Subject: (.*?)\r?$/im.exec(Buffer.from(bytes).toString("latin1"))?.[1];

/** What is wrong with an image; empty when nothing is. */
function audit(directory, due) {
  const database = openDatabase(join(directory, "bmbridge.sqlite"));
  const wrong = [];
  try {
    const integrity = database.pragma("integrity_check", { simple: true });
    if (integrity !== "ok") wrong.push(`integrity: ${integrity}`);
    if (database.pragma("foreign_key_check").length > 0) wrong.push("foreign keys");
    const stores = createSqliteStores(database);
    const sent = stores.mailboxes.find("victim", "Sent");
    const subjects = new Set(
      (sent ? stores.mailboxes.snapshot(sent, "read-only").messages : []).map(({ uid }) =>
        subjectOf(stores.mailboxes.read(sent, uid)),
      ),
    );
    const queued = new Set(database.prepare("SELECT subject FROM outbox").pluck().all());
    for (const one of due) {
      const fault = check(one, stores, { subjects, queued });
      if (fault) wrong.push(`${JSON.stringify(one)}: ${fault}`);
    }
  } finally {
    database.close();
  }
  return wrong;
}

function check(one, stores, { subjects, queued }) {
  if (one.kind === "identity")
    return stores.identities.list().some(({ address }) => address === one.address)
      ? null
      : "no such identity";
  if (one.kind === "sent")
    return subjects.has(one.subject) && queued.has(one.subject) ? null : "accepted and lost";
  const mailbox = stores.mailboxes.find("victim", one.kind === "mailbox" ? one.name : one.mailbox);
  if (!mailbox) return "no such mailbox";
  if (one.kind === "mailbox") return null;
  const bytes = stores.mailboxes.read(mailbox, one.uid);
  const wasRemoved = gone.has(`${one.mailbox} ${one.uid}`);
  if (one.kind === "gone") return bytes === null ? null : "expunged and back";
  if (bytes === null) return wasRemoved ? null : "lost";
  if (one.kind === "flag") {
    const { flags } = stores.mailboxes
      .snapshot(mailbox, "read-only")
      .messages.find(({ uid }) => uid === one.uid);
    return flags.includes("\\Flagged") ? null : "flag lost";
  }
  const { uidValidity } = stores.mailboxes.status(mailbox);
  if (uidValidity !== one.uidValidity) return `UIDVALIDITY is ${uidValidity}`;
  return subjectOf(bytes) === one.subject ? null : `its UID is that of ${subjectOf(bytes)}`;
}

const gone = new Set(
  promises.filter(({ kind }) => kind === "gone").map(({ mailbox, uid }) => `${mailbox} ${uid}`),
);
const operations = readJournal(faults.journal);
const wanted = new Set();
// Right after each promise it is easiest to break, and anywhere else.
for (const { after } of promises) wanted.add(after);
const CUTS = Math.min(Number(values.cuts), operations.length);
while (wanted.size < CUTS) wanted.add(1 + Math.floor(random() * operations.length));
const image = join(folder, "image");
const results = { cuts: 0, images: 0, broken: 0 };
const disks = new Disk();
const starts = [];
for (const [index, operation] of operations.entries()) {
  disks.apply(operation);
  const count = index + 1;
  if (!wanted.has(count)) continue;
  results.cuts++;
  const due = promises.filter(({ after }) => after <= count);
  for (const loss of ["all", "none", random, random]) {
    disks.materialise(image, loss);
    results.images++;
    let wrong;
    try {
      wrong = audit(join(image, "data"), due);
    } catch (error) {
      wrong = due.length === 0 && error.code === "ENOENT" ? [] : [String(error)];
    }
    if (wrong.length === 0) continue;
    results.broken++;
    if (results.broken <= 5)
      say(
        `after operation ${count}, lost ${typeof loss === "string" ? loss : "some"}: ${wrong.slice(0, 4).join("; ")}`,
      );
  }
  if (starts.length < Number(values.starts) && due.some(({ kind }) => kind === "sent") && random() < 0.05) {
    const path = join(folder, `start-${starts.length}`);
    disks.materialise(path, "all");
    starts.push({ path, due });
  }
}
say(JSON.stringify(results));

/** Whole nodes on some of the images: what had been accepted arrives. */
let arrived = new Map();
const outcomes = { starts: 0, notStarted: 0, neverArrived: 0 };
for (const { path, due } of starts) {
  const sent = due.filter(({ kind }) => kind === "sent").map(({ subject }) => subject);
  if (due.length === 0) continue;
  const again = new Bridge(main, join(path, "data"), { settings: [`node.connect=${other.p2p}`] });
  again.user = "victim";
  outcomes.starts++;
  try {
    await again.start();
    if (
      !(await until(async () => sent.every((subject) => arrived.has(subject)) || (await refresh()), 60_000))
    )
      outcomes.neverArrived++;
    await again.stop();
  } catch (error) {
    outcomes.notStarted++;
    say(`not started: ${error.message} ${again.log.slice(-500)}`);
  }
}

async function refresh() {
  arrived = await other.subjects("INBOX");
  return false;
}
await other.stop();
faults.close();
console.log(JSON.stringify({ operations: last, promises: promises.length, ...results, ...outcomes }));
process.exit(results.broken + outcomes.notStarted + outcomes.neverArrived === 0 ? 0 : 1);
