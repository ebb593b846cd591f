// Durable submissions side by side with Debian's Postfix: the same mails to one recipient, each counted at its 250, in turns.
//   node scripts/compare-postfix.mjs [--build dist] [--mails 500] [--rounds 3] [--connections 1]... [--json]
//     [--pybitmessage http://user:password@127.0.0.1:8442/ --pid PID]
// On a machine that is busy with other things: `chrt -r 1 node scripts/compare-postfix.mjs`, by which all of them come before the rest.
// With the API of a PyBitmessage (0.6.3) that somebody runs, its sendMessage in turns with them; its process tells the processor time.
// Postfix runs as root from directories of its own on a port of loopback, and throws away what it has queued; the system's service is not touched.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  closeSync,
  fdatasyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import BetterSqlite from "better-sqlite3";
import { submit } from "./smtp/load.mjs";
import { ownAddress, sendMessages } from "./smtp/pybitmessage.mjs";
import { firstDocument, freePort, listening, processorSeconds } from "./support/processes.mjs";

const { values } = parseArgs({
  options: {
    build: { type: "string", default: "dist" },
    mails: { type: "string", default: "500" },
    rounds: { type: "string", default: "3" },
    connections: { type: "string", multiple: true, default: ["1", "4", "16"] },
    pybitmessage: { type: "string" },
    pid: { type: "string" },
    // The rows for scripts/compare.mjs.
    json: { type: "boolean" },
  },
});
const main = join(resolve(values.build), "src/main.js");
const work = mkdtempSync(join(tmpdir(), "compare-smtp-"));
// Postfix runs as somebody else.
chmodSync(work, 0o755);
const PASSWORD = "a password for the measurement";
const RECIPIENT = "BM-2cTKX7sUMvBYAC3ErEnk3cVkaeQom2M7ce@bm.localhost";

