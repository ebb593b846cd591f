// Measures a built checkout: start, memory, objects taken from one peer, messages tried. Linux only (reads /proc).
//   node scripts/build.mjs && node scripts/measure.mjs [--objects 20000] [--starts 5] [--seconds 10] [--json]
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { createFeeder } from "./measure/feeder.mjs";
import { createMessageMaker } from "./measure/objects.mjs";
import { Program } from "./measure/running-node.mjs";

const { values } = parseArgs({
  options: {
    objects: { type: "string", default: "20000" },
    starts: { type: "string", default: "5" },
    seconds: { type: "string", default: "10" },
    json: { type: "boolean", default: false },
  },
});
const source = resolve(process.env.DIST ?? "dist", "src");
const load = (path) => import(pathToFileURL(join(source, path)).href);
const program = new Program(join(source, "main.js"));
const directory = mkdtempSync(join(tmpdir(), "bmbridge-measure-"));
const megabytes = (bytes) => Math.round(bytes / 1e5) / 10;
const round = (value) => Math.round(value);
const say = (text) => process.stderr.write(`${text} ...\n`);

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** From the start of the process to `ready`, in a data directory that setup has just made, and in the same once more. */
async function measureStarts(count) {
  const times = { first: [], again: [] };
  for (let number = 0; number < count; number++) {
    const data = join(directory, `start-${number}`);
    await program.setup(data);
    for (const kind of ["first", "again"]) {
      const node = await program.start(data);
      times[kind].push(node.startMilliseconds);
      await node.stop();
    }
  }
  return { new_directory: round(median(times.first)), existing_directory: round(median(times.again)) };
}

/** Fails when something is missing a while after the last object was taken. */
async function untilStored(node, count) {
  for (let tries = 0; tries < 20; tries++) {
    const { inventory } = await node.status();
    if (inventory.objects >= count) return;
  }
  throw new Error("not every object was stored");
}

/** One peer gives all objects to a new node. */
async function measureFeed(feed, objects, transport) {
  const data = join(directory, transport);
  await program.setup(data);
  const node = await program.start(data);
  await node.untilIdle();
  const idle = node.memory();
  const { inventory: before } = await node.status();
  const cpuBefore = node.cpuSeconds();
  const { socket, began } = await feed(node.port, objects, transport);
  const seconds = (performance.now() - began) / 1000;
  await untilStored(node, before.objects + objects.size);
  await node.untilIdle();
  const cpuSeconds = node.cpuSeconds() - cpuBefore;
  const full = node.memory();
  const { peers, inventory } = await node.status();
  const result = {
    transport: peers[0]?.tls ? "tls" : "plain",
    objects: inventory.objects - before.objects,
    bytes: inventory.bytes - before.bytes,
    seconds: Math.round(seconds * 100) / 100,
    objects_per_second: round(objects.size / seconds),
    objects_per_cpu_second: round(objects.size / cpuSeconds),
    idle_megabytes: megabytes(idle.resident),
    idle_own_megabytes: megabytes(idle.own),
    full_megabytes: megabytes(full.resident),
    full_own_megabytes: megabytes(full.own),
  };
  socket.destroy();
  await node.stop();
  return result;
}

async function measure() {
  const load_before = loadavg().map((value) => Math.round(value * 100) / 100);
  say("starting nodes");
  const start_milliseconds = await measureStarts(Number(values.starts));
  say("making objects");
  const makeMessages = await createMessageMaker(load, { trialsPerByte: 1n, extraBytes: 1n });
  const objects = makeMessages(Number(values.objects));
  const feed = await createFeeder(load);
  const feeds = [];
  for (const transport of ["plain", "tls"]) {
    say(`feeding ${objects.size} objects, ${transport}`);
    feeds.push(await measureFeed(feed, objects, transport));
  }
  say("trying messages");
  const { implementations } = await program.bench("decrypt", values.seconds);
  const machine = {
    cpu: cpus()[0]?.model,
    cores: availableParallelism(),
    node: process.version,
    load_before,
  };
  return { machine, start_milliseconds, feeds, decrypt: implementations };
}

function lines({ machine, start_milliseconds: start, feeds, decrypt }) {
  return [
    `${machine.cpu}, ${machine.cores} cores, Node.js ${machine.node}, load before ${machine.load_before.join(" ")}`,
    `start to ready       ${start.new_directory} ms after setup, ${start.existing_directory} ms in an existing data directory`,
    ...feeds.flatMap((row) => [
      `from one peer        ${row.objects_per_second} objects/s ${row.transport} (${row.objects} in ${row.seconds} s; ${row.objects_per_cpu_second} per CPU second with trying them)`,
      `memory               ${row.idle_megabytes} MB idle, ${row.full_megabytes} MB after (without shared pages ${row.idle_own_megabytes} and ${row.full_own_megabytes})`,
    ]),
    ...decrypt.map(
      (row) =>
        `messages tried       ${row.objects_per_cpu_second} per CPU second with ${row.identities} identities (${row.name})`,
    ),
  ];
}

try {
  const result = await measure();
  console.log(values.json ? JSON.stringify(result) : lines(result).join("\n"));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
