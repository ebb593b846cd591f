/** To PyBitmessage and back: what came in from its messages.dat goes out into one. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import BetterSqlite from "better-sqlite3";
import type { Call } from "../../../src/app/commands/context.js";
import { loadConfig } from "../../../src/app/config/load.js";
import { callMethod } from "../../../src/app/control/messages.js";
import { locateDataDirectory } from "../../../src/app/data-directory.js";
import { exportMessagesDat } from "../../../src/app/moving/export.js";
import { importMails, importMessagesDat } from "../../../src/app/moving/import.js";
import { type Offline, openOffline } from "../../../src/app/offline.js";
import { silentLogger } from "../../../src/logger.js";

const FIXTURES = "test/vectors/import";
const TABLES = [
  "inbox",
  "sent",
  "subscriptions",
  "addressbook",
  "blacklist",
  "whitelist",
  "pubkeys",
  "inventory",
];
const progress = () => {};
let folder = "";
let path = "";
let offline: Offline;
let call: Call;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "bmbridge-export-"));
  path = join(folder, "messages.dat");
  const config = loadConfig({ file: null, environment: {}, assignments: ["network.name=test"] });
  const directory = locateDataDirectory(join(folder, "data"), {});
  offline = await openOffline({ directory, config, logger: silentLogger, ask: null });
  call = (method, params = {}) => callMethod(offline.methods, { id: 0, method, params });
  await call("user.add", { name: "anna", password: "long enough" });
});
afterEach(async () => {
  await offline.close();
  rmSync(folder, { recursive: true });
});

const out = () => exportMessagesDat(call, { user: undefined, path, progress, now: 1_800_000_000 });

/** Python wrote octets as text now and then: they are compared in hexadecimal. */
const OCTETS = new Set(["msgid", "toripe", "ackdata"]);

function rows(file: string, table: string): Record<string, unknown>[] {
  const database = new BetterSqlite(file, { readonly: true });
  const columns = (database.pragma(`table_info(${table})`) as { name: string }[])
    .map(({ name }) => (OCTETS.has(name) ? `hex(CAST(${name} AS BLOB)) AS ${name}` : name))
    .join(", ");
  const found = database.prepare(`SELECT ${columns} FROM ${table}`).all() as Record<string, unknown>[];
  database.close();
  return found;
}

async function bringIn() {
  await call("identity.import", { text: readFileSync(join(FIXTURES, "keys.dat"), "utf8") });
  await importMessagesDat(call, { user: undefined, path: join(FIXTURES, "messages.dat"), progress });
}

test("the tables are PyBitmessage's own, column by column", async () => {
  await out();
  const columns = (file: string) =>
    TABLES.map((table) => {
      const database = new BetterSqlite(file, { readonly: true });
      const { sql } = database.prepare("SELECT sql FROM sqlite_schema WHERE name = ?").get(table) as {
        sql: string;
      };
      database.close();
      return sql;
    });
  expect(columns(path)).toEqual(columns(join(FIXTURES, "messages.dat")));
  expect(rows(path, "settings")).toContainEqual({ key: "version", value: "11" });
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("what was received and sent is there with texts, times and states; so are people", async () => {
  await bringIn();
  const before = join(FIXTURES, "messages.dat");
  expect(await out()).toEqual({ received: 7, sent: 10, addressbook: 2, blacklist: 1, subscriptions: 2 });
  const inbox = new Map(rows(path, "inbox").map((row) => [row["msgid"], row]));
  for (const row of rows(before, "inbox")) expect(inbox.get(row["msgid"])).toEqual({ ...row, sighash: null });
  const name = ({ subject, toaddress }: Record<string, unknown>) => `${subject} ${toaddress}`;
  const sent = new Map(rows(path, "sent").map((row) => [name(row), row]));
  for (const row of rows(before, "sent")) {
    const { fromaddress, message, senttime, folder: place, toripe } = row;
    const ripe = toripe === "" || row["toaddress"] === "[Broadcast subscribers]" ? {} : { toripe };
    expect(sent.get(name(row))).toMatchObject({ fromaddress, message, senttime, folder: place, ...ripe });
  }
  const states = Object.fromEntries([...sent.values()].map(({ subject, status }) => [subject, status]));
  expect(states).toMatchObject({ done: "ackreceived", "waiting for ack": "msgsent", queued: "msgqueued" });
  const again = new Map(rows(path, "sent").map((row) => [row["subject"], row["ackdata"]]));
  const waiting = rows(before, "sent").find(({ subject }) => subject === "waiting for ack");
  expect(again.get("waiting for ack")).toEqual(waiting?.["ackdata"]);
  expect(rows(path, "blacklist")).toEqual(rows(before, "blacklist"));
});

test("a bridge takes all of it in again, and once", async () => {
  await bringIn();
  await out();
  await call("user.add", { name: "berta", password: "long enough" });
  const run = () => importMessagesDat(call, { user: "berta", path, progress });
  const first = await run();
  expect(first.refused).toEqual([]);
  expect(await run()).toMatchObject({ added: 0, known: first.added + first.known });
});

test("mail that is no message stays out; one to several people is a row for each", async () => {
  await bringIn();
  const box = join(folder, "sent.mbox");
  const [one, two] = rows(join(FIXTURES, "messages.dat"), "addressbook").map(({ address }) =>
    String(address),
  );
  const own = "BM-2cTKX7sUMvBYAC3ErEnk3cVkaeQom2M7ce";
  const mail = (from: string, to: string) =>
    `From x Sat Jan  3 01:05:34 2026\nFrom: ${from}\nTo: ${to}\nSubject: =?UTF-8?Q?=C3=A4?=\nDate: Sat, 3 Jan 2026 01:05:34 +0000\n\ntext\n\n`;
  const several = mail(`<${own}@bm.localhost>`, `${one}@bm.localhost, x@example.org, ${two}@bm.localhost`);
  writeFileSync(box, `${several}${mail("x@example.org", `${one}@bm.localhost`)}`);
  await importMails(call, { user: undefined, form: "mbox", path: box, folder: "Sent", progress });
  expect(await out()).toMatchObject({ received: 7, sent: 12 });
  const added = rows(path, "sent").filter(({ subject }) => subject === "ä");
  expect(added.map(({ toaddress }) => toaddress)).toEqual([one, two]);
  expect(added[0]).toMatchObject({
    fromaddress: own,
    message: "text",
    senttime: Date.UTC(2026, 0, 3, 1, 5, 34) / 1000,
    status: "msgsentnoackexpected",
    folder: "sent",
  });
});

test("a file that is there is not touched; one that was cut short leaves nothing", async () => {
  await bringIn();
  const broken: Call = (method, params) =>
    method === "contact.list" ? Promise.reject(new Error("power")) : call(method, params);
  await expect(exportMessagesDat(broken, { user: undefined, path, progress, now: 0 })).rejects.toThrow(
    "power",
  );
  expect(readdirSync(folder)).toEqual(["data"]);
  writeFileSync(path, "mine");
  await expect(out()).rejects.toThrow("never overwrites");
  expect(readFileSync(path, "utf8")).toBe("mine");
  expect(existsSync(`${path}.part`)).toBe(false);
});
