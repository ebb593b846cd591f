// Measures a node with a large inventory: opening it, looking up, telling a new peer of all of it. Linux only (reads /proc).
//   node scripts/build.mjs && node scripts/measure-inventory.mjs [--objects 500000] [--peers 200] [--rate 50] [--seconds 20] [--json]
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    objects: { type: "string", default: "500000" },
    peers: { type: "string", default: "200" },
    rate: { type: "string", default: "50" },
    seconds: { type: "string", default: "20" },
    json: { type: "boolean", default: false },
  },
});
const source = resolve(process.env.DIST ?? "dist", "src");
const load = (path) => import(pathToFileURL(join(source, path)).href);
const { openDatabase } = await load("store/database.js");
const { createSqliteStores } = await load("store/sqlite/stores.js");
const { createNode } = await load("bitmessage/node/node.js");
const { silentLogger } = await load("logger.js");
const { encodeInv } = await load("bitmessage/protocol/messages/inv.js");
const { encodeVersion } = await load("bitmessage/protocol/messages/version.js");
const { encodePacket, PacketReader } = await load("bitmessage/protocol/packet.js");
const { inventoryHash } = await load("bitmessage/protocol/inventory-hash.js");
const { encodeObjectHeader, withNonce } = await load("bitmessage/protocol/object.js");

const count = Number(values.objects);
const now = () => Math.floor(Date.now() / 1000);
const round = (number, digits = 1) => Math.round(number * 10 ** digits) / 10 ** digits;
const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const residentMegabytes = () =>
  round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]) / 1024, 0);
const say = (text) => process.stderr.write(`${text} ...\n`);

function timed(task) {
  const began = performance.now();
  const result = task();
  return { milliseconds: round(performance.now() - began), result };
}

/** Objects as large as short messages; nobody checks their work. */
function makeObject(number) {
  const expires = now() + 3600 + (number % 345_600);
  const header = encodeObjectHeader({ expires, type: 2, version: 1, stream: 1 });
  const bytes = withNonce(0n, new Uint8Array([...header, ...randomBytes(500)]));
  return { hash: inventoryHash(bytes), type: 2, version: 1, stream: 1, expires, tag: null, bytes };
}

function fill(inventory, objectQueue) {
  const hashes = [];
  for (let start = 0; start < count; start += 5000) {
    const objects = Array.from({ length: Math.min(5000, count - start) }, (_, index) =>
      makeObject(start + index),
    );
    hashes.push(...inventory.add(objects));
    objectQueue.markProcessed(objects.map(({ hash }) => hash));
  }
  return hashes;
}

/** A peer that is through the handshake. */
function joinNode(port, localAddress, onPacket) {
  const socket = connect({ host: "127.0.0.1", port, localAddress });
  const side = { services: 1n, host: "127.0.0.1", port: 8444 };
  const version = encodeVersion({
    protocolVersion: 3,
    services: 1n,
    timestamp: BigInt(now()),
    receiver: side,
    sender: side,
    nonce: new Uint8Array(randomBytes(8)),
    userAgent: "/Measure:1/",
    streams: [1],
  });
  const reader = new PacketReader();
  socket.once("connect", () => socket.write(encodePacket("version", version)));
  socket.on("data", (chunk) => {
    reader.push(chunk);
    for (let packet = reader.next(); packet !== null; packet = reader.next()) {
      if (packet.command === "version") socket.write(encodePacket("verack", new Uint8Array(0)));
      onPacket(packet);
    }
  });
  return socket;
}

/** How long the longest turn of the event loop was meanwhile, and the processor time. */
async function observe(task) {
  let last = performance.now();
  let longest = 0;
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last - 5);
    last = performance.now();
  }, 5);
  const cpu = process.cpuUsage();
  const began = performance.now();
  await task();
  const seconds = (performance.now() - began) / 1000;
  clearInterval(timer);
  const { user, system } = process.cpuUsage(cpu);
  return {
    seconds: round(seconds, 2),
    cpu_share: round((user + system) / 1e6 / seconds, 3),
    longest_turn_ms: round(longest),
  };
}

