// Measures how long a new node takes to fetch the whole inventory of another one, both in processes of their own, and what it costs
// each. Linux only (reads /proc).
//   node scripts/build.mjs && node scripts/measure-sync.mjs [--objects 20000] [--json]
// The first seconds of each connection belong to the rule that a newcomer's requests wait for the time that an object takes to reach
// everybody (PROTOCOL.md section 7.6).
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { createFeeder } from "./measure/feeder.mjs";
import { createMessageMaker } from "./measure/objects.mjs";
import { Program } from "./measure/running-node.mjs";

const { values } = parseArgs({
  options: { objects: { type: "string", default: "20000" }, json: { type: "boolean", default: false } },
});
const source = resolve(process.env.DIST ?? "dist", "src");
const load = (path) => import(pathToFileURL(join(source, path)).href);
const { connectControl } = await load("app/control/client.js");
const { locateDataDirectory } = await load("app/data-directory.js");

/** Milliseconds between two questions how far it is, and the longest time without a new object. */
const INTERVAL = 50;
const STUCK = 60_000;
const program = new Program(join(source, "main.js"));
const directory = mkdtempSync(join(tmpdir(), "bmbridge-sync-"));
const say = (text) => process.stderr.write(`${text} ...\n`);
const seconds = (milliseconds) => Math.round(milliseconds / 10) / 100;
const round = (value) => Math.round(value * 100) / 100;

/** Times at which the first and the last of so many objects were in, by performance.now. */
async function watch(path, count) {
  const client = await connectControl(locateDataDirectory(path, process.env).socket);
  let first = null;
  let before = 0;
  let changed = performance.now();
  for (;;) {
    const { inventory } = await client.call("status", {});
    const now = performance.now();
    if (inventory.objects > before) changed = now;
    // One may be its own.
    if (first === null && inventory.objects > 1) first = now;
    if (inventory.objects >= count) {
      client.close();
      return { first, last: now };
    }
    if (now - changed > STUCK) throw new Error(`only ${inventory.objects} objects arrived`);
    before = inventory.objects;
    await setTimeout(INTERVAL);
  }
}

async function fetchAll(sender, name, count, settings) {
  const path = join(directory, name);
  await program.setup(path);
  const senderBefore = sender.cpuSeconds();
  const node = await program.start(path, [`node.connect=127.0.0.1:${sender.port}`, ...settings]);
  const began = performance.now();
  const before = node.cpuSeconds();
  const { first, last } = await watch(path, count);
  await node.untilIdle();
  const result = {
    transport: name,
    seconds: seconds(last - began),
    seconds_before_the_first: seconds(first - began),
    objects_per_second: Math.round(count / ((last - first) / 1000)),
    receiver_cpu_seconds: round(node.cpuSeconds() - before),
    sender_cpu_seconds: round(sender.cpuSeconds() - senderBefore),
  };
  await node.stop();
  return result;
}

async function measure() {
  const machine = { cpu: cpus()[0]?.model, cores: availableParallelism(), load_before: loadavg()[0] };
  say("making objects");
  const makeMessages = await createMessageMaker(load, { trialsPerByte: 1n, extraBytes: 1n });
  const objects = makeMessages(Number(values.objects));
  const path = join(directory, "sender");
  await program.setup(path);
  const sender = await program.start(path);
  say("filling the first node");
  const feed = await createFeeder(load);
  const { socket } = await feed(sender.port, objects, "plain");
  socket.destroy();
  await sender.untilIdle();
  const fetches = [];
  for (const [transport, settings] of [
    ["plain", ["node.tls=false"]],
    ["tls", []],
  ]) {
    say(`a new node fetches ${objects.size} objects, ${transport}`);
    fetches.push(await fetchAll(sender, transport, objects.size, settings));
  }
  await sender.stop();
  return { machine, fetches };
}

try {
  const result = await measure();
  if (values.json) console.log(JSON.stringify(result));
  else for (const row of [result.machine, ...result.fetches]) console.log(JSON.stringify(row));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
process.exit(0);
