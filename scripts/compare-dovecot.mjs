// Side by side with Debian's Dovecot: the same mailbox, the same commands, in turns; medians of several rounds.
//   node scripts/compare-dovecot.mjs [--build dist] [--messages 5000]... [--rounds 5] [--server node]... [--directory DIR] [--imaptest PATH] [--json]
// On a machine that is busy with other things: `chrt -r 1 node scripts/compare-dovecot.mjs`, by which all of them come before the rest.
// With a directory the mailboxes are kept and used again. With imaptest: the server's processor time per command of its stress mode.
// Dovecot (dovecot-imapd) runs from a directory of its own on a port of loopback; the system's service is not touched.
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { MeasuringClient } from "./imap/client.mjs";
import { makeMail, makeMbox } from "./imap/mails.mjs";
import { PASSWORD, startDovecot, startNode, USER } from "./imap/servers.mjs";
import { processorSeconds } from "./support/processes.mjs";

const { values } = parseArgs({
  options: {
    build: { type: "string", default: "dist" },
    messages: { type: "string", multiple: true, default: ["5000", "100000"] },
    rounds: { type: "string", default: "5" },
    server: { type: "string", multiple: true, default: ["node", "maildir", "sdbox"] },
    directory: { type: "string" },
    imaptest: { type: "string" },
    appends: { type: "string", default: "100" },
    "cpu-prof": { type: "string" },
    // The rows of each other server beside the first, for scripts/compare.mjs; what is printed otherwise goes to standard error.
    json: { type: "boolean" },
  },
});
const work = values.directory ? resolve(values.directory) : mkdtempSync(join(tmpdir(), "compare-imap-"));
mkdirSync(work, { recursive: true });
// Dovecot runs as somebody else.
chmodSync(work, 0o755);
const build = resolve(values.build);

const profile = values["cpu-prof"] ? ["--cpu-prof", `--cpu-prof-dir=${resolve(values["cpu-prof"])}`] : [];
const starters = {
  node: () => startNode(build, join(work, "node"), profile),
  maildir: (fsync) => startDovecot(join(work, "maildir"), "maildir", fsync),
  // As in shared tables: without fsync, so that only the format is compared.
  sdbox: () => startDovecot(join(work, "sdbox"), "sdbox", "never"),
};

const FIELDS =
  "From To Cc Bcc Subject Date Message-ID Priority X-Priority References Newsgroups In-Reply-To Content-Type Reply-To";
const HEADERS = `UID FETCH 1:* (UID RFC822.SIZE FLAGS BODY.PEEK[HEADER.FIELDS (${FIELDS})])`;

/** Each row of the table: a command, timed. */
const rows = [
  {
    name: "SELECT",
    run: (client, box) => client.command(`SELECT ${box}`),
    prepare: (client) => client.command("UNSELECT"),
  },
  { name: "FETCH 1:* (FLAGS)", run: (client) => client.command("FETCH 1:* (FLAGS)") },
  { name: "headers as Thunderbird", run: (client) => client.command(HEADERS) },
  { name: "ENVELOPE BODYSTRUCTURE", run: (client) => client.command("FETCH 1:* (ENVELOPE BODYSTRUCTURE)") },
  { name: "SEARCH HEADER, no hit", run: (client) => client.command("SEARCH HEADER Subject qqxyzzy") },
  { name: "SEARCH BODY, no hit", run: (client) => client.command("SEARCH BODY qqxyzzy") },
  { name: "SEARCH TEXT, no hit", run: (client) => client.command("SEARCH TEXT qqxyzzy") },
  { name: "SORT (DATE)", run: (client) => client.command("SORT (DATE) UTF-8 ALL") },
  { name: "SORT (SUBJECT FROM)", run: (client) => client.command("SORT (SUBJECT FROM) UTF-8 ALL") },
  { name: "THREAD REFERENCES", run: (client) => client.command("THREAD REFERENCES UTF-8 ALL") },
  // What a server remembers for a session is not there yet.
  { name: "SORT (DATE), new session", fresh: true, run: (client) => client.command("SORT (DATE) UTF-8 ALL") },
  {
    name: "THREAD, new session",
    fresh: true,
    run: (client) => client.command("THREAD REFERENCES UTF-8 ALL"),
  },
  {
    name: "STORE of all",
    run: (client) => client.command("STORE 1:* +FLAGS.SILENT (\\Flagged)"),
    prepare: (client) => client.command("STORE 1:* -FLAGS.SILENT (\\Flagged)"),
  },
];

