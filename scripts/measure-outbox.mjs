// What a submission and a start take while many messages wait for their recipients' keys: all for one recipient, and each for another. Linux only.
//   node scripts/build.mjs && node scripts/measure-outbox.mjs [--build dist] [--size 100]... [--mails 200]
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { LOGIN, Program } from "./measure/running-node.mjs";
import { submit } from "./smtp/load.mjs";

const { values } = parseArgs({
  options: {
    build: { type: "string", default: "dist" },
    size: { type: "string", multiple: true, default: ["100", "1000", "10000"] },
    mails: { type: "string", default: "200" },
  },
});
const source = resolve(values.build, "src");
const program = new Program(join(source, "main.js"));
const { encodeAddress } = await import(pathToFileURL(join(source, "bitmessage/protocol/address.js")).href);
const mails = Number(values.mails);
const round = (number, digits = 0) => Number(number.toFixed(digits));

/** The address of nobody with that number. */
function recipient(number) {
  const ripe = new Uint8Array(20).fill(7);
  new DataView(ripe.buffer).setUint32(16, number);
  return `${encodeAddress(4, 1, ripe)}@bm.localhost`;
}

async function measureSize(directory, { size, from, to, waiting }) {
  const filling = await program.start(directory);
  const envelope = { from, login: LOGIN };
  const fill = size - waiting.count;
  const first = { ...envelope, port: filling.smtpPort, to: (number) => to(waiting.count + number) };
  if (fill > 0) await submit({ ...first, connections: 8, mails: fill });
  waiting.count = size;
  await filling.untilIdle();
  await filling.stop();
  const node = await program.start(directory);
  const startCpu = node.cpuSeconds();
  await node.untilIdle();
  const settled = node.cpuSeconds();
  const { resident } = node.memory();
  const more = { ...envelope, port: node.smtpPort, to: (number) => to(waiting.count + number) };
  // The first ones warm up.
  await submit({ ...more, connections: 1, mails });
  waiting.count += mails;
  await node.untilIdle();
  let before = 0;
  const begins = () => {
    before = node.cpuSeconds();
  };
  const { seconds } = await submit({ ...more, connections: 1, mails, begins });
  await node.untilIdle();
  const cpu = node.cpuSeconds() - before;
  waiting.count += mails;
  await node.stop();
  return {
    waiting: size,
    "submission ms": round((seconds / mails) * 1000, 2),
    "submission CPU ms": round((cpu / mails) * 1000, 2),
    "start ms": round(node.startMilliseconds),
    "start CPU ms": round(startCpu * 1000),
    "then CPU ms": round((settled - startCpu) * 1000),
    "resident MB": round(resident / 1e6, 1),
  };
}

console.log(`${cpus()[0]?.model}, Node.js ${process.version}, load before ${round(loadavg()[0], 1)}`);
for (const [title, to] of [
  ["all to one recipient", () => recipient(0)],
  ["each to another recipient", recipient],
]) {
  const directory = mkdtempSync(join(tmpdir(), "measure-outbox-"));
  try {
    const from = `${await program.setup(directory)}@bm.localhost`;
    const waiting = { count: 0 };
    const rows = [];
    for (const size of values.size.map(Number))
      rows.push(await measureSize(directory, { size, from, to, waiting }));
    console.log(title);
    console.table(rows);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
