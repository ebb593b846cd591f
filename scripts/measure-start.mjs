// Starts a node that has much: from the start of the process to `ready`, and what memory it then has. Linux only (reads /proc).
//   node scripts/build.mjs && node scripts/measure-start.mjs [--build dist] [--mails 100000] [--objects 100000] [--starts 5] [--directory DIR] [--json]
// With a directory what was made is kept and used again.
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { Program } from "./measure/running-node.mjs";

const { values } = parseArgs({
  options: {
    build: { type: "string", default: "dist" },
    mails: { type: "string", default: "100000" },
    objects: { type: "string", default: "100000" },
    starts: { type: "string", default: "5" },
    directory: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const source = resolve(values.build, "src");
const load = (path) => import(pathToFileURL(join(source, path)).href);
const program = new Program(join(source, "main.js"));
const say = (text) => process.stderr.write(`${text} ...\n`);
const megabytes = (bytes) => Math.round(bytes / 1e5) / 10;
const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const BATCH = 500;
const OBJECT_LENGTH = 600;
const TTL = 4 * 86_400;

async function fill(directory, mails, objects) {
  await program.setup(directory);
  const { openDatabase } = await load("store/database.js");
  const { createSqliteStores } = await load("store/sqlite/stores.js");
  const { digestMessage } = await load("mail/imap/make-digest.js");
  const { makeMail } = await load("app/bench/mails.js");
  const database = openDatabase(join(directory, "bmbridge.sqlite"));
  const stores = createSqliteStores(database);
  const mailbox = stores.mailboxes.find("measure", "INBOX");
  for (let first = 0; first < mails; first += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, mails - first) }, (_, index) => {
      const bytes = makeMail(first + index);
      return { bytes, flags: [], internalDate: null, digest: digestMessage(bytes) };
    });
    stores.mailboxes.append(mailbox, batch);
  }
  await addObjects(stores, objects);
  database.close();
}

/** Processed ones, as in a node that has kept up. */
async function addObjects(stores, count) {
  const { inventoryHash } = await load("bitmessage/protocol/inventory-hash.js");
  const { encodeObjectHeader, withNonce } = await load("bitmessage/protocol/object.js");
  const now = Math.floor(Date.now() / 1000);
  for (let first = 0; first < count; first += BATCH) {
    const objects = Array.from({ length: Math.min(BATCH, count - first) }, (_, index) => {
      const kind = { expires: now + 3600 + ((first + index) % TTL), type: 2, version: 1, stream: 1 };
      const body = new Uint8Array([...encodeObjectHeader(kind), ...randomBytes(OBJECT_LENGTH)]);
      const bytes = withNonce(0n, body);
      return { ...kind, hash: inventoryHash(bytes), tag: null, bytes };
    });
    stores.inventory.add(objects);
    stores.objectQueue.markProcessed(objects.map(({ hash }) => hash));
  }
}

async function measureStarts(directory, count) {
  const starts = [];
  for (let number = 0; number < count; number++) {
    const node = await program.start(directory);
    const cpuSeconds = node.cpuSeconds();
    const ready = node.memory();
    await node.untilIdle();
    const idle = node.memory();
    await node.stop();
    starts.push({ milliseconds: node.startMilliseconds, cpuSeconds, ready, idle });
  }
  const of = (read) => median(starts.map(read));
  return {
    start_milliseconds: Math.round(of((start) => start.milliseconds)),
    start_cpu_milliseconds: Math.round(of((start) => start.cpuSeconds * 1000)),
    ready_megabytes: megabytes(of((start) => start.ready.resident)),
    idle_megabytes: megabytes(of((start) => start.idle.resident)),
    idle_own_megabytes: megabytes(of((start) => start.idle.own)),
  };
}

const base = values.directory ?? mkdtempSync(join(tmpdir(), "measure-start-"));
try {
  const load_before = Math.round(loadavg()[0] * 10) / 10;
  const [full, empty] = [join(base, "full"), join(base, "empty")];
  if (!existsSync(full)) {
    say(`making ${values.mails} mails and ${values.objects} objects`);
    await fill(full, Number(values.mails), Number(values.objects));
  }
  if (!existsSync(empty)) await program.setup(empty);
  say("starting nodes");
  const rows = {};
  for (const [name, directory] of [
    ["empty", empty],
    ["full", full],
  ]) {
    const database_megabytes = megabytes(statSync(join(directory, "bmbridge.sqlite")).size);
    rows[name] = { database_megabytes, ...(await measureStarts(directory, Number(values.starts))) };
  }
  const machine = {
    cpu: cpus()[0]?.model,
    cores: availableParallelism(),
    node: process.version,
    load_before,
  };
  if (values.json) console.log(JSON.stringify({ machine, ...rows }));
  else {
    console.log(
      `${machine.cpu}, ${machine.cores} cores, Node.js ${machine.node}, load before ${load_before}`,
    );
    console.table(rows);
  }
} finally {
  if (values.directory === undefined) rmSync(base, { recursive: true, force: true });
}