async function measure(directory) {
  const path = join(directory, "inventory.sqlite");
  say(`making ${count} objects`);
  const filled = openDatabase(path);
  const made = createSqliteStores(filled, { reportError: console.error });
  const hashes = fill(made.inventory, made.objectQueue);
  filled.close();
  const memory_before = residentMegabytes();

  say("opening");
  const opened = timed(() => createSqliteStores(openDatabase(path), { reportError: console.error }));
  const stores = opened.result;
  const sample = Array.from({ length: 50_000 }, (_, index) => hashes[(index * 7919) % count]);
  const unknown = sample.map((hash) => hash.split("").reverse().join(""));
  const lookup = {
    has_50000_known_ms: timed(() => sample.every((hash) => stores.inventory.has(hash))).milliseconds,
    has_50000_unknown_ms: timed(() => unknown.some((hash) => stores.inventory.has(hash))).milliseconds,
    read_1000_ms: timed(() => sample.slice(0, 1000).map((hash) => stores.inventory.read(hash))).milliseconds,
  };
  const node = createNode({
    listen: { host: "127.0.0.1", port: 0 },
    connect: [],
    bootstrap: false,
    maxOutbound: 0,
    maxInbound: 1000,
    tls: false,
    allowPrivatePeers: false,
    userAgent: "/Measure:1/",
    streams: [1],
    minimum: { trialsPerByte: 1n, extraBytes: 1n },
    inventory: stores.inventory,
    knownNodes: stores.knownNodes,
    resolver: async () => [],
    random: (length) => new Uint8Array(randomBytes(length)),
    clock: () => Date.now() / 1000,
    logger: silentLogger,
  });
  const starting = performance.now();
  const { port } = await node.start();
  const start_ms = round(performance.now() - starting);

  say("telling a new peer of all");
  let told = 0;
  const first = await observe(
    () =>
      new Promise((done) => {
        joinNode(port, "127.0.1.1", ({ command, payload }) => {
          if (command !== "inv") return;
          // One vector of 32 bytes after the other; the time of decoding would be the peer's.
          told += Math.floor(payload.length / 32);
          if (told === count) done();
        });
      }),
  );
  const memory_after_inv = residentMegabytes();
  say("a peer announces 50,000 that are known");
  const announcement = encodePacket("inv", encodeInv(sample));
  const inv = await observe(
    () =>
      new Promise((done) => {
        const peer = joinNode(port, "127.0.1.2", ({ command }) => {
          if (command === "pong") done();
          if (command !== "version") return;
          peer.write(announcement);
          peer.write(encodePacket("ping", new Uint8Array(0)));
        });
      }),
  );

  const peers = Number(values.peers);
  say(`${peers} peers join`);
  const received = new Map();
  const joining = await observe(async () => {
    for (let peer = 0; peer < peers; peer++) {
      joinNode(port, `127.0.${2 + (peer >> 7)}.${1 + (peer & 127)}`, ({ command, payload }) => {
        if (command === "inv") received.set(peer, (received.get(peer) ?? 0) + payload.length);
      });
      if (peer % 20 === 19) await wait(50);
    }
    while ([...received.values()].filter((bytes) => bytes >= count * 32).length < peers) await wait(50);
  });
  const memory_peers = residentMegabytes();
  say("idle");
  const idle = await observe(() => wait(Number(values.seconds) * 500));
  say(`${values.rate} objects a second`);
  const busy = await observe(async () => {
    for (let second = 0; second < Number(values.seconds); second++) {
      const objects = Array.from({ length: Number(values.rate) }, (_, index) => makeObject(index));
      node.announce(stores.inventory.add(objects));
      await wait(1000);
    }
  });
  const result = {
    objects: count,
    open_ms: opened.milliseconds,
    start_ms,
    ...lookup,
    inv_of_all: first,
    inv_of_50000_known: inv,
    peers,
    peers_join: joining,
    peers_idle: idle,
    peers_busy: busy,
    megabytes: {
      before: memory_before,
      after_inv: memory_after_inv,
      with_peers: memory_peers,
      at_end: residentMegabytes(),
    },
  };
  return result;
}

const directory = mkdtempSync(join(tmpdir(), "bmbridge-inventory-"));
try {
  const result = await measure(directory);
  if (values.json) console.log(JSON.stringify(result));
  else for (const [key, value] of Object.entries(result)) console.log(key.padEnd(22), JSON.stringify(value));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
process.exit(0);
