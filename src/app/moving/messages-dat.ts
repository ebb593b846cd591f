/** PyBitmessage's messages.dat (PROTOCOL.md section 22.2): columns by name, missing ones tolerated, texts that may be blobs or no UTF-8. */
import { existsSync } from "node:fs";
import BetterSqlite from "better-sqlite3";
import type { OldReceived } from "../../gateway/importing/old-received.js";
import type { OldSent } from "../../gateway/importing/old-sent.js";
import { CommandError } from "../control/messages.js";
import type { UnreadableMail } from "./mail-file.js";

export interface OldEntry {
  readonly label: string;
  readonly address: string;
  readonly enabled: boolean;
}

export interface MessagesDat {
  readonly counts: { readonly received: number; readonly sent: number };
  received(): Iterable<OldReceived | UnreadableMail>;
  sent(): Iterable<OldSent | UnreadableMail>;
  readonly contacts: readonly OldEntry[];
  readonly subscriptions: readonly OldEntry[];
  readonly blocked: readonly OldEntry[];
  readonly allowed: readonly OldEntry[];
  close(): void;
}

/** Octets; no message has a quarter of that. */
const LARGEST_VALUE = 1024 * 1024;
/** The last second of the year 9999. */
const LAST_TIME = 253_402_300_799;

/** Values as octets: Python 2 wrote binary data as text, which is no UTF-8 then. */
type Row = Readonly<Record<string, Buffer | null>>;

/** Opens it for reading only. CommandError when it is something else, or was left in the middle of a change. */
export function openMessagesDat(path: string): MessagesDat {
  if (!existsSync(path)) throw new CommandError(`there is no file ${path}`, "wrong-use");
  const database = open(path);
  const rows = (table: string): Iterable<Row> => readRows(database, table);
  const count = (table: string): number =>
    isPlainTable(database, table)
      ? (database.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number)
      : 0;
  const entries = (table: string) => [...rows(table)].map(readEntry);
  return {
    counts: { received: count("inbox"), sent: count("sent") },
    received: () => readEach(database, "inbox", readReceived),
    sent: () => readEach(database, "sent", readSent),
    contacts: entries("addressbook"),
    subscriptions: entries("subscriptions"),
    blocked: entries("blacklist"),
    allowed: entries("whitelist"),
    close: () => database.close(),
  };
}

function open(path: string): BetterSqlite.Database {
  let database: BetterSqlite.Database | null = null;
  try {
    database = new BetterSqlite(path, { readonly: true, fileMustExist: true });
    const opened = database;
    if (["inbox", "sent"].every((table) => isPlainTable(opened, table))) return opened;
  } catch (error) {
    database?.close();
    const { code = "" } = error as { readonly code?: string };
    if (code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_READONLY")) {
      throw new CommandError(`${path} is in use; close PyBitmessage first`);
    }
    throw new CommandError(`${path} is no messages.dat of PyBitmessage (${code})`, "wrong-use");
  }
  database.close();
  throw new CommandError(`${path} is no messages.dat of PyBitmessage`, "wrong-use");
}

/** Stored rows: a view or a virtual table runs what its file's author wrote, which need not end. */
function isPlainTable(database: BetterSqlite.Database, table: string): boolean {
  const wanted = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND rootpage > 0 AND name = ?";
  return database.prepare(wanted).get(table) !== undefined;
}

function readRows(database: BetterSqlite.Database, table: string): Iterable<Row> {
  if (!isPlainTable(database, table)) return [];
  const columns = (database.pragma(`table_info(${table})`) as { name: string }[]).map(
    ({ name }) => `"${name.replaceAll('"', '""')}"`,
  );
  if (columns.length === 0) return [];
  // Of what is too large no more than shows that.
  const octets = columns
    .map((name) => `substr(CAST(${name} AS BLOB), 1, ${LARGEST_VALUE + 1}) AS ${name}`)
    .join(", ");
  return database.prepare(`SELECT ${octets} FROM ${table}`).iterate() as Iterable<Row>;
}

function* readEach<T>(
  database: BetterSqlite.Database,
  table: string,
  read: (row: Row) => T,
): Generator<T | UnreadableMail> {
  let number = 0;
  for (const row of readRows(database, table)) {
    number += 1;
    const isTooLarge = Object.values(row).some((value) => (value?.length ?? 0) > LARGEST_VALUE);
    yield isTooLarge ? { place: `${table}, row ${number}`, reason: "it is too large" } : read(row);
  }
}

function readReceived(row: Row): OldReceived {
  return {
    id: hex(row["msgid"]),
    from: short(row["fromaddress"]),
    to: short(row["toaddress"]),
    subject: text(row["subject"]),
    body: text(row["message"]),
    encoding: whole(row["encodingtype"], 2),
    received: time(row["received"]),
    seen: truth(row["read"]),
    trashed: text(row["folder"]) === "trash",
  };
}

function readSent(row: Row): OldSent {
  const folder = text(row["folder"]);
  return {
    from: short(row["fromaddress"]),
    to: short(row["toaddress"]),
    subject: text(row["subject"]),
    body: text(row["message"]),
    encoding: whole(row["encodingtype"], 2),
    ackData: hex(row["ackdata"]),
    status: short(row["status"]),
    time: time(row["senttime"]) || time(row["lastactiontime"]),
    sleepUntil: time(row["sleeptill"]),
    retries: whole(row["retrynumber"] ?? row["msgretrynumber"], 0),
    ttl: whole(row["ttl"], 0),
    folder: folder === "trash" || folder === "draft" ? folder : "sent",
  };
}

function readEntry(row: Row): OldEntry {
  return {
    label: text(row["label"]),
    address: text(row["address"]).trim(),
    enabled: row["enabled"] === undefined || truth(row["enabled"]),
  };
}

type Value = Buffer | null | undefined;

function text(value: Value): string {
  return value?.toString("utf8") ?? "";
}

/** What is never long: more of it means as little. */
function short(value: Value): string {
  return text(value).slice(0, 200);
}

function hex(value: Value): string {
  return value?.toString("hex") ?? "";
}

function whole(value: Value, otherwise: number): number {
  const number = Math.floor(Number(text(value)));
  return text(value) !== "" && Number.isSafeInteger(number) && number >= 0 ? number : otherwise;
}

/** Unix seconds; 0 for what is none. */
function time(value: Value): number {
  const seconds = whole(value, 0);
  return seconds <= LAST_TIME ? seconds : 0;
}

/** Python wrote 1, "1", "true" and "True". */
function truth(value: Value): boolean {
  return ["1", "true"].includes(text(value).toLowerCase());
}
