// Measures how the time of each operation grows with what there is: at 1, 10 and 100 times the size, processor time in microseconds.
//   node scripts/build.mjs && node scripts/measure-growth.mjs [--only mailbox]... [--scale 1] [--json]
// mailbox, inventory and identities are measured in this process; peers by measure-peers.mjs (Linux only), one minute for each size.
// `order` is the exponent between the last two sizes: 0 for a time that stays, 1 for one that grows as the size does.
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: ["mailbox", "inventory", "identities", "peers"] },
    scale: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
  },
});
const source = resolve(process.env.DIST ?? "dist", "src");
const load = (path) => import(pathToFileURL(join(source, path)).href);
const say = (text) => process.stderr.write(`${text} ...\n`);
const sizes = (smallest) => [1, 10, 100].map((times) => Math.round(times * smallest * Number(values.scale)));
/** Rounds of each measurement, of which the least counts: what else the machine does only ever adds. */
const ROUNDS = 5;

/** Microseconds of processor time for one of `count` operations. */
async function cost(count, run) {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    await run(round);
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / count);
  }
  return least;
}

/** IMAP commands on a mailbox of so many mails, over a connection of loopback; the client is in the figures. */
async function mailbox(size) {
  const { openWorkplace } = await load("app/bench/workplace.js");
  const { BenchClient } = await load("app/bench/imap-client.js");
  const { makeMail } = await load("app/bench/mails.js");
  const { createImapServer } = await load("mail/imap/server.js");
  const { digestMessage } = await load("mail/imap/make-digest.js");
  const workplace = await openWorkplace();
  const { backend } = workplace.services;
  const server = createImapServer({ backend, listen: { host: "127.0.0.1", port: 0 } });
  try {
    await workplace.mail.createMailbox("box", {});
    for (let first = 0; first < size; first += 250) {
      const mails = Array.from({ length: Math.min(250, size - first) }, (_, index) => {
        const bytes = makeMail(first + index);
        return { bytes, flags: ["\\Seen"], internalDate: null, digest: digestMessage(bytes) };
      });
      await workplace.mail.append("box", mails);
    }
    const { port } = await server.start();
    const client = await BenchClient.open(port);
    await client.command(`LOGIN ${workplace.user} "${workplace.password}"`);
    const several = (count, command) =>
      cost(count, async () => {
        for (let i = 0; i < count; i++) await command(i);
      });
    const costs = {
      SELECT: await several(3, () => client.command("SELECT box")),
      "FETCH FLAGS of the newest": await several(50, () => client.command(`FETCH ${size} (FLAGS)`)),
      "SEARCH UNSEEN": await several(3, () => client.command("SEARCH UNSEEN")),
      "SEARCH SUBJECT, no hit": await several(2, () => client.command("SEARCH SUBJECT qqxyzzy")),
      "SORT (DATE)": await several(2, () => client.command("SORT (DATE) UTF-8 ALL")),
      "THREAD REFERENCES": await several(2, () => client.command("THREAD REFERENCES UTF-8 ALL")),
      APPEND: await several(20, (i) => client.command("APPEND box", makeMail(i))),
      "STORE of one": await several(20, (i) =>
        client.command(`STORE ${1 + i} ${i % 2 ? "-" : "+"}FLAGS (\\Flagged)`),
      ),
      // Those that have just been appended.
      "EXPUNGE of one": await cost(20, async (round) => {
        for (let i = 0; i < 20; i++) {
          const uid = size + 1 + 20 * round + i;
          await client.command(`UID STORE ${uid} +FLAGS.SILENT (\\Deleted)`);
          await client.command(`UID EXPUNGE ${uid}`);
        }
      }),
      "COPY of all, per mail": await cost(size, () => client.command("COPY 1:* Archive")),
      "EXPUNGE of all, per mail": await expungeAll(client, size),
    };
    client.close();
    return costs;
  } finally {
    await server.stop();
    await workplace.close();
  }
}

/** Once: what is gone is gone. With the clearing away that follows. */
async function expungeAll(client, size) {
  await client.command("STORE 1:* +FLAGS.SILENT (\\Deleted)");
  const used = () => process.cpuUsage().user + process.cpuUsage().system;
  const before = used();
  await client.command("EXPUNGE");
  for (let last = 0; used() - last > 20_000; ) {
    last = used();
    await setTimeout(200);
  }
  return (used() - before) / size;
}

