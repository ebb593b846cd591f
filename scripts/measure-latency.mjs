// From the `250` of one node's submission server to the IDLE notification of the other's IMAP server: two nodes in processes of their own
// on a private network of loopback with hardly any work, one mail after the other.
//   node scripts/build.mjs && node scripts/measure-latency.mjs [--build dist] [--mails 200] [--designed 20] [--json]
// Twice: without what delays on purpose, and (--designed mails, some at a time) with the random time up to 10 seconds that a node lets pass
// before it tells a peer of an object. Dandelion is off in both: its stems take 26 seconds on average, by design as well.
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { openIdle, openSubmission } from "./measure/mail-connections.mjs";

const { values } = parseArgs({
  options: {
    build: { type: "string", default: "dist" },
    mails: { type: "string", default: "200" },
    designed: { type: "string", default: "20" },
    json: { type: "boolean", default: false },
  },
});
const build = resolve(values.build);
const { startDemoNode } = await import(pathToFileURL(join(build, "src/app/demo/demo-node.js")).href);
const undelayed = new URL("measure/without-announcement-delay.mjs", import.meta.url).href;

const SETTINGS = [
  "network.name=latency",
  "network.min_trials_per_byte=1",
  "network.min_extra_bytes=1",
  "node.listen=127.0.0.1:0",
  "node.bootstrap=false",
  "node.dandelion=0",
  "imap.listen=127.0.0.1:0",
  "smtp.listen=127.0.0.1:0",
  "web.listen=127.0.0.1:0",
  "web.autoconfig=false",
  "send.ack_delay=0",
  "log.level=warn",
];
const TEXT = "A line of a mail that somebody has written to somebody else.\r\n".repeat(25);

const round = (value) => Math.round(value * 10) / 10;

function figures(times) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share) => round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]);
  return { mails: times.length, p50: at(0.5), p90: at(0.9), p99: at(0.99), greatest: at(1) };
}

/** Two nodes, a mail that makes them know each other's keys, then those that count. @returns milliseconds of each */
async function measure({ mails, environment, atATime }) {
  Object.assign(process.env, environment);
  const directory = mkdtempSync(join(tmpdir(), "measure-latency-"));
  const nodes = [];
  const start = async (name, settings) => {
    const node = await startDemoNode({
      main: join(build, "src/main.js"),
      directory: join(directory, name),
      name,
      password: randomBytes(12).toString("hex"),
      settings: [...SETTINGS, ...settings],
    });
    nodes.push(node);
    return node;
  };
  try {
    const recipient = await start("bob", []);
    const sender = await start("alice", [`node.connect=${recipient.p2p}`]);
    const idle = await openIdle(recipient);
    const submission = await openSubmission(sender);
    const mail = {
      from: `${sender.address}@bm.localhost`,
      to: `${recipient.address}@bm.localhost`,
      text: TEXT,
    };
    let arrived = 0;
    const exchange = async (count) => {
      const sent = [];
      for (let number = 0; number < count; number++) {
        sent.push(await submission.send({ ...mail, subject: `mail ${arrived + number}` }));
      }
      const times = [];
      while (times.length < count) {
        const { count: there, time } = await idle.arrival();
        // Which of them came does not matter to the mean; with one at a time it is that one.
        for (; arrived < there; arrived++) times.push(time - sent[times.length]);
      }
      return times;
    };
    for (let warm = 0; warm < 10; warm += 5) await exchange(5);
    const times = [];
    while (times.length < mails) times.push(...(await exchange(Math.min(atATime, mails - times.length))));
    idle.close();
    submission.close();
    return figures(times);
  } finally {
    await Promise.all(nodes.map((node) => node.stop()));
    rmSync(directory, { recursive: true, force: true });
  }
}

const load = round(loadavg()[0]);
const undelayedTimes = await measure({
  mails: Number(values.mails),
  environment: { BUILD: build, NODE_OPTIONS: `--import=${undelayed}` },
  atATime: 1,
});
const designed = Number(values.designed);
const designedTimes =
  designed > 0 ? await measure({ mails: designed, environment: { NODE_OPTIONS: "" }, atATime: 10 }) : null;
const machine = { cpu: cpus()[0]?.model, cores: availableParallelism(), node: process.version, load };
const result = { machine, milliseconds: { undelayed: undelayedTimes, announcements_delayed: designedTimes } };
if (values.json) console.log(JSON.stringify(result));
else {
  console.log(
    `${machine.cpu}, ${machine.cores} cores, Node.js ${machine.node}, load before ${load}; milliseconds`,
  );
  console.table(
    designedTimes
      ? { undelayed: undelayedTimes, "announcements delayed": designedTimes }
      : { undelayed: undelayedTimes },
  );
}
