// What looking through the database at a start costs, which happens after the machine has gone down in the middle of work (structure), and
// after damage was met (everything): seconds beside those of opening it, for more and more mails. The file is in the system's memory.
//   node scripts/build.mjs && node scripts/measure-check.mjs [--build dist] [--mails 1000,10000,100000] [--octets 2000]
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    build: { type: "string", default: "dist" },
    mails: { type: "string", default: "1000,10000,100000" },
    octets: { type: "string", default: "2000" },
  },
});
const load = (path) => import(pathToFileURL(join(resolve(values.build, "src"), path)).href);
const { openDatabase } = await load("store/database.js");
const { findDamage } = await load("store/soundness.js");
const { createSqliteStores } = await load("store/sqlite/stores.js");
const { digestMessage } = await load("mail/imap/make-digest.js");
const folder = mkdtempSync(join(tmpdir(), "bmbridge-check-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
const BATCH = 500;
const path = join(folder, "bmbridge.sqlite");

function timed(work) {
  const began = performance.now();
  const result = work();
  return { result, seconds: (performance.now() - began) / 1000 };
}

function mailOf(number) {
  const head = `From: a${number % 50}@example.org\r\nTo: anna@example.org\r\nSubject: mail ${number}\r\nMessage-ID: <${number}@x>\r\n\r\n`;
  const bytes = new Uint8Array(Buffer.from(head + "some words ".repeat(Number(values.octets) / 11)));
  return { bytes, flags: ["\\Seen"], internalDate: null, digest: digestMessage(bytes) };
}

let there = 0;
for (const wanted of values.mails.split(",").map(Number)) {
  const filling = openDatabase(path);
  const { mailboxes } = createSqliteStores(filling);
  const inbox = mailboxes.find("anna", "INBOX") ?? mailboxes.create("anna", "INBOX", {});
  for (; there < wanted; there += BATCH)
    mailboxes.append(
      inbox,
      Array.from({ length: Math.min(BATCH, wanted - there) }, (_, index) => mailOf(there + index)),
    );
  filling.close();
  const { result: database, seconds: open } = timed(() => openDatabase(path));
  const structure = timed(() => findDamage(database, "structure"));
  const everything = timed(() => findDamage(database, "everything"));
  database.close();
  if (structure.result !== null || everything.result !== null) throw new Error("it is not sound");
  const round = (seconds) => Number(seconds.toFixed(3));
  console.log(
    JSON.stringify({
      mails: wanted,
      mebibytes: Math.round(statSync(path).size / 1024 ** 2),
      open: round(open),
      structure: round(structure.seconds),
      everything: round(everything.seconds),
    }),
  );
}