/** The inventory in SQLite; per object. */
async function inventory(size) {
  const { openDatabase } = await load("store/database.js");
  const { createSqliteStores } = await load("store/sqlite/stores.js");
  const directory = mkdtempSync(join(tmpdir(), "bmbridge-growth-"));
  const database = openDatabase(join(directory, "inventory.sqlite"));
  try {
    const { inventory, objectQueue } = createSqliteStores(database, { reportError: console.error });
    const now = Math.floor(Date.now() / 1000);
    const made = (count) =>
      Array.from({ length: count }, () => {
        const bytes = new Uint8Array(randomBytes(540));
        const hash = randomBytes(32).toString("hex");
        const expires = now + 3600 + (bytes[0] * 256 + bytes[1]) * 5;
        return { hash, type: 2, version: 1, stream: 1, expires, tag: null, bytes };
      });
    const known = [];
    for (let first = 0; first < size; first += 1000) {
      const objects = made(Math.min(1000, size - first));
      known.push(...inventory.add(objects));
      objectQueue.markProcessed(objects.map(({ hash }) => hash));
    }
    const news = Array.from({ length: ROUNDS }, () => made(1000));
    const sample = Array.from({ length: 5000 }, (_, index) => known[(index * 7919) % size]);
    const place = { expires: now, hash: "f".repeat(64) };
    return {
      "insert, a thousand together": await cost(1000, (round) => inventory.add(news[round])),
      "look-up": await cost(5000, () => sample.every((hash) => inventory.has(hash))),
      read: await cost(1000, () => sample.slice(0, 1000).map((hash) => inventory.read(hash))),
      "inv, the first portion": await cost(2500, () => inventory.hashesAfter(1, place, 2500)),
    };
  } finally {
    database.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Keys in the database, and what they cost when a message comes and when one is submitted. */
async function identities(size) {
  const { openDatabase } = await load("store/database.js");
  const { createSqliteStores } = await load("store/sqlite/stores.js");
  const { createTrialDecryptor, encrypt } = await load("bitmessage/protocol/ecies.js");
  const { keyPair, randomPrivateKey } = await load("bitmessage/protocol/keys.js");
  const random = (length) => new Uint8Array(randomBytes(length));
  const database = openDatabase(":memory:");
  const store = createSqliteStores(database, { reportError: console.error }).identities;
  const made = Array.from({ length: size }, (_, number) => ({
    address: `BM-${number}`,
    version: 4,
    stream: 1,
    keys: {
      signing: keyPair(randomPrivateKey(random)),
      encryption: keyPair(randomPrivateKey(random)),
      ripe: random(20),
    },
    label: `identity ${number}`,
    enabled: true,
    chan: false,
    passphrase: null,
    user: "anna",
    difficulty: { trialsPerByte: 1000n, extraBytes: 1000n },
    sendsAcknowledgements: true,
    lastPubkeySent: 0,
    pubkeyPending: false,
    created: number,
  }));
  for (const identity of made) store.save(identity);
  const decryptor = createTrialDecryptor(made.map(({ keys }) => keys.encryption));
  const stranger = keyPair(randomPrivateKey(random));
  const objects = Array.from({ length: 8 }, () => encrypt(random(400), stranger.publicKey, random));
  const count = size > 100 ? 2 : 8;
  const costs = {
    "all keys tried on an object": await cost(count, () => {
      for (const object of objects.slice(0, count)) decryptor.tryDecrypt(object);
    }),
    list: await cost(1000, () => repeat(1000, () => store.list())),
    "look-up of a sender": await cost(1000, () =>
      repeat(1000, (i) => store.get("anna", made[i % size].address)),
    ),
    "change of one, and a look-up": await cost(10, () =>
      repeat(10, (i) => {
        store.save({ ...made[0], label: String(i) });
        store.get("anna", made[0].address);
      }),
    ),
  };
  database.close();
  return costs;
}

function repeat(count, run) {
  for (let i = 0; i < count; i++) run(i);
}

/** A node in a process of its own. */
async function peers(size) {
  const script = fileURLToPath(new URL("measure-peers.mjs", import.meta.url));
  const options = ["--peers", String(size), "--rate", "20", "--seconds", "15", "--json"];
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...options], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  const { busy, idle } = JSON.parse(stdout);
  return { "object relayed": ((busy.cpu_share - idle.cpu_share) * 1e6) / busy.rate };
}

const AREAS = {
  mailbox: { measure: mailbox, sizes: sizes(1000) },
  inventory: { measure: inventory, sizes: sizes(5000) },
  // From one on.
  identities: { measure: identities, sizes: [1, 10, 100, 1000] },
  peers: { measure: peers, sizes: [2, 20, 200] },
};

const rows = [];
for (const name of values.only) {
  const area = AREAS[name];
  const costs = [];
  for (const size of area.sizes) {
    say(`${name}: ${size}`);
    costs.push(await area.measure(size));
  }
  for (const operation of Object.keys(costs[0])) {
    const microseconds = costs.map((one) => one[operation]);
    const [before, last] = microseconds.slice(-2);
    rows.push({ area: name, sizes: area.sizes, operation, microseconds, order: Math.log10(last / before) });
  }
}
const machine = {
  cpu: cpus()[0]?.model,
  cores: availableParallelism(),
  node: process.version,
  load: loadavg()[0],
};
if (values.json) console.log(JSON.stringify({ machine, rows }));
else {
  console.log(JSON.stringify(machine));
  for (const { area, sizes, operation, microseconds, order } of rows) {
    const cells = microseconds.map((one) => (one < 100 ? one.toFixed(1) : one.toFixed(0)).padStart(11));
    console.log(
      `${area.padEnd(11)}${operation.padEnd(30)}${cells.join("")}   order ${order.toFixed(2).padStart(5)}   (${sizes.join(", ")})`,
    );
  }
}
process.exit(0);
