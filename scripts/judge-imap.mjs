// Has Dovecot's imaptest judge the IMAP server, in memory and as the whole program over SQLite: its scripted suite, our own scripts
// for IMAP4rev2, and its stress modes. Ends with 1 when anything failed.
//   node scripts/judge-imap.mjs IMAPTEST [--tests DIR] [--build dist] [--seconds 30] [--clients 10] [--server memory|node|identity|split]... [--only NAME]...
// imaptest is built from github.com/dovecot/imaptest; its scripts lie beside it in `tests`.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { makeMbox } from "./imap/mails.mjs";
import { PASSWORD, startForIdentity, startMemoryServer, startNode, USER } from "./imap/servers.mjs";
import { processorSeconds } from "./support/processes.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    tests: { type: "string" },
    build: { type: "string", default: "dist" },
    seconds: { type: "string", default: "30" },
    clients: { type: "string", default: "10" },
    server: { type: "string", multiple: true, default: ["memory", "node", "identity", "split"] },
    only: { type: "string", multiple: true },
  },
});
const [binary] = positionals;
if (binary === undefined || !existsSync(binary)) {
  console.error("usage: node scripts/judge-imap.mjs IMAPTEST [--tests DIR] [--build dist] ...");
  process.exit(2);
}
const imaptest = resolve(binary);
const tests = resolve(values.tests ?? join(dirname(imaptest), "tests"));
const ownTests = fileURLToPath(new URL("../test/imaptest/imap4rev2", import.meta.url));
const work = mkdtempSync(join(tmpdir(), "judge-imap-"));
const mbox = join(work, "mails.mbox");
writeFileSync(mbox, makeMbox(200), "latin1");

const everyState =
  "list=50 status=50 mcreate=10 mdelete=10 mrename=5 msubs=10 fetch=60 uidfetch=40 search=30".split(" ");
const moreStates =
  "sort=20 thread=20 copy=20,5 move=20 store=50 delete=30 expunge=30 append=60,5 noop=20 check=10".split(" ");

/** What is run one after another on each server. */
const rounds = [
  { name: "scripted", options: [`test=${tests}`] },
  {
    name: "imap4rev2 scripts",
    options: [`test=${ownTests}`],
    wanted: () => existsSync(ownTests) && readdirSync(ownTests).length > 0,
  },
  stress("stress"),
  stress("checkpoint", ["checkpoint=2"], 5),
  stress("open sessions", ["logout=0"]),
  stress("qresync", ["qresync"]),
  stress("qresync, checkpoint", ["qresync", "checkpoint=2"], 5),
  stress("imap4rev2", ["imap4rev2"]),
  stress("own flags", ["own_msgs", "own_flags"]),
  stress("mixed", ["copybox=Archive", "-", ...everyState, ...moreStates]),
  stress("random", ["random", "disconnect=10"]),
  stress("one mailbox of many", ["msgs=500", "clients=30"]),
];

/** `portion`: in runs of so many seconds, since imaptest with checkpoints does not live long. */
function stress(name, more = [], portion = Number(values.seconds)) {
  const seconds = Math.min(portion, Number(values.seconds));
  const options = [`mbox=${mbox}`, `secs=${seconds}`, `clients=${values.clients}`, ...more];
  return { name, options, times: Math.ceil(Number(values.seconds) / seconds), stress: true };
}

function start(server) {
  const build = resolve(values.build);
  if (server === "memory") return startMemoryServer(build);
  if (server === "identity") return startForIdentity(build, join(work, server), "combined");
  if (server === "split") return startForIdentity(build, join(work, server), "split");
  return startNode(build, join(work, "node"));
}

function run(server, options) {
  const parameters = [
    `host=127.0.0.1`,
    `port=${server.port}`,
    `user=${server.user ?? USER}`,
    `pass=${PASSWORD}`,
    ...options,
  ];
  return new Promise((done, reject) => {
    const child = spawn(imaptest, parameters, { cwd: work, stdio: ["ignore", "pipe", "pipe"] });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk) => {
      stdout += chunk.toString("latin1");
    });
    child.stderr.on("data", (chunk) => {
      stderr += chunk.toString("latin1");
    });
    child.once("error", reject);
    child.once("close", (status) => done({ status, stdout, stderr }));
  });
}

