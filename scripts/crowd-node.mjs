// Crowds a node: a thousand connections from one network, then ten thousand that say nothing. Honest peers of other networks must keep
// their place, and new ones must get in. Runs in a network namespace of its own, so that peers may have any address. Linux, util-linux.
//   node scripts/build.mjs && node scripts/crowd-node.mjs [--attackers 1000] [--silent 10000] [--honest 20] [--json]
import { spawnSync } from "node:child_process";
import { connect } from "node:net";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    attackers: { type: "string", default: "1000" },
    silent: { type: "string", default: "10000" },
    honest: { type: "string", default: "20" },
    json: { type: "boolean", default: false },
    inside: { type: "boolean", default: false },
  },
});

if (!values.inside) {
  const routes = [20, 30, 40].map((net) => `ip route add local ${net}.0.0.0/8 dev lo`).join(" && ");
  const self = fileURLToPath(import.meta.url);
  const words = [process.execPath, self, ...process.argv.slice(2), "--inside"]
    .map((word) => `'${word}'`)
    .join(" ");
  const command = `ip link set lo up && ${routes} && exec ${words}`;
  const { status, error } = spawnSync("unshare", ["--map-root-user", "--net", "sh", "-c", command], {
    stdio: "inherit",
  });
  if (error !== undefined) console.error("unshare is not there (util-linux): nothing was checked");
  process.exit(error === undefined ? (status ?? 2) : 2);
}

const root = resolve(process.env.DIST ?? "dist");
const load = (path) => import(pathToFileURL(join(root, path)).href);
const { startNode, stopNodes, until } = await load("test/support/node/nodes.js");
const { RawPeer, versionOf } = await load("test/support/node/raw-peer.js");
const { makeObjects } = await load("test/support/node/objects.js");
const { encodeVersion } = await load("src/bitmessage/protocol/messages/version.js");
const { DEFAULT_TIMINGS } = await load("src/bitmessage/node/timings.js");

const MAX_INBOUND = 192;
const NODE = "20.255.0.1";
const [attackers, silent, honest] = [values.attackers, values.silent, values.honest].map(Number);
const say = (text) => process.stderr.write(`${text}\n`);

const node = await startNode({
  listen: { host: NODE, port: 8444 },
  maxInbound: MAX_INBOUND,
  allowPrivatePeers: false,
  timings: { tick: 1, handshakeSilence: DEFAULT_TIMINGS.handshakeSilence },
});

async function introduce(address) {
  const peer = await RawPeer.connect(node, address);
  peer.send("version", encodeVersion(versionOf()));
  try {
    await peer.next("version");
    peer.send("verack");
    peer.send("ping");
    await peer.next("pong");
  } catch {
    // Refused, or crowded out.
  }
  return peer;
}

/** Milliseconds until a ping is answered. */
async function served(peer) {
  const began = performance.now();
  peer.send("ping");
  await peer.next("pong");
  return performance.now() - began;
}

const inThere = (peers) => peers.filter(({ isClosed }) => !isClosed);
const early = [];
for (let number = 0; number < honest; number++) early.push(await introduce(`30.${number}.0.1`));

say(`${attackers} connections from one network`);
const crowd = [];
for (let first = 0; first < attackers; first += 50) {
  const batch = Array.from({ length: Math.min(50, attackers - first) }, (_, index) => {
    const number = first + index;
    return introduce(`20.1.${number >> 8}.${number & 255}`).catch(() => null);
  });
  crowd.push(...(await Promise.all(batch)).filter((peer) => peer !== null));
}
const crowded = { attackers_in: inThere(crowd).length, peers: node.node.statistics().inbound };
say("honest peers come meanwhile");
const late = [];
for (let number = 0; number < honest; number++) late.push(await introduce(`40.${number}.0.1`));
const [object] = makeObjects(1, "honest");
late[0].send("object", object);
await until(() => node.inventory.objects.size === 1, "an honest object");
const waits = await Promise.all([...early, ...late].filter(({ isClosed }) => !isClosed).map(served));

say(`${silent} connections that say nothing`);
let [opened, most] = [0, 0];
const mute = [];
for (let number = 0; number < silent; number++) {
  const localAddress = `20.${2 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`;
  const socket = connect({ host: NODE, port: 8444, localAddress });
  socket.on("error", () => {});
  socket.once("connect", () => {
    opened += 1;
  });
  mute.push(socket);
  if (number % 200 === 199) {
    await new Promise((done) => setTimeout(done, 10));
    most = Math.max(most, node.node.peers().filter(({ established }) => !established).length);
  }
}
const during = await introduce("40.200.0.1");
// The kernel holds back what is not taken at once: it comes in the course of some seconds.
for (let second = 0; second < 30 && opened < silent; second += 0.1) {
  await new Promise((done) => setTimeout(done, 100));
  most = Math.max(most, node.node.peers().filter(({ established }) => !established).length);
}
const flooded = await Promise.all(
  [...early, ...late, during].filter(({ isClosed }) => !isClosed).map(served),
);
for (const socket of mute) socket.destroy();

const result = {
  ...crowded,
  max_inbound: MAX_INBOUND,
  honest_before: `${inThere(early).length} of ${early.length}`,
  honest_after: `${inThere(late).length} of ${late.length}`,
  longest_answer_ms: Math.round(Math.max(...waits)),
  silent_opened: opened,
  half_open_at_most: most,
  honest_during_flood: inThere([during]).length === 1,
  longest_answer_in_flood_ms: Math.round(Math.max(...flooded)),
};
const isGood =
  inThere(early).length === early.length &&
  inThere(late).length === late.length &&
  result.honest_during_flood &&
  crowded.peers <= MAX_INBOUND &&
  most <= 64;
if (values.json) console.log(JSON.stringify({ ...result, good: isGood }));
else for (const [key, value] of Object.entries(result)) console.log(key.padEnd(28), value);
for (const peer of [...early, ...late, ...crowd, during]) peer.socket.destroy();
await stopNodes();
process.exit(isGood ? 0 : 1);