/** What must not keep other sessions waiting. */
const disturbances = [
  ["headers", HEADERS],
  ["ENVELOPE", "FETCH 1:* (ENVELOPE BODYSTRUCTURE)"],
  ["SEARCH BODY", "SEARCH BODY qqxyzzy"],
  ["SORT", "SORT (SUBJECT FROM) UTF-8 ALL"],
  ["THREAD", "THREAD REFERENCES UTF-8 ALL"],
];

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** Puts the mails there, many in one command. */
async function fill(server, box, count) {
  const client = await MeasuringClient.open(server.port);
  const there = Number(
    /MESSAGES (\d+)/.exec(await client.ask(`STATUS ${box} (MESSAGES)`).catch(() => ""))?.[1] ?? Number.NaN,
  );
  if (Number.isNaN(there)) await client.command(`CREATE ${box}`);
  for (let number = there || 0; number < count; number += 100) {
    const literals = Array.from({ length: Math.min(100, count - number) }, (_, index) => {
      const flags = ["\\Seen", "\\Seen \\Answered", "", "$label1"][(number + index) % 4];
      return { before: ` (${flags}) `, bytes: makeMail(number + index) };
    });
    await client.command(`APPEND ${box}`, literals);
  }
  client.close();
}

async function appendsPerSecond(server) {
  const client = await MeasuringClient.open(server.port);
  await client.command("CREATE Appends").catch(() => {});
  const count = Number(values.appends);
  const began = performance.now();
  for (let number = 0; number < count; number++) {
    await client.command("APPEND Appends", [{ before: " ", bytes: makeMail(number) }]);
  }
  const perSecond = (count * 1000) / (performance.now() - began);
  client.close();
  return perSecond;
}

/** How long another session waits at most for its NOOP while a command runs, in milliseconds. */
async function longestWait(server, box, command) {
  const [busy, other] = [await MeasuringClient.open(server.port), await MeasuringClient.open(server.port)];
  await busy.command(`EXAMINE ${box}`);
  let running = true;
  let failed = false;
  const work = busy
    .command(command)
    .catch(() => {
      failed = true;
    })
    .then(() => {
      running = false;
    });
  let longest = 0;
  while (running) longest = Math.max(longest, (await other.command("NOOP")).milliseconds);
  await work;
  busy.close();
  other.close();
  return failed ? Number.NaN : longest;
}

/** For `--json`. */
const comparisons = [];

function compare(path, unit, servers, numbers, cpu) {
  const [ours, ...others] = numbers;
  for (const [index, theirs] of others.entries()) {
    const ratio = Number((unit === "ms" ? theirs / ours : ours / theirs).toFixed(2));
    const beside = servers[index + 1].name.replace("dovecot", "Dovecot");
    comparisons.push({
      ...{ path, beside, unit, ours: round(ours), theirs: round(theirs), ratio },
      ...(cpu ? { cpu: { unit: "ms each", ours: round(cpu[0]), theirs: round(cpu[index + 1]) } } : {}),
    });
  }
}

const round = (number) => Number(number.toPrecision(3));