async function startNode() {
  const directory = join(work, "node");
  const settings = [
    "network.name=measure",
    "network.min_trials_per_byte=1",
    "network.min_extra_bytes=1",
    "node.listen=off",
    "node.bootstrap=false",
    "imap.listen=off",
    "web.listen=off",
    "smtp.listen=127.0.0.1:0",
    "log.level=warn",
  ].flatMap((setting) => ["--set", setting]);
  const options = ["--data-dir", directory, "--json", ...settings];
  const setup = spawnSync(
    process.execPath,
    [main, "setup", "--user", "load", "--password-stdin", ...options],
    {
      input: `${PASSWORD}\n`,
      encoding: "utf8",
    },
  );
  const { identities } = JSON.parse(setup.stdout);
  const child = spawn(process.execPath, [main, "start", ...options], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const { smtp } = await firstDocument(child);
  return {
    name: "bmbridge",
    port: Number(smtp.split(":").at(-1)),
    from: `${identities[0].address}@bm.localhost`,
    to: RECIPIENT,
    login: { user: "load", password: PASSWORD },
    cpu: () => processorSeconds(child.pid),
    stop: () => child.kill("SIGTERM"),
  };
}

const SERVICES = `pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
`;

async function startPostfix() {
  const port = await freePort();
  const config = join(work, "postfix");
  const queue = join(work, "queue");
  const data = join(work, "data");
  for (const path of [config, queue, data]) mkdirSync(path, { mode: 0o755 });
  const [uid, gid] = ["-u", "-g"].map((flag) => Number(execFileSync("id", [flag, "postfix"])));
  chownSync(data, uid, gid);
  writeFileSync(
    join(config, "main.cf"),
    `compatibility_level = 3.6
queue_directory = ${queue}
data_directory = ${data}
myhostname = load.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
default_transport = discard
relay_domains = bm.localhost
relay_transport = discard
smtpd_recipient_restrictions = permit_mynetworks, reject
maillog_file = ${work}/log
maillog_file_prefixes = /
smtpd_client_connection_count_limit = 0
`,
  );
  writeFileSync(join(config, "master.cf"), `127.0.0.1:${port} inet n - n - - smtpd\n${SERVICES}`);
  const child = spawn("/usr/sbin/postfix", ["-c", config, "start-fg"], { stdio: "ignore" });
  await listening(port);
  return {
    name: "Postfix",
    port,
    from: "load@load.example",
    to: RECIPIENT,
    cpu: () => processorSeconds(child.pid),
    stop: () => spawnSync("/usr/sbin/postfix", ["-c", config, "stop"], { stdio: "ignore" }),
  };
}

async function runningPybitmessage(url) {
  const from = await ownAddress(url);
  return {
    name: "PyBitmessage",
    from,
    to: RECIPIENT.split("@", 1)[0],
    submit: (options) => sendMessages(url, options),
    cpu: () => (values.pid === undefined ? Number.NaN : processorSeconds(Number(values.pid))),
    stop: () => {},
  };
}

/** What the disk itself allows, one wait after the other: of appended 8 KiB, and of SQLite's commits of one row. */
function disk() {
  const perSecond = (count, work) => {
    const began = performance.now();
    for (let number = 0; number < count; number++) work();
    return Math.round(count / ((performance.now() - began) / 1000));
  };
  const block = Buffer.alloc(8192, 1);
  const file = openSync(join(work, "raw"), "w");
  const waits = perSecond(500, () => {
    writeSync(file, block);
    fdatasyncSync(file);
  });
  closeSync(file);
  const database = new BetterSqlite(join(work, "raw.sqlite"));
  for (const setting of ["locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = FULL"])
    database.pragma(setting);
  database.exec("CREATE TABLE IF NOT EXISTS mail (bytes BLOB NOT NULL)");
  const insert = database.prepare("INSERT INTO mail VALUES (?)");
  const commits = perSecond(500, () => insert.run(block.subarray(0, 2048)));
  database.close();
  return `the disk: ${waits} waits a second, ${commits} commits of one row`;
}

function comparison([ours, theirs]) {
  return {
    path: `submission, each 250 durable, ${ours.connections} at a time`,
    beside: theirs.server,
    unit: "mails/s",
    ours: ours["mails/s"],
    theirs: theirs["mails/s"],
    ratio: theirs["ours to it"],
    cpu: { unit: "ms each", ours: ours["CPU ms/mail"], theirs: theirs["CPU ms/mail"] },
  };
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const round = (number, digits) => (Number.isNaN(number) ? null : Number(number.toFixed(digits)));
/** So many until Node.js has compiled what is used, and the files have their size. */
const WARM_UP = 2000;

async function measure(server, connections, mails) {
  // Without the logins, whose passwords are dear to check.
  let before = server.cpu();
  const begins = () => {
    before = server.cpu();
  };
  const result = await (server.submit ?? submit)({ ...server, connections, mails, begins });
  return { ...result, cpu: ((server.cpu() - before) / mails) * 1000 };
}

/** A row for each server, ours first. */
async function compare(servers, connections) {
  const results = new Map(servers.map(({ name }) => [name, []]));
  for (let turn = 0; turn < Number(values.rounds); turn++)
    for (const server of servers)
      results.get(server.name).push(await measure(server, connections, Number(values.mails)));
  const medians = servers.map(({ name }) => {
    const of = (key) => median(results.get(name).map((result) => result[key]));
    return { name, perSecond: of("perSecond"), slowest: of("slowest"), cpu: of("cpu") };
  });
  return medians.map(({ name, perSecond, slowest, cpu }) => ({
    connections,
    server: name,
    "mails/s": Math.round(perSecond),
    "ours to it": round(medians[0].perSecond / perSecond, 2),
    "p99 ms": round(slowest, 1),
    "CPU ms/mail": round(cpu, 2),
  }));
}

const say = (text) => values.json || console.log(text);
const servers = [];
try {
  say(`${cpus()[0]?.model}, Node.js ${process.version}, load before ${loadavg()[0].toFixed(1)}`);
  servers.push(await startNode(), await startPostfix());
  if (values.pybitmessage !== undefined) servers.push(await runningPybitmessage(values.pybitmessage));
  for (const server of servers) await measure(server, 4, server.submit ? 50 : WARM_UP);
  say(disk());
  const rows = [];
  for (const connections of values.connections.map(Number)) rows.push(await compare(servers, connections));
  say(disk());
  const pairs = rows.flatMap(([ours, ...others]) => others.map((theirs) => [ours, theirs]));
  if (values.json) console.log(JSON.stringify(pairs.map(comparison)));
  else console.table(rows.flat());
} finally {
  for (const server of servers) server.stop();
  await new Promise((later) => setTimeout(later, 1000));
  rmSync(work, { recursive: true, force: true });
}