const number = (text, pattern) => Number(pattern.exec(text)?.[1] ?? Number.NaN);

/** What a scripted run came to. */
function scriptedResult({ status, stdout, stderr }) {
  const groups = number(stdout, /^(\d+) test groups/m);
  const failed = number(stdout, /test groups: (\d+) failed/);
  const skipped = number(stdout, /, (\d+) skipped/);
  const [base] = /base protocol: .*(?= individual)/.exec(stdout) ?? ["?"];
  const [extensions] = /extensions: .*(?= individual)/.exec(stdout) ?? ["?"];
  const text = `${groups - failed - skipped} of ${groups} groups passed, ${failed} failed, ${skipped} skipped; ${base}; ${extensions} failed`;
  const good = status === 0 && failed === 0 && groups > 0;
  return { good, text, details: good ? "" : stderr };
}

/** imaptest's own mistakes: with checkpoints, Dovecot makes it fall over as well. */
const OWN_MISTAKE = /^Panic: file (array\.c.*array_idx_modifiable|client-state\.c.*client_update_plan)/m;
const TRIES = 20;

/** Stress runs that imaptest itself has not spoilt, and what they came to. */
async function runStress(server, round) {
  const sum = { commands: 0, seconds: 0, fallen: 0, failures: 0, complaints: [] };
  const tries = round.times + TRIES;
  for (let attempt = 1, done = 0; done < round.times && attempt <= tries; attempt++) {
    const before = processorSeconds(server.pid);
    const outcome = await run(server, [...round.options, `seed=${attempt}`]);
    const mistake = outcome.stderr.search(OWN_MISTAKE);
    const lines = (mistake < 0 ? outcome.stdout + outcome.stderr : outcome.stderr.slice(0, mistake)).split(
      "\n",
    );
    sum.complaints.push(...lines.filter((line) => /^(Error|Fatal|Panic|Warning):/.test(line)));
    if (mistake >= 0) {
      sum.fallen += 1;
      continue;
    }
    done += 1;
    if (outcome.status !== 0) sum.failures += 1;
    sum.seconds += processorSeconds(server.pid) - before;
    sum.commands += commandsOf(outcome.stdout);
    if (done === round.times) return stressResult(sum);
  }
  return stressResult({ ...sum, failures: sum.failures + 1 });
}

/** The last line of its output is what it has sent of each command. */
function commandsOf(stdout) {
  const numbers = stdout.trimEnd().split("\n").at(-1)?.match(/\d+/g) ?? [];
  return numbers.reduce((sum, one) => sum + Number(one), 0);
}

function stressResult({ commands, seconds, fallen, failures, complaints }) {
  if (fallen > TRIES && complaints.length === 0) {
    return { good: true, text: `NOT JUDGED: imaptest itself fell over ${fallen} times`, details: "" };
  }
  const good = failures === 0 && complaints.length === 0 && commands > 0;
  const again = fallen > 0 ? ` (imaptest itself fell over ${fallen} times)` : "";
  const each = ((seconds * 1000) / commands).toFixed(2);
  const text = `${complaints.length} errors, ${commands} commands, ${each} ms of the server's processor each${again}`;
  return { good, text, details: complaints.slice(0, 20).join("\n") };
}

let bad = 0;
try {
  for (const name of values.server) {
    const server = await start(name);
    try {
      for (const round of rounds) {
        if (values.only && !values.only.includes(round.name)) continue;
        if (round.wanted && !round.wanted()) continue;
        const result = round.stress
          ? await runStress(server, round)
          : scriptedResult(await run(server, round.options));
        console.log(
          `${result.good ? "ok  " : "FAIL"} ${name.padEnd(6)} ${round.name.padEnd(20)} ${result.text}`,
        );
        if (result.good) continue;
        bad += 1;
        if (result.details) console.log(result.details);
      }
    } finally {
      await server.stop();
    }
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
process.exit(bad > 0 ? 1 : 0);
