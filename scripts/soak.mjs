// A node under ten times a busy user's load for hours: people who read, file, write and come and go, peers who come and go, and everybody else's
// objects. Notes every minute what it takes of the machine and how long people wait; at the end, the first third beside the last.
//   node scripts/build.mjs && node scripts/soak.mjs [--build dist] [--minutes 60] [--directory DIR] [--log FILE]
// With --directory it goes on where the slice before it has stopped. A busy user, here: 200 mails come and 100 go in eight hours, three mail
// programs, sixteen peers, an object every five seconds; the minutes' figures are of ten of them (--times 10).
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { createFeeder } from "./measure/feeder.mjs";
import { createMessageMaker } from "./measure/objects.mjs";
import { lookUp, Person, write } from "./soak/people.mjs";
import { Readings } from "./soak/readings.mjs";
import { MailNode } from "./support/nodes.mjs";
import { ended, firstDocument } from "./support/processes.mjs";

const { values } = parseArgs({
  options: {
    build: { type: "string", default: "dist" },
    minutes: { type: "string", default: "60" },
    times: { type: "string", default: "10" },
    directory: { type: "string" },
    log: { type: "string" },
  },
});
const TIMES = Number(values.times);
const MAILS_IN = (TIMES * 200) / 480;
const MAILS_OUT = (TIMES * 100) / 480;
const PEOPLE = TIMES * 3;
const PEERS = TIMES * 16;
const OBJECTS_A_SECOND = TIMES / 5;
const DIFFICULTY = { trialsPerByte: 1n, extraBytes: 100n };

const build = resolve(values.build);
const load = (path) => import(pathToFileURL(join(build, "src", path)).href);
const directory = values.directory ?? mkdtempSync(join(tmpdir(), "bmbridge-soak-"));
const random = (limit) => Math.floor(Math.random() * limit);
const began = Date.now();
const end = began + Number(values.minutes) * 60_000;
const isOver = () => Date.now() >= end;

/** Made once for all slices: its addresses are written beside the nodes. */
async function prepare() {
  const notes = join(directory, "nodes.json");
  mkdirSync(directory, { recursive: true });
  const options = (name, settings) => ({
    build,
    directory: join(directory, name),
    name,
    password: "soaking-for-hours",
    settings,
  });
  const other = new MailNode(options("other", ["node.listen=127.0.0.1:0"]));
  const settings = ["node.listen=127.0.0.1:0", `node.max_inbound=${2 * PEERS}`];
  const subject = new MailNode(options("subject", settings));
  if (existsSync(notes)) {
    const addresses = JSON.parse(readFileSync(notes, "utf8"));
    for (const node of [other, subject]) node.address = addresses[node.name];
  } else {
    for (const node of [other, subject]) await node.setup();
    writeFileSync(notes, JSON.stringify({ other: other.address, subject: subject.address }));
  }
  await other.launch();
  settings.push(`node.connect=${other.ports.p2p}`);
  await subject.launch();
  return { other, subject };
}

/** A peer that stays for a minute or four and brings what others have sent. */
async function visit(feed, port) {
  while (!isOver()) {
    const stay = 60_000 + random(180_000);
    const leaves = Date.now() + Math.min(stay, end - Date.now());
    try {
      const count = 1 + random((2 * OBJECTS_A_SECOND * (stay / 1000)) / PEERS);
      const objects = makeMessages(count, 300 + random(3300));
      const { socket } = await feed(port, objects, "plain");
      socket.on("error", () => {});
      socket.resume();
      await pause(Math.max(0, leaves - Date.now()));
      socket.destroy();
    } catch (error) {
      if (!isOver()) readings.failure(`peer: ${error.message}`);
      await pause(5000);
    }
  }
}

function statusOf(node) {
  const parameters = [join(build, "src/main.js"), "status", "--data-dir", node.directory, "--json"];
  const child = spawn(process.execPath, parameters, { stdio: ["ignore", "pipe", "inherit"] });
  return Promise.all([firstDocument(child), ended(child)]).then(([status]) => status);
}

const { other, subject } = await prepare();
const log = values.log ?? join(directory, "soak.jsonl");
const readings = new Readings({ directory: subject.directory, log });
const feed = await createFeeder(load);
const makeMessages = await createMessageMaker(load, DIFFICULTY);
const port = Number(subject.ports.p2p.split(":").at(-1));
const shared = { random, readings, isOver };
const everybody = [
  write({ ...shared, from: other, to: subject, perMinute: MAILS_IN }),
  write({ ...shared, from: subject, to: other, perMinute: MAILS_OUT }),
  lookUp({ ...shared, node: subject }),
  ...Array.from({ length: PEOPLE }, () => new Person({ ...shared, node: subject }).live()),
  ...Array.from({ length: PEERS }, async () => {
    await pause(random(60_000));
    await visit(feed, port);
  }),
];
const lines = [];
while (!isOver()) {
  await pause(60_000);
  lines.push(
    readings.write(Math.round((Date.now() - began) / 60_000), subject.child.pid, await statusOf(subject)),
  );
}
await Promise.allSettled(everybody);
await Promise.all([subject.end("SIGTERM"), other.end("SIGTERM")]);

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const third = Math.max(1, Math.floor(lines.length / 3));
const table = {};
for (const [name, read] of Object.entries({
  "resident, MB": (line) => line.resident / 1e6,
  "open files": (line) => line.files,
  threads: (line) => line.threads,
  "database, MB": (line) => line.database / 1e6,
  "WAL, MB": (line) => line.wal / 1e6,
  objects: (line) => line.objects.objects,
  "processor, %": (line) => (line.processorShare ?? 0) * 100,
  ...Object.fromEntries(
    ["submit", "login", "noop", "fetch", "list", "store", "search", "move", "carddav"].flatMap((kind) => [
      [`${kind} p50, ms`, (line) => line.milliseconds[kind]?.p50 ?? 0],
      [`${kind} p99, ms`, (line) => line.milliseconds[kind]?.p99 ?? 0],
    ]),
  ),
})) {
  const round = (value) => Math.round(value * 10) / 10;
  table[name] = {
    "first third": round(median(lines.slice(0, third).map(read))),
    "last third": round(median(lines.slice(-third).map(read))),
  };
}
console.table(table);
const failures = lines.flatMap((line) => Object.entries(line.failures));
console.log(JSON.stringify({ minutes: lines.length, failures: Object.fromEntries(failures), directory }));
