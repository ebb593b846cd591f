import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import BetterSqlite from "better-sqlite3";
import { openMessagesDat } from "../../../src/app/moving/messages-dat.js";
import type { OldReceived } from "../../../src/gateway/importing/old-received.js";
import type { OldSent } from "../../../src/gateway/importing/old-sent.js";

let folder = "";
let path = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bmbridge-dat-"));
  path = join(folder, "messages.dat");
});
afterEach(() => rmSync(folder, { recursive: true }));

test("PyBitmessage's own file arrives whole", () => {
  const data = openMessagesDat("test/vectors/import/messages.dat");
  const expected = JSON.parse(readFileSync("test/vectors/import/expected.json", "utf8"));
  const pair = ({ label, address }: { label: string; address: string }) => [label, address];
  expect(data.contacts.map(pair)).toEqual(expected.addressbook);
  const withSwitch = (entry: (typeof data.blocked)[number]) => [...pair(entry), entry.enabled ? 1 : 0];
  expect(data.blocked.map(withSwitch)).toEqual(expected.blacklist);
  expect(data.subscriptions.map(withSwitch)).toEqual(expected.subscriptions);
  expect(data.allowed).toHaveLength(expected.counts.whitelist);
  const received = [...data.received()] as OldReceived[];
  for (const row of expected.inbox) {
    const found = received.find(({ id }) => id === row.msgid);
    expect(found).toEqual({
      id: row.msgid,
      from: row.fromaddress,
      to: row.toaddress,
      subject: row.subject,
      body: row.message,
      encoding: row.encodingtype,
      received: Number(row.received),
      seen: row.read,
      trashed: row.folder === "trash",
    });
  }
  const sent = [...data.sent()] as OldSent[];
  expect(data.counts).toEqual({ received: received.length, sent: sent.length });
  expect(received).toHaveLength(expected.counts.inbox);
  for (const row of expected.sent) {
    expect(sent.find(({ ackData }) => ackData === row.ackdata)).toMatchObject({
      from: row.fromaddress,
      to: row.toaddress,
      subject: row.subject,
      body: row.message,
      status: row.status,
      sleepUntil: row.sleeptill,
      ttl: row.ttl,
      folder: row.folder,
    });
  }
  data.close();
});

test("an old schema, odd values and blobs for texts are read as well as can be", () => {
  const old = new BetterSqlite(path);
  old.exec(`CREATE TABLE inbox (msgid blob, toaddress text, fromaddress text, subject text, received text, message text, folder text);
    CREATE TABLE sent (msgid blob, toaddress text, fromaddress text, subject text, message text, ackdata blob, lastactiontime integer,
      status text, pubkeyretrynumber integer, msgretrynumber integer, folder text)`);
  old
    .prepare("INSERT INTO inbox VALUES (?, ?, ?, ?, ?, ?, ?)")
    .run(Buffer.from("ab", "hex"), "BM-to", null, Buffer.from([0x68, 0xff]), "soon", "body", null);
  old
    .prepare("INSERT INTO sent VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
    .run("x", "t", "f", "s", "m", null, 7, "msgsent", 1, 3, "draft");
  old.close();
  const data = openMessagesDat(path);
  expect([...data.received()]).toEqual([
    {
      id: "ab",
      from: "",
      to: "BM-to",
      subject: "h\ufffd",
      body: "body",
      encoding: 2,
      received: 0,
      seen: false,
      trashed: false,
    },
  ]);
  expect([...data.sent()]).toMatchObject([{ ackData: "", time: 7, retries: 3, ttl: 0, folder: "draft" }]);
  expect([data.contacts, data.subscriptions, data.blocked]).toEqual([[], [], []]);
  data.close();
});

test("other files are refused in words and left alone", () => {
  expect(() => openMessagesDat(path)).toThrow("there is no file");
  writeFileSync(path, "a diary ".repeat(200));
  expect(() => openMessagesDat(path)).toThrow("is no messages.dat");
  rmSync(path);
  const other = new BetterSqlite(path);
  other.exec("CREATE TABLE diary (text)");
  other.close();
  expect(() => openMessagesDat(path)).toThrow("is no messages.dat");
});

test("a hostile file gives rows that can be taken in or refused one by one", () => {
  const hostile = new BetterSqlite(path);
  hostile.exec(`CREATE TABLE inbox (msgid, toaddress, fromaddress, subject, received, message, folder, encodingtype, read);
    CREATE TABLE sent (toaddress, fromaddress, subject, message, ackdata, senttime, sleeptill, retrynumber, ttl, status, folder)`);
  const inbox = hostile.prepare("INSERT INTO inbox VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
  inbox.run("x", "y".repeat(5000), -5n, 1e308, "9000000000000000", null, "trash", "NaN", 2n);
  inbox.run("x", "t", "f", "s", -1n, "m".repeat(2_000_000), "inbox", 2n, 1n);
  hostile
    .prepare("INSERT INTO sent VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
    .run("t", "f".repeat(2000), "s", "m", "z", "9007199254740991", "1e12", "1e3", -1n, "s".repeat(2000), "");
  hostile.close();
  const data = openMessagesDat(path);
  const [odd, large] = [...data.received()];
  expect(odd).toMatchObject({ from: "-5", received: 0, encoding: 2, trashed: true, seen: false });
  expect((odd as OldReceived).to.length).toBeLessThan(1000);
  expect(large).toEqual({ place: "inbox, row 2", reason: "it is too large" });
  const [sent] = [...data.sent()] as OldSent[];
  expect(sent).toMatchObject({ time: 0, sleepUntil: 0, retries: 1000, ttl: 0 });
  expect([sent!.from.length, sent!.status.length].every((length) => length < 1000)).toBe(true);
  data.close();
});

test("views and virtual tables, which run what the file's author wrote, are passed over", () => {
  const endless =
    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x AS label, x AS address FROM n";
  const database = new BetterSqlite(path);
  database.exec(`CREATE TABLE inbox (msgid); CREATE TABLE sent (msgid); CREATE VIEW addressbook AS ${endless};
    CREATE VIRTUAL TABLE blacklist USING fts5(label, address)`);
  database.close();
  const data = openMessagesDat(path);
  expect(data).toMatchObject({ contacts: [], blocked: [], counts: { received: 0, sent: 0 } });
  data.close();
  const other = new BetterSqlite(path);
  other.exec(`DROP TABLE inbox; CREATE VIEW inbox AS ${endless}`);
  other.close();
  expect(() => openMessagesDat(path)).toThrow(/no messages.dat/);
});
