/** Files that people bring along, settings, and what comes by the control socket. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isMainThread } from "node:worker_threads";
import BetterSqlite from "better-sqlite3";
import { restore } from "../../../src/app/backup.js";
import { loadWithOrigins } from "../../../src/app/config/load.js";
import { CommandError } from "../../../src/app/control/messages.js";
import { type ControlServer, createControlServer } from "../../../src/app/control/server.js";
import { locateDataDirectory } from "../../../src/app/data-directory.js";
import { readKeysDat } from "../../../src/app/moving/keys-dat.js";
import { readMaildir } from "../../../src/app/moving/maildir.js";
import { mboxEntry, readMbox } from "../../../src/app/moving/mbox.js";
import { openMessagesDat } from "../../../src/app/moving/messages-dat.js";
import { readOldReceived } from "../../../src/gateway/importing/old-received.js";
import { readOldSent } from "../../../src/gateway/importing/old-sent.js";
import { silentLogger } from "../../../src/logger.js";
import { openDatabase } from "../../../src/store/database.js";
import { expectSame, type FuzzTarget, latin1, refusing, textOf, utf8Of } from "../target.js";

let folder: string | null = null;

/** In memory where the system has that. */
function place(name: string): string {
  folder ??= mkdtempSync(join(process.platform === "linux" ? "/dev/shm" : tmpdir(), "bmbridge-fuzz-"));
  return join(folder, name);
}

function clear(): void {
  if (folder !== null) rmSync(folder, { recursive: true, force: true });
  folder = null;
}

