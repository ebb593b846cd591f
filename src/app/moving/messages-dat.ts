/** PyBitmessage's messages.dat (PROTOCOL.md section 22.2): columns by name, missing ones tolerated, texts that may be blobs or no UTF-8. */
import { existsSync } from "node:fs";
import BetterSqlite from "better-sqlite3";
import { CommandError } from "../control/messages.js";

export interface OldReceived {
  /** Hexadecimal: the inventory hash, or what an old version kept in its place. */
  readonly id: string;
  readonly from: string;
  /** An address, or "[Broadcast subscribers]". */
  readonly to: string;
  readonly subject: string;
  readonly body: string;
  readonly encoding: number;
  /** Unix seconds. */
  readonly received: number;
  readonly seen: boolean;
  readonly trashed: boolean;
}

export interface OldSent {
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly body: string;
  readonly encoding: number;
  /** Hexadecimal; "" when there is none. */
  readonly ackData: string;
  /** PROTOCOL.md section 16.1. */
  readonly status: string;
  /** Unix seconds; 0 when not known. */
  readonly time: number;
  /** Unix seconds of the next try; 0 for at once. */
  readonly sleepUntil: number;
  readonly retries: number;
  /** Seconds; 0 when not known. */
  readonly ttl: number;
  readonly folder: "sent" | "trash" | "draft";
}

export interface OldEntry {
  readonly label: string;
  readonly address: string;
  readonly enabled: boolean;
}

export interface MessagesDat {
  readonly counts: { readonly received: number; readonly sent: number };
  received(): Iterable<OldReceived>;
  sent(): Iterable<OldSent>;
  readonly contacts: readonly OldEntry[];
  readonly subscriptions: readonly OldEntry[];
  readonly blocked: readonly OldEntry[];
  readonly allowed: readonly OldEntry[];
  close(): void;
}

/** Values as octets: Python 2 wrote binary data as text, which is no UTF-8 then. */
type Row = Readonly<Record<string, Buffer | null>>;

/** Opens it for reading only. CommandError when it is something else, or was left in the middle of a change. */
export function openMessagesDat(path: string): MessagesDat {
  if (!existsSync(path)) throw new CommandError(`there is no file ${path}`, "wrong-use");
  const database = open(path);
  const has = (table: string) =>
    database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?").get(table) !==
    undefined;
  const rows = (table: string): Iterable<Row> => readRows(database, table);
  const count = (table: string): number =>
    has(table) ? (database.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number) : 0;
  const entries = (table: string) => [...rows(table)].map(readEntry);
  return {
    counts: { received: count("inbox"), sent: count("sent") },
    *received() {
      for (const row of rows("inbox")) yield readReceived(row);
    },
    *sent() {
      for (const row of rows("sent")) yield readSent(row);
    },
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
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all();
    if (["inbox", "sent"].every((name) => tables.includes(name))) return database;
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

function readRows(database: BetterSqlite.Database, table: string): Iterable<Row> {
  const columns = (database.pragma(`table_info(${table})`) as { name: string }[]).map(
    ({ name }) => `"${name.replaceAll('"', '""')}"`,
  );
  if (columns.length === 0) return [];
  const octets = columns.map((name) => `CAST(${name} AS BLOB) AS ${name}`).join(", ");
  return database.prepare(`SELECT ${octets} FROM ${table}`).iterate() as Iterable<Row>;
}

function readReceived(row: Row): OldReceived {
  return {
    id: hex(row["msgid"]),
    from: text(row["fromaddress"]),
    to: text(row["toaddress"]),
    subject: text(row["subject"]),
    body: text(row["message"]),
    encoding: whole(row["encodingtype"], 2),
    received: whole(row["received"], 0),
    seen: truth(row["read"]),
    trashed: text(row["folder"]) === "trash",
  };
}

function readSent(row: Row): OldSent {
  const folder = text(row["folder"]);
  return {
    from: text(row["fromaddress"]),
    to: text(row["toaddress"]),
    subject: text(row["subject"]),
    body: text(row["message"]),
    encoding: whole(row["encodingtype"], 2),
    ackData: hex(row["ackdata"]),
    status: text(row["status"]),
    time: whole(row["senttime"], 0) || whole(row["lastactiontime"], 0),
    sleepUntil: whole(row["sleeptill"], 0),
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

function hex(value: Value): string {
  return value?.toString("hex") ?? "";
}

function whole(value: Value, otherwise: number): number {
  const number = Math.floor(Number(text(value)));
  return text(value) !== "" && Number.isSafeInteger(number) && number >= 0 ? number : otherwise;
}

/** Python wrote 1, "1", "true" and "True". */
function truth(value: Value): boolean {
  return ["1", "true"].includes(text(value).toLowerCase());
}
