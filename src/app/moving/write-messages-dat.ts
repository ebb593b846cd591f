/** Writes PyBitmessage's messages.dat, in the tables of its newest version (PROTOCOL.md section 22.2). */
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import BetterSqlite from "better-sqlite3";
import { decodeAddress } from "../../bitmessage/protocol/address.js";
import { BROADCAST_SUBSCRIBERS, type OldReceived } from "../../gateway/importing/old-received.js";
import { CommandError } from "../control/messages.js";
import type { ExportedSent } from "../methods/old-messages.js";

export interface MessagesDatWriter {
  received(rows: readonly OldReceived[]): void;
  sent(rows: readonly ExportedSent[]): void;
  people(table: PeopleTable, rows: readonly { readonly label: string; readonly address: string }[]): void;
  /** Puts the file in its place, whole. */
  finish(): void;
  /** Takes away what has been written. */
  abandon(): void;
}

export type PeopleTable = "addressbook" | "subscriptions" | "blacklist";

/** @throws CommandError when the file is there already */
export function writeMessagesDat(path: string, now: number): MessagesDatWriter {
  if (existsSync(path)) throw new CommandError(`${path} is there already; an export never overwrites`);
  const part = `${path}.part`;
  // What is left of an export that was cut short; the file is for its owner only.
  rmSync(part, { force: true });
  closeSync(openSync(part, "wx", 0o600));
  const database = new BetterSqlite(part);
  // It is worth nothing before it is whole.
  database.pragma("journal_mode = OFF");
  database.pragma("synchronous = OFF");
  database.exec(TABLES);
  const setting = database.prepare("INSERT INTO settings VALUES (?, ?)");
  setting.run("version", "11");
  setting.run("lastvacuumtime", BigInt(now));
  return {
    received: (rows) => insertReceived(database, rows),
    sent: (rows) => insertSent(database, rows),
    people: (table, rows) => insertPeople(database, table, rows),
    finish() {
      database.close();
      const file = openSync(part, "r");
      fsyncSync(file);
      closeSync(file);
      renameSync(part, path);
    },
    abandon() {
      database.close();
      rmSync(part, { force: true });
    },
  };
}

const TABLES = `
CREATE TABLE inbox (msgid blob, toaddress text, fromaddress text, subject text, received text, message text, folder text, encodingtype int, read bool, sighash blob, UNIQUE(msgid) ON CONFLICT REPLACE);
CREATE TABLE sent (msgid blob, toaddress text, toripe blob, fromaddress text, subject text, message text, ackdata blob, senttime integer, lastactiontime integer, sleeptill integer, status text, retrynumber integer, folder text, encodingtype int, ttl int);
CREATE TABLE subscriptions (label text, address text, enabled bool);
CREATE TABLE addressbook (label text, address text, UNIQUE(address) ON CONFLICT IGNORE);
CREATE TABLE blacklist (label text, address text, enabled bool);
CREATE TABLE whitelist (label text, address text, enabled bool);
CREATE TABLE pubkeys (address text, addressversion int, transmitdata blob, time int, usedpersonally text, UNIQUE(address) ON CONFLICT REPLACE);
CREATE TABLE inventory (hash blob, objecttype int, streamnumber int, payload blob, expirestime integer, tag blob, UNIQUE(hash) ON CONFLICT REPLACE);
CREATE TABLE settings (key blob, value blob, UNIQUE(key) ON CONFLICT REPLACE);
CREATE TABLE objectprocessorqueue (objecttype int, data blob, UNIQUE(objecttype, data) ON CONFLICT REPLACE);
`;

function insertReceived(database: BetterSqlite.Database, rows: readonly OldReceived[]): void {
  const insert = database.prepare("INSERT INTO inbox VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)");
  database.transaction(() => {
    for (const row of rows)
      insert.run(
        Buffer.from(row.id, "hex"),
        row.to,
        row.from,
        row.subject,
        String(row.received),
        row.body,
        row.trashed ? "trash" : "inbox",
        BigInt(row.encoding),
        row.seen ? 1n : 0n,
      );
  })();
}

function insertSent(database: BetterSqlite.Database, rows: readonly ExportedSent[]): void {
  const insert = database.prepare("INSERT INTO sent VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  database.transaction(() => {
    for (const row of rows)
      insert.run(
        Buffer.from(row.id, "hex"),
        row.to,
        ripeOf(row),
        row.from,
        row.subject,
        row.body,
        Buffer.from(row.ackData, "hex"),
        BigInt(row.time),
        BigInt(row.changed),
        BigInt(row.sleepUntil),
        row.status,
        BigInt(row.retries),
        row.folder,
        BigInt(row.encoding),
        BigInt(row.ttl),
      );
  })();
}

function ripeOf({ to }: ExportedSent): Uint8Array {
  return to === BROADCAST_SUBSCRIBERS ? new Uint8Array() : decodeAddress(to).ripe;
}

function insertPeople(
  database: BetterSqlite.Database,
  table: PeopleTable,
  rows: readonly { readonly label: string; readonly address: string }[],
): void {
  const places = table === "addressbook" ? "?, ?" : "?, ?, 1";
  const insert = database.prepare(`INSERT INTO ${table} VALUES (${places})`);
  database.transaction(() => {
    for (const { label, address } of rows) insert.run(label, address);
  })();
}