/** The file, and behind the first NUL an assignment and an environment variable a line. */
function readSettings(input: Uint8Array): void {
  const [text = "", ...lines] = utf8Of(input).split("\0");
  const assignments = lines.filter((line) => !line.startsWith("BMBRIDGE"));
  const variables = lines.filter((line) => line.startsWith("BMBRIDGE") && line.includes("="));
  const environment = Object.fromEntries(
    variables.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
  const file = place("config.toml");
  refusing(["ConfigError"], () => loadWithOrigins({ file, environment, assignments }, text));
  if (Object.keys(Object.prototype).length > 0) throw new Error("the prototype of all objects was changed");
}

function readKeys(input: Uint8Array): void {
  const { identities, skipped } = readKeysDat(utf8Of(input));
  for (const { reason } of skipped)
    if (/5[HJK][1-9A-HJ-NP-Za-km-z]{40}/.test(reason)) throw new Error("a key in a reason");
  for (const { difficulty } of identities)
    if (difficulty.trialsPerByte < 1000n) throw new Error("a demand below the least");
}

function readBox(input: Uint8Array): void {
  const file = place("mbox");
  writeFileSync(file, input);
  const entries = [...readMbox(file, [])];
  const mails = entries.flatMap((entry) => ("bytes" in entry ? [entry] : []));
  for (const { time } of mails)
    if (time !== null && !Number.isSafeInteger(time)) throw new Error("a time that is none");
  writeFileSync(file, Buffer.concat(mails.map(({ bytes, time }) => mboxEntry(bytes, time ?? 0))));
  // What ends without a line end gets one.
  const ended = mails.map(({ bytes }) => textOf(bytes).replace(/(?:\r\n|\n|\r)?$/, ""));
  const again = [...readMbox(file, [])].map((entry) =>
    "bytes" in entry ? textOf(entry.bytes).replace(/(?:\r\n|\n|\r)?$/, "") : entry.reason,
  );
  expectSame("mbox", again.length, ended.length);
}

/** A name a line for files and folders. */
function readDirectory(input: Uint8Array): void {
  const root = place("maildir");
  rmSync(root, { recursive: true, force: true });
  mkdirSync(join(root, "cur"), { recursive: true });
  for (const line of textOf(input).split("\n").slice(0, 12)) {
    const parts = line.split("/").filter((part) => !["", ".", ".."].includes(part) && !part.includes("\0"));
    try {
      mkdirSync(join(root, ...parts.slice(0, -1)), { recursive: true });
      writeFileSync(join(root, ...parts), "Subject: x\n\ny");
    } catch {}
  }
  for (const entry of readMaildir(root))
    if ("bytes" in entry && entry.folder.includes("")) throw new Error("a level without a name");
}

const sample = readFileSync("test/vectors/import/messages.dat");

/** Octets of the file changed: a place (two octets), a length, and what is put there; or, with the first octet odd, SQL that makes it. */
function readMessages(input: Uint8Array): void {
  const file = place("messages.dat");
  rmSync(file, { force: true });
  if (((input[0] ?? 0) & 1) === 0) writeFileSync(file, patched(sample, input.subarray(1)));
  else {
    const database = new BetterSqlite(file);
    try {
      database.exec("CREATE TABLE sent(msgid); CREATE TABLE inbox(msgid)");
      // What the file's author can write, within bounds.
      for (const line of utf8Of(input.subarray(1)).split("\n"))
        if (!/blob\s*\(|recursive|attach|vacuum|pragma/i.test(line)) database.exec(line);
    } catch {}
    database.close();
  }
  readMessagesDat(file);
}

function readMessagesDat(file: string): void {
  try {
    const data = refusing(["CommandError"], () => openMessagesDat(file));
    if (!data) return;
    for (const row of data.received())
      if (!("reason" in row)) readOldReceived(row as never, { user: "anna", isChan: () => false });
    for (const row of data.sent()) if (!("reason" in row)) readOldSent(row as never);
    data.close();
  } catch (error) {
    // A damaged file, in SQLite's words.
    if ((error as Error).name !== "SqliteError") throw error;
  }
}

function patched(file: Uint8Array, patches: Uint8Array): Uint8Array {
  const result = Uint8Array.from(file);
  for (let at = 0; at + 4 <= patches.length; ) {
    const from = ((patches[at]! << 16) | (patches[at + 1]! << 8) | patches[at + 2]!) % result.length;
    const length = 1 + (patches[at + 3]! & 15);
    result.set(patches.subarray(at + 4, at + 4 + length).subarray(0, result.length - from), from);
    at += 4 + length;
  }
  return result;
}

let backup: Uint8Array | null = null;

function makeBackup(): Uint8Array {
  const file = place("made.db");
  const database = openDatabase(file);
  database.pragma("journal_mode = DELETE");
  database.exec(
    "CREATE TABLE backup_file (name TEXT PRIMARY KEY, content BLOB NOT NULL) STRICT; INSERT INTO backup_file VALUES ('tls/x.pem', x'00')",
  );
  database.close();
  return Uint8Array.from(readFileSync(file));
}

function restoreBackup(input: Uint8Array): void {
  backup ??= makeBackup();
  const [file, home] = [place("backup"), place("home")];
  writeFileSync(file, patched(backup, input));
  rmSync(home, { recursive: true, force: true });
  try {
    refusing(["CommandError"], () =>
      restore({ file, directory: locateDataDirectory(home, {}), existing: "refuse" }),
    );
  } catch (error) {
    if ((error as Error).name !== "SqliteError") throw error;
  }
}

let control: { readonly server: ControlServer; readonly socket: Socket } | null = null;
let answers = "";
let answered = 0;
let heard: () => void = () => {};

async function openControl(): Promise<{ readonly server: ControlServer; readonly socket: Socket }> {
  const path = place("control");
  // A thread cannot set it.
  if (!isMainThread) process.umask = () => 0o077;
  const methods = {
    echo: (params: unknown) => params,
    refuse: () => {
      throw new CommandError("no");
    },
  };
  const errors = {
    ...silentLogger,
    error: (_text: string, fields: unknown) => {
      throw fields;
    },
  };
  const server = createControlServer(path, methods as never, errors as never);
  await server.start();
  const socket = connect(path);
  await new Promise((resolve) => socket.once("connect", resolve));
  socket.on("data", (chunk) => {
    answers += chunk.toString("utf8");
    answered += chunk.toString("latin1").split("\n").length - 1;
    heard();
  });
  return { server, socket };
}

/** Every line is answered by one line. */
async function callControl(input: Uint8Array): Promise<void> {
  control ??= await openControl();
  [answers, answered] = ["", 0];
  const lines = textOf(input).split("\n").length;
  const done = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("no answer")), 5000);
    heard = () => {
      if (answered < lines) return;
      clearTimeout(timer);
      resolve();
    };
  });
  control.socket.write(Buffer.concat([input, Buffer.from("\n")]));
  await done;
  for (const line of answers.split("\n").slice(0, -1))
    if (typeof JSON.parse(line).id !== "number") throw new Error(`answered ${line}`);
}

async function closeControl(): Promise<void> {
  control?.socket.destroy();
  await control?.server.stop();
  control = null;
  clear();
}

