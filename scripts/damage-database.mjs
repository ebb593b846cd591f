// Damages a database page by page, as failing disks do: each page is filled with zeros, with noise, or has one bit turned; then the bridge
// opens it and every mail is read. Is it noticed, is the rest saved, does anything wrong look right, does the bridge start again?
//   node scripts/build.mjs && node scripts/damage-database.mjs [--build dist] [--mails 150] [--step 1] [--starts 12]
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { Bridge } from "./faults/bridge.mjs";
import { numbersFrom } from "./faults/disk-image.mjs";

const { values } = parseArgs({
  options: {
    build: { type: "string", default: "dist" },
    mails: { type: "string", default: "150" },
    step: { type: "string", default: "1" },
    starts: { type: "string", default: "12" },
    seed: { type: "string", default: "1" },
  },
});
const source = resolve(values.build, "src");
const main = join(source, "main.js");
const folder = mkdtempSync(join(tmpdir(), "bmbridge-damage-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
const say = (text) => process.stderr.write(`${text}\n`);
const load = (path) => import(pathToFileURL(join(source, path)).href);
const { markSuspect, openOrRescue } = await load("app/open-database.js");
const { createSqliteStores } = await load("store/sqlite/stores.js");
const { findDamage } = await load("store/soundness.js");
const { storageFault } = await load("store/storage-fault.js");
const { digestMessage } = await load("mail/imap/make-digest.js");
const { silentLogger } = await load("logger.js");
const random = numbersFrom(Number(values.seed));
const PAGE = 4096;

const first = new Bridge(main, join(folder, "first"));
await first.setup("anna");
const whole = join(folder, "first", "bmbridge.sqlite");
const open = (path) => openOrRescue(path, { domain: "bm.localhost", logger: silentLogger });
const key = (mailbox, uid) => `${mailbox} ${uid}`;

function fill() {
  const database = open(whole);
  const { mailboxes } = createSqliteStores(database);
  const inbox = mailboxes.find("anna", "INBOX");
  const work = mailboxes.create("anna", "Work", {});
  for (let number = 0; number < Number(values.mails); number++) {
    const text = `Subject: mail ${number}\r\nMessage-ID: <${number}@x>\r\n\r\n${"words ".repeat(number % 13 === 0 ? 3000 : 80)}\r\n`;
    const bytes = new Uint8Array(Buffer.from(text));
    mailboxes.append(number % 2 ? inbox : work, [
      { bytes, flags: ["\\Seen"], internalDate: null, digest: digestMessage(bytes) },
    ]);
  }
  mailboxes.expunge(work, [3, 4], "any", null);
  database.close();
}

/** What is read, mailbox by mailbox; errors are thrown. */
function readAll(database) {
  const stores = createSqliteStores(database);
  const found = new Map();
  for (const { name, selectable } of stores.mailboxes.list("anna")) {
    const mailbox = selectable ? stores.mailboxes.find("anna", name) : null;
    if (mailbox === null) continue;
    const { messages } = stores.mailboxes.snapshot(mailbox, "read-only");
    stores.mailboxes.records(
      mailbox,
      messages.map(({ uid }) => uid),
    );
    for (const { uid } of messages)
      found.set(key(name, uid), Buffer.from(stores.mailboxes.read(mailbox, uid)).toString("latin1"));
  }
  stores.identities.list();
  stores.users.list();
  stores.contacts.list?.("anna");
  stores.outbox.counts();
  return found;
}

fill();
const before = open(whole);
const truth = readAll(before);
const texts = new Set(truth.values());
before.close();
const bytes = readFileSync(whole);
const pages = bytes.length / PAGE;
say(`${pages} pages, ${truth.size} mails`);

const DAMAGES = {
  zeros: (page) => page.fill(0),
  noise: (page) => {
    for (let at = 0; at < page.length; at++) page[at] = Math.floor(random() * 256);
  },
  bit: (page) => {
    page[Math.floor(random() * page.length)] ^= 1 << Math.floor(random() * 8);
  },
};

function look(path, tally) {
  for (let turn = 0; turn < 2; turn++) {
    let database;
    try {
      database = open(path);
    } catch (error) {
      tally.notOpened++;
      say(`not opened: ${error.message}`);
      return null;
    }
    try {
      const found = readAll(database);
      if (turn === 1) {
        tally.unsound += findDamage(database, "everything") === null ? 0 : 1;
        return found;
      }
      // What reading has not met is found by whoever looks for it.
      if (findDamage(database, "everything") === null) return found;
      tally.foundByCheck++;
      markSuspect(path);
    } catch (error) {
      // As the node does when it meets damage; it saves what it can at its next start.
      if (storageFault(error) !== "damaged") throw error;
      tally.metWhileRunning++;
      markSuspect(path);
    } finally {
      database.close();
    }
  }
  tally.stillBroken++;
  return null;
}

const total = {};
for (const [name, damage] of Object.entries(DAMAGES)) {
  const tally = {
    cases: 0,
    rescued: 0,
    metWhileRunning: 0,
    foundByCheck: 0,
    unsound: 0,
    notOpened: 0,
    stillBroken: 0,
    mailsLost: 0,
    altered: 0,
    most: 0,
  };
  for (let page = 0; page < pages; page += Number(values.step)) {
    const place = join(folder, "case");
    rmSync(place, { recursive: true, force: true });
    mkdirSync(place);
    const path = join(place, "bmbridge.sqlite");
    const copy = Buffer.from(bytes);
    damage(copy.subarray(page * PAGE, (page + 1) * PAGE));
    writeFileSync(path, copy);
    tally.cases++;
    const found = look(path, tally);
    if (found === null) continue;
    const wasRescued = readdirSync(place).some((file) => file.includes(".damaged-"));
    if (wasRescued) tally.rescued++;
    const kept = new Set(found.values());
    const lost = [...texts].filter((text) => !kept.has(text)).length;
    const wrong = [...found.values()].filter(
      (text) => !texts.has(text) && !/Subject: The database of the bridge/.test(text),
    ).length;
    tally.altered += wrong;
    tally.mailsLost += lost - wrong;
    tally.most = Math.max(tally.most, lost);
  }
  total[name] = tally;
  say(`${name}: ${JSON.stringify(tally)}`);
}

/** Whole nodes on some of them. */
const starts = { starts: 0, up: 0, toldInInbox: 0 };
for (let number = 0; number < Number(values.starts); number++) {
  const place = join(folder, `start-${number}`);
  mkdirSync(place, { mode: 0o700 });
  const copy = Buffer.from(bytes);
  const page = number === 0 ? 0 : Math.floor(random() * pages);
  DAMAGES.noise(copy.subarray(page * PAGE, (page + 1) * PAGE));
  writeFileSync(join(place, "bmbridge.sqlite"), copy, { mode: 0o600 });
  writeFileSync(join(place, "bmbridge.sqlite.suspect"), "");
  const bridge = new Bridge(main, place);
  bridge.user = "anna";
  starts.starts++;
  try {
    await bridge.start();
    starts.up++;
    if ((await bridge.subjects("INBOX")).has("The database of the bridge was damaged")) starts.toldInInbox++;
    await bridge.stop();
  } catch (error) {
    say(`page ${page + 1}: ${error.message}: ${bridge.log.slice(-400)}`);
  }
}
const sum = (name) => Object.values(total).reduce((all, tally) => all + tally[name], 0);
const bad = sum("unsound") + sum("notOpened") + sum("stillBroken") + starts.starts - starts.up;
console.log(
  JSON.stringify({
    pages,
    mails: truth.size,
    cases: sum("cases"),
    mailsLost: sum("mailsLost"),
    altered: sum("altered"),
    bad,
    ...starts,
  }),
);
process.exit(bad === 0 ? 0 : 1);