async function measure(servers, box) {
  const clients = new Map();
  for (const server of servers) clients.set(server, await selected(server, box));
  const times = new Map();
  const cpu = new Map();
  for (let round = -1; round < Number(values.rounds); round++) {
    for (const row of rows) {
      for (const server of servers) {
        const client = row.fresh ? await selected(server, box) : clients.get(server);
        await row.prepare?.(client);
        const before = processorSeconds(server.pid);
        const taken = await row.run(client, box.name).catch(() => ({ milliseconds: Number.NaN }));
        if (row.fresh) client.close();
        // The first round only warms up.
        if (round < 0) continue;
        const key = `${row.name}|${server.name}`;
        times.set(key, [...(times.get(key) ?? []), taken.milliseconds]);
        cpu.set(key, (cpu.get(key) ?? 0) + (processorSeconds(server.pid) - before) * 1000);
      }
    }
  }
  for (const client of clients.values()) client.close();
  for (const row of rows) {
    const of = (map) => servers.map((server) => map.get(`${row.name}|${server.name}`));
    const medians = of(times).map(median);
    print(
      row.name,
      medians.map((milliseconds) => milliseconds.toFixed(1)),
    );
    const each = of(cpu).map((milliseconds) => milliseconds / Number(values.rounds));
    compare(`${row.name}, ${box.count} mails`, "ms", servers, medians, each);
  }
}

async function selected(server, box) {
  const client = await MeasuringClient.open(server.port);
  await client.command(`SELECT ${box.name}`);
  return client;
}

const say = values.json ? console.error : console.log;

function print(name, cells) {
  say(`${name.padEnd(30)}${cells.map((cell) => String(cell).padStart(16)).join("")}`);
}

/** Of the server and its children. */
function megabytes(server) {
  const lines = execFileSync("ps", ["-eo", "pid=,ppid=,rss="]).toString().trim().split("\n");
  const processes = lines.map((line) => line.trim().split(/ +/).map(Number));
  const sum = (pid) =>
    processes.reduce((total, [one, parent, size]) => {
      return total + (one === pid ? size : 0) + (parent === pid ? sum(one) : 0);
    }, 0);
  return Math.round(sum(server.pid) / 1024);
}

async function processorPerCommand(server) {
  const mbox = join(work, "mails.mbox");
  writeFileSync(mbox, makeMbox(200), "latin1");
  const before = processorSeconds(server.pid);
  const options = [
    "host=127.0.0.1",
    `port=${server.port}`,
    `user=${USER}`,
    `pass=${PASSWORD}`,
    `mbox=${mbox}`,
    "secs=15",
    "logout=0",
  ];
  const output = await new Promise((done) => {
    const child = spawn(resolve(values.imaptest), options, {
      cwd: work,
      stdio: ["ignore", "pipe", "ignore"],
    });
    let text = "";
    child.stdout.on("data", (chunk) => {
      text += chunk.toString("latin1");
    });
    child.once("close", () => done(text));
  });
  const commands = (output.trimEnd().split("\n").at(-1).match(/\d+/g) ?? []).reduce(
    (sum, one) => sum + Number(one),
    0,
  );
  return ((processorSeconds(server.pid) - before) * 1000) / commands;
}

const boxes = values.messages.map((count) => ({ name: `Box${count}`, count: Number(count) }));
const servers = [];
try {
  for (const name of values.server) {
    // Filling a maildir durably would take the better part of an hour.
    const loading = await starters[name]("never");
    for (const box of boxes) await fill(loading, box.name, box.count);
    await loading.stop();
  }
  for (const name of values.server) servers.push(await starters[name]());
  print(
    "milliseconds",
    servers.map((server) => server.name),
  );
  const appends = servers.map(() => []);
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const [index, server] of servers.entries()) appends[index].push(await appendsPerSecond(server));
  }
  print(
    "APPEND per second",
    appends.map((rates) => median(rates).toFixed(0)),
  );
  compare("APPEND", "a second", servers, appends.map(median));
  for (const box of boxes) {
    say(`-- ${box.count} messages`);
    await measure(servers, box);
    for (const [name, command] of disturbances) {
      const waits = [];
      for (const server of servers) waits.push((await longestWait(server, box.name, command)).toFixed(1));
      print(`another waits: ${name}`, waits);
    }
    print("MiB of memory", servers.map(megabytes));
  }
  if (values.imaptest) {
    const costs = [];
    for (const server of servers) costs.push((await processorPerCommand(server)).toFixed(2));
    print("processor per command, ms", costs);
  }
  if (values.json) console.log(JSON.stringify(comparisons));
} finally {
  for (const server of servers) await server.stop();
  if (!values.directory) rmSync(work, { recursive: true, force: true });
}
