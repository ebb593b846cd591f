// A disk that is full, broken or read-only, at every single write, or that cannot be read: lets a running node's calls fail one after the
// other (a preloaded shim) while mail is submitted, received, filed, read and removed, and asks each time: was anything promised that is not
// there, is the refusal one that programs understand, does the node go on, and does everything work again when the fault is gone? With
// `--kinds reads` (EIO) the node has just started each time, or SQLite would have what is to be read. Linux with a C compiler.
//   node scripts/build.mjs && node scripts/inject-faults.mjs [--build dist] [--kinds changes] [--errors ENOSPC,EIO,EROFS] [--operations submit,...]
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { spoilSectors } from "./faults/bad-sector.mjs";
import { Bridge, PASSWORD, until } from "./faults/bridge.mjs";
import { ImapByHand } from "./faults/imap-by-hand.mjs";
import { Faults, KINDS } from "./faults/shim.mjs";
import { Upgrade } from "./faults/upgrade.mjs";

const { values } = parseArgs({
  options: {
    build: { type: "string", default: "dist" },
    kinds: { type: "string", default: "changes" },
    errors: { type: "string" },
    operations: { type: "string" },
    verbose: { type: "boolean", default: false },
  },
});
const READS = values.kinds === "reads";
const errors = (values.errors ?? (READS ? "EIO" : "ENOSPC,EIO,EROFS")).split(",");
const chosen = (
  values.operations ??
  (READS
    ? "select,fetch,search,submit,append,copy,expunge,card,backup,receive,start,check,upgrade,sector"
    : "submit,append,copy,store,expunge,create,card,identity,receive,backup,stop,start,upgrade")
).split(",");
const source = resolve(values.build, "src");
const main = join(source, "main.js");
const folder = mkdtempSync(join(tmpdir(), "bmbridge-faults-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
const say = (text) => process.stderr.write(`${text}\n`);

const disk = join(folder, "disk");
mkdirSync(disk);
const faults = new Faults(folder, disk);
const other = new Bridge(main, join(folder, "other"));
await other.setup("other");
await other.start();
const victim = new Bridge(main, join(disk, "data"), {
  environment: faults.environment,
  settings: [`node.connect=${other.p2p}`],
});
await victim.setup("victim");
await victim.start();

let imap = await new ImapByHand().open(victim.imapPort, "victim", PASSWORD);
await imap.command("CREATE Work");
let counter = 0;
const append = (subject, mailbox = "Work") => {
  const mail = `Subject: ${subject}\r\n\r\n${"text ".repeat(400)}\r\n`;
  return imap.command(`APPEND ${mailbox} {${mail.length}+}\r\n${mail}`);
};
const subjectsOf = async (mailbox) => {
  await imap.command(`SELECT ${mailbox}`);
  const { untagged } = await imap.command("UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])");
  await imap.command("UNSELECT");
  return [...untagged.matchAll(/Subject: (.*?)\r\n/gi)].map((match) => match[1]);
};
const FAILING = READS ? KINDS.read : KINDS.write | KINDS.sync | KINDS.name;
/** There are many more reads than writes. */
const after = (first) => (READS ? first + Math.max(1, Math.floor(first / 5)) : first + 1);
const LAST = READS ? 20_000 : 200;
/** Milliseconds. SQLite takes what cannot be read for damage, which does not end by itself: then it is the next try that brings the mail. */
const COMES_WITHIN = READS ? 150_000 : 45_000;
/** A disk may refuse to be read once, for a moment, or from now on. */
let turn = 0;
const arm = (error, first) =>
  faults.fail({ error, kinds: FAILING, first, count: READS ? [0, 1, 30][turn++ % 3] : 0 });
const IMAP_REFUSAL = /^NO \[(OVERQUOTA|UNAVAILABLE|CORRUPTION)\] /;

/** Mails that fill pages of their own. */
async function fillOld() {
  const text = "old words ".repeat(3000);
  for (let number = 0; number < 40; number++) {
    const mail = `Subject: old-${number}\r\n\r\n${text}\r\n`;
    await imap.command(`APPEND Old {${mail.length}+}\r\n${mail}`);
  }
}
if (READS) {
  await imap.command("CREATE Old");
  await fillOld();
}
const looking = (command, isWhole) => ({
  before: () => imap.command("SELECT Old"),
  perform: () => imap.command(command),
  accepted: ({ isOk }) => isOk,
  wellRefused: ({ tagged }) => IMAP_REFUSAL.test(tagged),
  text: ({ tagged }) => tagged,
  // An answer of OK that lacks something would be a lie.
  holds: async () => isWhole((await imap.command(command)).untagged),
  whole: ({ untagged }) => isWhole(untagged),
});

/** What is done while the disk fails: `perform` gives the answer, `accepted` and `wellRefused` judge it, `holds` looks whether it is so. */
const OPERATIONS = {
  select: {
    ...looking("SELECT Old", (text) => text.includes("* 40 EXISTS")),
    before: () => {},
  },
  fetch: looking("UID FETCH 1:* (FLAGS BODY.PEEK[])", (text) => text.length > 40 * 30_000),
  search: looking('UID SEARCH TEXT "old words"', (text) => /\* SEARCH 1 .* 40\r\n/.test(text)),
  submit: {
    perform: (name) => victim.submit(other.address, name),
    accepted: ({ code }) => code === 250,
    wellRefused: ({ code, text }) => [452, 451].includes(code) && !/went wrong inside/.test(text),
    text: ({ text }) => text,
    holds: async (name) => (await subjectsOf("Sent")).includes(name),
  },
  append: {
    perform: (name) => append(name),
    accepted: ({ isOk }) => isOk,
    wellRefused: ({ tagged }) => IMAP_REFUSAL.test(tagged),
    text: ({ tagged }) => tagged,
    holds: async (name) => (await subjectsOf("Work")).includes(name),
  },
  copy: {
    before: async (name) => {
      await append(name, "Drafts");
      await imap.command("SELECT Drafts");
    },
    perform: () => imap.command("COPY * Work"),
    accepted: ({ isOk }) => isOk,
    wellRefused: ({ tagged }) => IMAP_REFUSAL.test(tagged),
    text: ({ tagged }) => tagged,
    holds: async (name) => (await subjectsOf("Work")).includes(name),
  },
  store: {
    before: async () => {
      await append("store");
      await imap.command("SELECT Work");
    },
    perform: () => imap.command("STORE * +FLAGS (\\Flagged)"),
    accepted: ({ isOk }) => isOk,
    wellRefused: ({ tagged }) => IMAP_REFUSAL.test(tagged),
    text: ({ tagged }) => tagged,
    holds: async () => /\\Flagged/.test((await imap.command("FETCH * FLAGS")).untagged),
  },
  expunge: {
    before: async (name) => {
      await append(name);
      await imap.command("SELECT Work");
      await imap.command("STORE * +FLAGS (\\Deleted)");
    },
    perform: () => imap.command("EXPUNGE"),
    accepted: ({ isOk }) => isOk,
    wellRefused: ({ tagged }) => IMAP_REFUSAL.test(tagged),
    text: ({ tagged }) => tagged,
    holds: async (name) => !(await subjectsOf("Work")).includes(name),
  },
  create: {
    perform: (name) => imap.command(`CREATE ${name}`),
    accepted: ({ isOk }) => isOk,
    wellRefused: ({ tagged }) => IMAP_REFUSAL.test(tagged),
    text: ({ tagged }) => tagged,
    holds: async (name) => (await imap.command(`LIST "" ${name}`)).untagged.includes(name),
  },
  card: {
    perform: (name) => putCard(name),
    accepted: ({ status }) => status === 201 || status === 204,
    wellRefused: ({ status }) => status === 507 || status === 503,
    text: ({ status, body }) => `${status} ${body}`,
    holds: async (name) => (await getCard(name)) === 200,
  },
  identity: {
    perform: (name) => victim.run("identity", "create", "--label", name),
    accepted: ({ status }) => status === 0,
    wellRefused: ({ status, said }) => status === 1 && /disk|read-only/.test(said ?? ""),
    text: ({ said = "" }) => said,
    holds: async (name) => (await victim.run("identity", "list")).output.includes(name),
    plain: true,
  },
  backup: {
    perform: (name) => victim.run("backup", join(disk, name)),
    accepted: ({ status }) => status === 0,
    wellRefused: ({ status, said }) => status === 1 && /disk|read-only|space/.test(said ?? ""),
    text: ({ said = "" }) => said,
    holds: async (name) => readdirSync(disk).includes(name) && !readdirSync(disk).includes(`${name}.part`),
    plain: true,
  },
};

function request(method, path, body) {
  return fetch(`http://127.0.0.1:${victim.webPort}${path}`, {
    method,
    body,
    headers: {
      Authorization: `Basic ${Buffer.from(`victim:${PASSWORD}`).toString("base64")}`,
      ...(body ? { "Content-Type": "text/vcard" } : {}),
    },
  });
}
const cardPath = (name) => `/dav/addressbooks/victim/contacts/${name}.vcf`;
async function putCard(name) {
  const card = `BEGIN:VCARD\r\nVERSION:3.0\r\nUID:${name}\r\nFN:${name}\r\nN:${name};;;;\r\nEND:VCARD\r\n`;
  const answer = await request("PUT", cardPath(name), card);
  return { status: answer.status, body: (await answer.text()).slice(0, 100) };
}
const getCard = async (name) => (await request("GET", cardPath(name))).status;

const results = {};
const faultsOf = { lies: 0, badRefusals: 0, deaths: 0, stuck: 0 };
const complain = (kind, text) => {
  faultsOf[kind]++;
  if (faultsOf[kind] <= 6 || values.verbose) say(`  ${kind}: ${text}`);
};

/** So that nothing is in memory. */
async function restart() {
  await victim.stop();
  await revive();
}

async function revive() {
  if (victim.isRunning) return;
  await victim.start();
  imap = await new ImapByHand().open(victim.imapPort, "victim", PASSWORD);
}

/** Commands run beside the node and must not fail themselves. */
async function perform(operation, name) {
  if (!operation.plain) return operation.perform(name);
  const environment = victim.environment;
  victim.environment = {};
  const before = victim.log.length;
  try {
    const result = await operation.perform(name);
    return { ...result, said: victim.log.slice(before) };
  } finally {
    victim.environment = environment;
  }
}

async function sweep(name, error) {
  const operation = OPERATIONS[name];
  const tally = { cases: 0, refused: 0, acceptedAndKept: 0, answers: new Set() };
  for (let first = 1; first < LAST; first = after(first)) {
    const subject = `${name}-${error}-${++counter}`;
    if (READS) await restart();
    await operation.before?.(subject);
    arm(error, first);
    const answer = await perform(operation, subject).catch((failure) => ({ failure }));
    const { failed } = faults.read();
    faults.clear();
    if (failed === 0) break;
    tally.cases++;
    if (!victim.isRunning) {
      complain("deaths", `${name} ${error} ${first}: ${victim.log.slice(-600)}`);
      await revive();
      continue;
    }
    if (answer.failure) complain("badRefusals", `${name} ${error} ${first}: ${answer.failure.message}`);
    else {
      const accepted = operation.accepted(answer);
      const holds = await operation.holds(subject);
      if (accepted && operation.whole?.(answer) === false)
        complain("lies", `${name} ${error} ${first}: OK, and something is missing`);
      if (accepted && !holds) complain("lies", `${name} ${error} ${first}: accepted and not there`);
      if (!accepted && holds && !operation.whole)
        complain("lies", `${name} ${error} ${first}: refused and there: ${operation.text(answer)}`);
      if (!accepted && !operation.wellRefused(answer))
        complain("badRefusals", `${name} ${error} ${first}: ${operation.text(answer)}`);
      if (accepted) tally.acceptedAndKept++;
      else {
        tally.refused++;
        tally.answers.add(operation.text(answer).trim().split("\n").at(-1));
      }
    }
    const again = `${subject}-again`;
    await operation.before?.(again);
    const second = await perform(operation, again).catch((failure) => ({ failure }));
    if (second.failure || !operation.accepted(second) || !(await operation.holds(again)))
      complain("stuck", `${name} ${error} ${first}: ${second.failure?.message ?? operation.text(second)}`);
  }
  results[`${name} ${error}`] = { ...tally, answers: [...tally.answers] };
  say(`${name} ${error}: ${JSON.stringify(results[`${name} ${error}`])}`);
}

/** A message comes in while nothing can be written: it is there soon after the fault is gone, once. */
async function receive(error) {
  let cases = 0;
  for (let first = 1; first <= (READS ? 200 : 40); first = READS ? after(after(first)) : first + 3) {
    const subject = `receive-${error}-${first}`;
    if (READS) await restart();
    arm(error, first);
    await other.submit(victim.address, subject);
    await until(() => faults.read().failed > 0 || !victim.isRunning, READS ? 2000 : 15_000);
    await pause(1500);
    faults.clear();
    cases++;
    if (!victim.isRunning) {
      complain("deaths", `receive ${error} ${first}: ${victim.log.slice(-600)}`);
      await revive();
    }
    const came = await until(async () => (await subjectsOf("INBOX")).includes(subject), COMES_WITHIN);
    if (!came)
      complain(
        "stuck",
        `receive ${error} ${first}: it has not come ${COMES_WITHIN / 1000} s after the fault was gone`,
      );
  }
  const doubled = new Set(
    (await subjectsOf("INBOX")).filter((one, index, all) => all.indexOf(one) !== index),
  );
  if (doubled.size > 0) complain("lies", `received twice: ${[...doubled]}`);
  results[`receive ${error}`] = { cases };
  say(`receive ${error}: ${cases}`);
}

/** The node is stopped, or started, while the disk fails: it says why, and all is there afterwards. */
async function restarts(kind, error) {
  const tally = { cases: 0, answers: new Set() };
  const kept = (await subjectsOf("Work")).length;
  for (let first = 1; first < LAST; first = after(first)) {
    if (kind === "stop") {
      if (!victim.isRunning) await revive();
      await append(`before-${first}`);
      arm(error, first);
      await victim.stop();
    } else {
      if (victim.isRunning) await victim.stop();
      if (kind === "check") writeFileSync(join(disk, "data", "bmbridge.sqlite.suspect"), "");
      arm(error, first);
      const before = victim.log.length;
      const isUp = await victim.start().then(
        () => true,
        () => false,
      );
      const said = victim.log.slice(before);
      if (isUp) await victim.stop();
      else {
        tally.answers.add(said.trim().split("\n").at(-1));
        if (/\n\s+at /.test(said) || said.trim() === "")
          complain("badRefusals", `${kind} ${error} ${first}: ${said.slice(0, 300)}`);
      }
    }
    const { failed } = faults.read();
    faults.clear();
    if (failed === 0) break;
    tally.cases++;
  }
  faults.clear();
  await revive();
  if ((await subjectsOf("Work")).length < kept) complain("lies", `${kind} ${error}: mails are gone`);
  const aside = readdirSync(join(disk, "data")).filter((name) => name.includes(".damaged-"));
  if (aside.length > 0)
    complain("lies", `${kind} ${error}: a sound database was taken for damaged: ${aside}`);
  results[`${kind} ${error}`] = { ...tally, answers: [...tally.answers] };
  say(`${kind} ${error}: ${JSON.stringify(results[`${kind} ${error}`])}`);
}

/** A database of the first version is brought up to date while the disk fails. */
async function upgrades(error) {
  const old = new Bridge(main, join(disk, "old"));
  const load = (path) => import(pathToFileURL(join(source, path)).href);
  const upgrade = new Upgrade(old, folder, {
    ...(await load("store/migrations/all.js")),
    ...(await load("store/migrate.js")),
  });
  await upgrade.prepare();
  const tally = await upgrade.sweep({ faults, error, arm, complain });
  results[`upgrade ${error}`] = tally;
  say(`upgrade ${error}: ${JSON.stringify(tally)}`);
}

/** One place of the database after the other cannot be read any more. */
async function sectors() {
  await victim.stop();
  const connect = () => new ImapByHand().open(victim.imapPort, "victim", PASSWORD);
  results.sector = await spoilSectors(victim, { faults, connect, count: 30, complain });
  say(`sector: ${JSON.stringify(results.sector)}`);
  await revive();
}

for (const error of errors) {
  for (const name of chosen) {
    if (OPERATIONS[name]) await sweep(name, error);
    else if (name === "receive") await receive(error);
    else if (name === "upgrade") await upgrades(error);
    else if (name === "sector") await sectors();
    else await restarts(name, error);
  }
}
await victim.stop();
await other.stop();
const check = await victim.run("status");
const cases = Object.values(results).reduce((sum, one) => sum + one.cases, 0);
console.log(JSON.stringify({ cases, ...faultsOf, status: check.status }));
process.exit(Object.values(faultsOf).every((count) => count === 0) ? 0 : 1);
