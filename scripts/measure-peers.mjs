// Measures a node with many peers: memory and processor time while they are silent and while objects come in. The peers live in this
// process, the node in its own. Linux only (reads /proc).
//   node scripts/build.mjs && node scripts/measure-peers.mjs [--peers 200] [--rate 50] [--seconds 30] [--fetch 10] [--json]
// Each object comes from one peer; --fetch percent of the others ask the node for it, the rest announce it as well: they have it from
// elsewhere.
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { createMessageMaker } from "./measure/objects.mjs";
import { Program } from "./measure/running-node.mjs";

const { values } = parseArgs({
  options: {
    peers: { type: "string", default: "200" },
    rate: { type: "string", default: "50" },
    seconds: { type: "string", default: "30" },
    fetch: { type: "string", default: "10" },
    json: { type: "boolean", default: false },
  },
});
const [peers, rate, seconds, fetch] = ["peers", "rate", "seconds", "fetch"].map((name) =>
  Number(values[name]),
);
const source = resolve(process.env.DIST ?? "dist", "src");
const load = (path) => import(pathToFileURL(join(source, path)).href);
const { encodePacket, PacketReader } = await load("bitmessage/protocol/packet.js");
const { decodeGetdata, decodeInv, encodeGetdata, encodeInv } = await load(
  "bitmessage/protocol/messages/inv.js",
);
const { encodeVersion, PROTOCOL_VERSION } = await load("bitmessage/protocol/messages/version.js");

/** Seconds that the node may take to pass on the last objects: its own delay, and the time after a peer has joined. */
const PATIENCE = 30;
const EMPTY = new Uint8Array(0);
const say = (text) => process.stderr.write(`${text} ...\n`);
const round = (value, digits = 1) => Math.round(value * 10 ** digits) / 10 ** digits;
const megabytes = (bytes) => round(bytes / 1e6);

/** What peers have, what they have been told of and what they got. */
const objects = new Map();
const heard = new Map();
let delivered = 0;
let hangUps = 0;

class LightPeer {
  #reader = new PacketReader();
  #greeted = 0;