const example = readFileSync("config/example.toml", "utf8").replace(/^#([a-z_]+ = )/gm, "$1");
const settings = [
  example.slice(0, 3500),
  '[[delivery]]\nname = "home"\ntype = "lmtp"\nserver = "127.0.0.1:24"\n',
  '[node]\nlisten = "127.0.0.1:8444"\n\0send.ttl=3600\0BMBRIDGE_SMTP_PORT=25',
  '[web]\n"a b" = 1\nx.y = {a = [1, 2], b = 1979-05-27}\n',
];
const keysDat = readFileSync("test/vectors/import/keys.dat", "utf8");
const tables =
  "CREATE TABLE addressbook(label, address);INSERT INTO addressbook VALUES('a','BM-x')\nINSERT INTO inbox VALUES(x'00')\nDROP TABLE inbox;CREATE TABLE inbox(msgid blob, toaddress text, fromaddress text, subject text, received text, message text, folder text, encodingtype int, read bool)\nINSERT INTO inbox VALUES(x'ff', 'BM-x', 1.5, NULL, -1, 9e99, 'trash', 'x', 7)\nCREATE VIEW subscriptions AS SELECT 1 AS label, 2 AS address";

export const appTargets: readonly FuzzTarget[] = [
  {
    name: "settings",
    seeds: settings.map(latin1),
    words: [
      "[node]\n",
      "[[delivery]]\n",
      "__proto__",
      "constructor",
      " = ",
      "'''",
      '"""',
      "[",
      "]",
      "{",
      "}",
      "\\u0000",
      "1e400",
      "true",
      "0x",
      "1979-05-27T07:32:00Z",
      "\0",
      "BMBRIDGE_",
      "[__proto__]\n",
      "type = ",
    ],
    run: readSettings,
    close: clear,
  },
  {
    name: "keys-dat",
    seeds: [keysDat.slice(0, 1200), "[BM-x]\nlabel = a\n b\nprivsigningkey=5\n"].map(latin1),
    words: [
      "[BM-",
      "]",
      "\n ",
      "privsigningkey = ",
      "chan = true",
      "noncetrialsperbyte = ",
      "%%",
      "mailinglist",
    ],
    run: readKeys,
  },
  {
    name: "mbox",
    seeds: [
      "From a Sat Jan  3 01:05:34 1996\nStatus: RO\nX-Status: AF\n\n>From x\n\nFrom b Fri Feb 09 10:00:00 2024\r\n\r\nx",
    ].map(latin1),
    words: ["\n\nFrom ", ">From ", " 1996\n", "Sat Jan  3 01:05:34 1996", "Status: R"],
    run: readBox,
    close: clear,
  },
  {
    name: "maildir",
    seeds: [
      "cur/1700000000.M1.host:2,FS\n.Arch&AOk-.2024/cur/1700000002.x:2,RPT\nplain/inner/new/1.x\n.hidden/file\n.A..B/new/x",
    ].map(latin1),
    words: ["cur/", "new/", "tmp/", ".", ":2,", "&AOk-", "&", "/"],
    longest: 600,
    run: readDirectory,
    close: clear,
  },
  {
    name: "messages-dat",
    seeds: [latin1(`\x01${tables}`), latin1("\0\0\0\x10\x04abcd"), latin1("\0\x01\0\x10\x0fabcdefghijklmno")],
    words: [
      "CREATE TABLE ",
      "CREATE VIEW ",
      "inbox",
      "sent",
      "addressbook",
      "INSERT INTO ",
      "x'ff'",
      "NULL",
      "9e999",
      "WITHOUT ROWID",
      "AS (1) VIRTUAL",
      "USING fts5(a)",
    ],
    longest: 1500,
    patience: 1000,
    run: readMessages,
    close: clear,
  },
  {
    name: "backups",
    seeds: [latin1("\0\0\0\x10\x04abcd"), latin1("\0\x10\0\x10\x0fabcdefghijklmno")],
    longest: 400,
    patience: 2000,
    run: restoreBackup,
    close: clear,
  },
  {
    name: "control",
    // Thousands of lines are as many requests.
    patience: 1000,
    seeds: [
      '{"id":1,"method":"echo","params":{"a":[1,"x",null]}}',
      '{"id":2,"method":"refuse","params":{}}\n{"id":3}',
      "null",
      "[]",
    ].map(latin1),
    words: ['"id":', '"method":', '"params":', "constructor", "__proto__", "echo", "{}", "\n", "1e999"],
    run: callControl,
    close: closeControl,
  },
];
