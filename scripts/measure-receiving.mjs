// Messages for somebody else going through the inbox, from the queue in SQLite to the mark: with threads that try keys and without, in turns.
//   node scripts/build.mjs && node scripts/measure-receiving.mjs [--build dist] [--objects 2000] [--identities 1]... [--threads N] [--rounds 3]
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    build: { type: "string", default: "dist" },
    objects: { type: "string", default: "2000" },
    identities: { type: "string", multiple: true, default: ["1", "10", "100"] },
    threads: { type: "string", default: String(availableParallelism()) },
    rounds: { type: "string", default: "3" },
  },
});
const load = (path) => import(pathToFileURL(join(resolve(values.build), "src", path)).href);
const { createInbox } = await load("bitmessage/messaging/inbox.js");
const { createTrialPool } = await load("bitmessage/messaging/trial-pool.js");
const { encrypt } = await load("bitmessage/protocol/ecies.js");
const { inventoryHash } = await load("bitmessage/protocol/inventory-hash.js");
const { generateIdentityKeys, keyPair, randomPrivateKey } = await load("bitmessage/protocol/keys.js");
const { encodeAddress } = await load("bitmessage/protocol/address.js");
const { encodeObjectHeader, withNonce } = await load("bitmessage/protocol/object.js");
const { openDatabase } = await load("store/database.js");
const { createSqliteStores } = await load("store/sqlite/stores.js");
const { silentLogger } = await load("logger.js");

const random = (length) => new Uint8Array(randomBytes(length));
const clock = () => Math.floor(Date.now() / 1000);
const stranger = keyPair(randomPrivateKey(random));
const kind = { expires: clock() + 4 * 86_400, type: 2, version: 1, stream: 1 };
const objects = Array.from({ length: Number(values.objects) }, () => {
  const body = encrypt(random(600), stranger.publicKey, random);
  const bytes = withNonce(0n, new Uint8Array([...encodeObjectHeader(kind), ...body]));
  return { ...kind, hash: inventoryHash(bytes), tag: null, bytes };
});

function addIdentities(stores, count) {
  stores.users.save?.({ name: "measure", passwordHash: "", created: clock() });
  for (let number = 0; number < count; number++) {
    const keys = generateIdentityKeys(random, { nullBytes: 1 });
    const address = encodeAddress(4, 1, keys.ripe);
    const fixed = { version: 4, stream: 1, enabled: true, chan: false, passphrase: null, user: "measure" };
    const difficulty = { trialsPerByte: 1000n, extraBytes: 1000n };
    const times = { lastPubkeySent: 0, pubkeyPending: false, created: clock() };
    const identity = { ...fixed, ...times, difficulty, address, keys, label: `${number}` };
    stores.identities.save({ ...identity, sendsAcknowledgements: true });
  }
}

/** All objects once, from an inbox that has just been started. */
async function measure(directory, identities, threads) {
  const database = openDatabase(join(directory, `${identities}-${threads}-${performance.now()}.sqlite`));
  const stores = createSqliteStores(database);
  addIdentities(stores, identities);
  stores.inventory.add(objects);
  const outbox = { awaits: () => false, acknowledged() {}, arrived() {}, isRecipient: () => false };
  const trialPool = createTrialPool({ threads, logger: silentLogger });
  const inbox = createInbox({
    stores,
    outbox,
    trialPool,
    sink: { prepare: () => Promise.reject(new Error("nothing is for us")) },
    pubkeyPublisher: {},
    publisher: {},
    clock,
    timer: () => () => {},
    minimum: { trialsPerByte: 1000n, extraBytes: 1000n },
    logger: { ...silentLogger, error: (text, { error }) => console.error(text, error) },
  });
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const cpuBefore = process.cpuUsage();
  const began = performance.now();
  delay.enable();
  inbox.start();
  await inbox.idle();
  delay.disable();
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  if (stores.objectQueue.unprocessed(1).length > 0) throw new Error("something is left");
  await inbox.stop();
  await trialPool.close();
  database.close();
  const rate = objects.length / seconds;
  return { rate, cpuRate: (objects.length * 1e6) / (user + system), p99: delay.percentile(99) / 1e6 };
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const directory = mkdtempSync(join(tmpdir(), "measure-receiving-"));
const before = loadavg()[0];
try {
  const rows = [];
  for (const identities of values.identities.map(Number)) {
    const choices = [1, Number(values.threads)];
    const results = choices.map(() => []);
    for (let round = 0; round <= Number(values.rounds); round++) {
      for (const [index, threads] of choices.entries()) {
        const result = await measure(directory, identities, threads);
        // The first round warms up.
        if (round > 0) results[index].push(result);
      }
    }
    for (const [index, threads] of choices.entries()) {
      const of = (key) => median(results[index].map((result) => result[key]));
      rows.push({
        identities,
        threads,
        "objects/s": Math.round(of("rate")),
        "objects/CPU s": Math.round(of("cpuRate")),
        "event loop p99 ms": Math.round(of("p99") * 10) / 10,
      });
    }
  }
  console.log(`${cpus()[0]?.model}, Node.js ${process.version}, load before ${before.toFixed(1)}`);
  console.table(rows);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