  constructor(port, number) {
    this.number = number;
    this.socket = connect({
      host: "127.0.0.1",
      port,
      localAddress: `127.1.${number >> 7}.${1 + (number & 127)}`,
    });
    this.socket.setNoDelay(true);
    this.socket.on("error", () => {});
    this.established = new Promise((resolve, reject) => {
      this.establish = resolve;
      this.socket.once("close", () => {
        hangUps += 1;
        reject(new Error("the node hung up"));
      });
    });
    this.socket.once("connect", () => this.send("version", this.#version(port)));
    this.socket.on("data", (chunk) => {
      this.#reader.push(chunk);
      for (let packet = this.#reader.next(); packet !== null; packet = this.#reader.next())
        this.#receive(packet);
    });
  }

  #version(port) {
    const sender = { services: 1n, host: "127.0.0.1", port: 8444 };
    return encodeVersion({
      protocolVersion: PROTOCOL_VERSION,
      services: 1n,
      timestamp: BigInt(Math.floor(Date.now() / 1000)),
      receiver: { services: 1n, host: "127.0.0.1", port },
      sender,
      nonce: new Uint8Array(randomBytes(8)),
      userAgent: "/Measure:1/",
      streams: [1],
    });
  }

  send(command, payload = EMPTY) {
    this.socket.write(encodePacket(command, payload));
  }

  #receive({ command, payload }) {
    if (command === "version") this.send("verack");
    if (command === "version" || command === "verack") {
      this.#greeted += 1;
      if (this.#greeted === 2) this.establish();
    }
    if (command === "ping") this.send("pong");
    if (command === "object") delivered += 1;
    if (command === "getdata")
      for (const hash of decodeGetdata(payload)) this.send("object", objects.get(hash));
    if (command === "inv") this.#told(decodeInv(payload));
  }

  #told(announced) {
    // The node has objects of its own, too.
    const hashes = announced.filter((hash) => objects.has(hash));
    for (const hash of hashes) heard.set(hash, (heard.get(hash) ?? 0) + 1);
    const wanted = hashes.filter((hash) => wants(this, hash));
    if (wanted.length > 0) this.send("getdata", encodeGetdata(wanted));
  }
}

/** The same peers for an object each time, spread evenly over all. */
const wants = (peer, hash) => (Number.parseInt(hash.slice(0, 6), 16) + peer.number * 37) % 100 < fetch;

async function observe(node, task) {
  const before = { cpu: node.cpuSeconds(), time: performance.now() };
  await task();
  const passed = (performance.now() - before.time) / 1000;
  return {
    seconds: round(passed),
    cpu_share: round((node.cpuSeconds() - before.cpu) / passed, 4),
    megabytes: megabytes(node.memory().resident),
    own_megabytes: megabytes(node.memory().own),
  };
}

async function stream(crowd, hashes) {
  const began = performance.now();
  for (let second = 0; second < seconds; second++) {
    const news = hashes.slice(second * rate, (second + 1) * rate);
    for (const [index, hash] of news.entries()) {
      crowd[(second * rate + index) % crowd.length].send("inv", encodeInv([hash]));
    }
    // Those who have it from elsewhere tell the node a second later.
    const old = hashes.slice(Math.max(0, second - 1) * rate, second * rate);
    for (const peer of crowd) {
      const known = old.filter((hash) => !wants(peer, hash));
      if (known.length > 0) peer.send("inv", encodeInv(known));
    }
    await setTimeout(Math.max(0, began + (second + 1) * 1000 - performance.now()));
  }
}

async function measure(directory) {
  const program = new Program(join(source, "main.js"));
  say("making objects");
  const makeMessages = await createMessageMaker(load, { trialsPerByte: 1n, extraBytes: 1n });
  const made = makeMessages(rate * seconds);
  for (const [hash, bytes] of made) objects.set(hash, bytes);
  await program.setup(directory);
  const node = await program.start(directory, [`node.max_inbound=${peers}`]);
  await node.untilIdle();
  const alone = megabytes(node.memory().resident);
  say(`${peers} peers join`);
  const crowd = [];
  const joining = await observe(node, async () => {
    for (let number = 0; number < peers; number++) {
      crowd.push(new LightPeer(node.port, number));
      if (number % 32 === 31) await Promise.all(crowd.map(({ established }) => established));
    }
    await Promise.all(crowd.map(({ established }) => established));
  });
  say("they are silent");
  const idle = await observe(node, () => setTimeout(seconds * 1000));
  say(`${rate} objects a second`);
  const hashes = [...objects.keys()];
  const busy = await observe(node, () => stream(crowd, hashes));
  let wanted = 0;
  for (const [index, hash] of hashes.entries()) {
    wanted += crowd.filter((peer) => peer.number !== index % peers && wants(peer, hash)).length;
  }
  for (let waited = 0; waited < PATIENCE && delivered < wanted; waited++) await setTimeout(1000);
  const { inventory } = await node.status();
  const result = {
    machine: {
      cpu: cpus()[0]?.model,
      cores: availableParallelism(),
      node: process.version,
      load: loadavg()[0],
    },
    peers,
    megabytes_without_peers: alone,
    joining,
    idle,
    busy: { rate, fetch_percent: fetch, ...busy },
    objects: {
      made: hashes.length,
      kept: inventory.objects,
      announced: heard.size,
      fetched: delivered,
      wanted,
    },
    hang_ups: hangUps,
  };
  for (const { socket } of crowd) socket.destroy();
  await node.stop();
  return result;
}

const directory = mkdtempSync(join(tmpdir(), "bmbridge-peers-"));
try {
  const result = await measure(directory);
  if (values.json) console.log(JSON.stringify(result));
  else for (const [key, value] of Object.entries(result)) console.log(key.padEnd(24), JSON.stringify(value));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
process.exit(0);
