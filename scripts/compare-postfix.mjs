// Durable submissions side by side with Debian's Postfix: the same mails to one recipient, each counted at its 250, in turns.
//   node scripts/compare-postfix.mjs [--build dist] [--mails 500] [--rounds 3] [--connections 1]...
// Postfix runs as root from directories of its own on a port of loopback, and throws away what it has queued; the system's service is not touched.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { submit } from "./smtp/load.mjs";
import { firstDocument, freePort, listening, processorSeconds } from "./support/processes.mjs";

const { values } = parseArgs({
  options: {
    build: { type: "string", default: "dist" },
    mails: { type: "string", default: "500" },
    rounds: { type: "string", default: "3" },
    connections: { type: "string", multiple: true, default: ["1", "4", "16"] },
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
    name: "postfix",
    port,
    from: "load@load.example",
    to: RECIPIENT,
    cpu: () => processorSeconds(child.pid),
    stop: () => spawnSync("/usr/sbin/postfix", ["-c", config, "stop"], { stdio: "ignore" }),
  };
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const servers = [];
try {
  servers.push(await startNode(), await startPostfix());
  const mails = Number(values.mails);
  const rows = [];
  for (const connections of values.connections.map(Number)) {
    const results = new Map(servers.map(({ name }) => [name, []]));
    for (let round = 0; round <= Number(values.rounds); round++) {
      for (const server of servers) {
        const before = server.cpu();
        const result = await submit({ ...server, connections, mails });
        // The first round warms up.
        if (round > 0) results.get(server.name).push({ ...result, cpu: (server.cpu() - before) / mails });
      }
    }
    const [ours, theirs] = servers.map(({ name }) => {
      const all = results.get(name);
      const of = (key) => median(all.map((result) => result[key]));
      return { perSecond: of("perSecond"), slowest: of("slowest"), cpu: of("cpu") };
    });
    rows.push({
      connections,
      "bmbridge mails/s": Math.round(ours.perSecond),
      "postfix mails/s": Math.round(theirs.perSecond),
      ratio: Number((ours.perSecond / theirs.perSecond).toFixed(2)),
      "bmbridge p99 ms": Number(ours.slowest.toFixed(1)),
      "postfix p99 ms": Number(theirs.slowest.toFixed(1)),
      "bmbridge CPU ms/mail": Number((ours.cpu * 1000).toFixed(2)),
      "postfix CPU ms/mail": Number((theirs.cpu * 1000).toFixed(2)),
    });
  }
  console.table(rows);
} finally {
  for (const server of servers) server.stop();
  await new Promise((later) => setTimeout(later, 1000));
  rmSync(work, { recursive: true, force: true });
}
