import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import BetterSqlite from "better-sqlite3";
import { backUp, restore } from "../../src/app/backup.js";
import { type DataDirectory, locateDataDirectory, makeDataDirectory } from "../../src/app/data-directory.js";
import type { MailboxId } from "../../src/gateway/ports.js";
import type { NewMessage } from "../../src/mail/imap/backend.js";
import { digestMessage } from "../../src/mail/imap/make-digest.js";
import { writeBackup } from "../../src/store/backup.js";
import { type Database, openDatabase } from "../../src/store/database.js";
import { applyMigrations } from "../../src/store/migrate.js";
import { migrations } from "../../src/store/migrations/all.js";
import { replaceAlone } from "../../src/store/salvage/alone.js";
import { createSqliteStores } from "../../src/store/sqlite/stores.js";
import { temporaryDirectory } from "../support/running-node.js";

let temporary: ReturnType<typeof temporaryDirectory>;
let directory: DataDirectory;
let database: Database;
let file: string;

beforeEach(() => {
  temporary = temporaryDirectory();
  directory = locateDataDirectory(join(temporary.path, "data"), {});
  makeDataDirectory(directory);
  database = openDatabase(directory.database);
  file = join(temporary.path, "backup");
  createSqliteStores(database).properties.set("mark", "kept");
});

afterEach(() => {
  database.close();
  temporary.remove();
});

function other(): DataDirectory {
  return locateDataDirectory(join(temporary.path, "other"), {});
}

function markIn({ database: path }: DataDirectory): string | null {
  const opened = openDatabase(path);
  const mark = createSqliteStores(opened).properties.get("mark");
  opened.close();
  return mark;
}

describe("backup", () => {
  test("is one file for its owner alone; what is written later is not in it", async () => {
    const made = await backUp(database, directory, file);
    createSqliteStores(database).properties.set("mark", "later");
    expect(made).toEqual({ file, size: statSync(file).size });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(existsSync(`${file}.part`)).toBe(false);
    restore({ file, directory: other(), existing: "refuse" });
    expect(markIn(other())).toBe("kept");
  });

  test("may be written while much is going on", async () => {
    const stores = createSqliteStores(database);
    let number = 0;
    let isRunning = true;
    const write = () => {
      if (!isRunning) return;
      stores.transactions.run(() => {
        number += 1;
        stores.properties.set("left", String(number));
        stores.properties.set("right", String(number));
        stores.properties.set(`filler ${number}`, "x".repeat(5000));
      });
      if (number < 500) setImmediate(write);
    };
    write();
    await backUp(database, directory, file);
    isRunning = false;
    restore({ file, directory: other(), existing: "refuse" });
    const opened = openDatabase(other().database);
    const { properties } = createSqliteStores(opened);
    expect(properties.get("left")).toBe(properties.get("right"));
    opened.close();
  });

  test("never overwrites, and leaves nothing half behind", async () => {
    writeFileSync(file, "a letter");
    await expect(backUp(database, directory, file)).rejects.toThrow("is there already");
    await expect(writeBackup(database, file, new Map())).rejects.toMatchObject({ code: "EEXIST" });
    expect(readFileSync(file, "utf8")).toBe("a letter");
    expect(existsSync(`${file}.part`)).toBe(false);
    writeFileSync(`${file} two.part`, "somebody's");
    await expect(backUp(database, directory, `${file} two`)).rejects.toThrow("another backup");
    await expect(writeBackup(database, `${file} two`, new Map())).rejects.toMatchObject({ code: "EEXIST" });
    expect(readFileSync(`${file} two.part`, "utf8")).toBe("somebody's");
    const nowhere = join(temporary.path, "no", "such", "place");
    await expect(backUp(database, directory, nowhere)).rejects.toMatchObject({ code: "ENOENT" });
  });
});

describe("restore", () => {
  test("brings certificates and settings, but no file that is not ours and no settings over others", async () => {
    mkdirSync(directory.certificates);
    writeFileSync(join(directory.certificates, "authority.pem"), "PEM");
    writeFileSync(directory.config, "[mail]\n");
    await backUp(database, directory, file);
    restore({ file, directory: other(), existing: "refuse" });
    expect(readFileSync(join(other().certificates, "authority.pem"), "utf8")).toBe("PEM");
    expect(readFileSync(other().config, "utf8")).toBe("[mail]\n");

    writeFileSync(other().config, "[imap]\n");
    restore({ file, directory: other(), existing: "replace" });
    expect(readFileSync(other().config, "utf8")).toBe("[imap]\n");

    const evil = join(temporary.path, "evil");
    const names = ["../escaped", "tls/../../escaped", "tls/x.sh", "/tmp/escaped.pem", "control.sock"];
    await writeBackup(database, evil, new Map(names.map((name) => [name, Buffer.from("x")])));
    const third = locateDataDirectory(join(temporary.path, "third"), {});
    restore({ file: evil, directory: third, existing: "refuse" });
    expect(existsSync(join(temporary.path, "escaped"))).toBe(false);
    expect(existsSync(third.certificates)).toBe(false);
    expect(existsSync(third.socket)).toBe(false);
  });

  test("gives mailboxes a new UIDVALIDITY: UIDs given after the backup will be given again", async () => {
    const stores = createSqliteStores(database);
    stores.transactions.run(() => {
      stores.users.save({ name: "anna", passwordHash: "x", created: 1 });
      stores.mailboxes.create("anna", "One", {});
      stores.mailboxes.create("anna", "Two", {});
    });
    const validities = ({ mailboxes }: typeof stores) =>
      ["One", "Two"].map((name) => mailboxes.status(mailboxes.find("anna", name)!).uidValidity);
    const before = validities(stores);
    await backUp(database, directory, file);
    expect(restore({ file, directory: other(), existing: "refuse" }).users).toEqual(["anna"]);
    const opened = openDatabase(other().database);
    const after = createSqliteStores(opened);
    const now = validities(after);
    expect(Math.min(...now)).toBeGreaterThan(Math.max(...before));
    const third = after.transactions.run(() => after.mailboxes.create("anna", "Three", {}));
    expect(after.mailboxes.status(third).uidValidity).toBeGreaterThan(Math.max(...now));
    opened.close();
  });

  test("gives nothing that clients know a mail or an address book by a second time", async () => {
    const stores = createSqliteStores(database);
    const inbox = stores.mailboxes.create("anna", "INBOX", {});
    const letter = (text: string): NewMessage => {
      const bytes = new Uint8Array(Buffer.from(`Subject: ${text}\r\n\r\n${text}\r\n`));
      return { bytes, flags: [], internalDate: null, digest: digestMessage(bytes) };
    };
    const idOf = ({ mailboxes }: typeof stores, mailbox: MailboxId, text: string) => {
      const { uids } = mailboxes.append(mailbox, [letter(text)]);
      return mailboxes.records(mailbox, uids)[0]!.emailId;
    };
    const card = (name: string) =>
      ({ user: "anna", book: "contacts", name, uid: name, text: "x", label: "", addresses: [] }) as const;
    stores.cards.save(card("a"));
    await backUp(database, directory, file);
    const before = idOf(stores, inbox, "after the backup");
    const token = stores.cards.save(card("lost")).revision;
    restore({ file, directory: other(), existing: "refuse" });
    const opened = openDatabase(other().database);
    const after = createSqliteStores(opened);
    expect(idOf(after, after.mailboxes.find("anna", "INBOX")!, "another")).not.toBe(before);
    for (const name of ["b", "c"]) after.cards.save(card(name));
    expect(after.cards.removedSince("anna", "contacts", token)).toBeNull();
    expect(after.cards.removedSince("anna", "contacts", 0)).toEqual([]);
    const revisions = after.cards.list("anna", "contacts").map(({ revision }) => revision);
    expect(Math.min(...revisions)).toBeGreaterThan(token);
    expect(after.cards.removedSince("anna", "contacts", revisions[0]!)).toEqual([]);
    expect(after.cards.revision("anna", "own")).toBeGreaterThan(token);
    opened.close();
  });

  test("waits outside while another process replaces the database, and so do all commands meanwhile", async () => {
    await backUp(database, directory, file);
    const there = other();
    restore({ file, directory: there, existing: "refuse" });
    replaceAlone(there.database, () => {
      expect(() => restore({ file, directory: there, existing: "replace" })).toThrow(/another process/);
    });
    expect(restore({ file, directory: there, existing: "replace" }).replaced).not.toBeNull();
    expect(readdirSync(there.path).filter((name) => name.includes("lock"))).toEqual([]);
  });

  test("refuses a directory in use unless told, and puts aside what was there", async () => {
    await backUp(database, directory, file);
    const there = other();
    restore({ file, directory: there, existing: "refuse" });
    expect(() => restore({ file, directory: there, existing: "refuse" })).toThrow("--replace");
    const opened = openDatabase(there.database);
    createSqliteStores(opened).properties.set("mark", "of the old");
    opened.close();
    const { replaced } = restore({ file, directory: there, existing: "replace" });
    expect(markIn(there)).toBe("kept");
    expect(markIn({ ...there, database: replaced! })).toBe("of the old");
  });

  test("leaves a database alone that a process has open, also one without a socket", async () => {
    await backUp(database, directory, file);
    const there = other();
    restore({ file, directory: there, existing: "refuse" });
    const running = openDatabase(there.database);
    try {
      expect(() => restore({ file, directory: there, existing: "replace" })).toThrow("is in use");
    } finally {
      running.close();
    }
    expect(readdirSync(there.path).filter((name) => name.includes("replaced"))).toEqual([]);
    restore({ file, directory: there, existing: "replace" });
  });

  test("of an older version leaves no other copy of the keys behind", async () => {
    const old = new BetterSqlite(file);
    applyMigrations(old, migrations.slice(0, -1));
    old.close();
    restore({ file, directory: other(), existing: "refuse" });
    expect(readdirSync(other().path).filter((name) => name.includes("restoring"))).toEqual([]);
  });

  test("changes nothing when the file is damaged, foreign, cut short or not there", async () => {
    await backUp(database, directory, file);
    const whole = readFileSync(file);
    const there = other();
    restore({ file, directory: there, existing: "refuse" });
    const damaged = Buffer.from(whole);
    damaged.fill(0xff, 4096 * 3, 4096 * 8);
    const candidates = [damaged, whole.subarray(0, whole.length / 2), Buffer.from("a diary".repeat(99))];
    for (const content of candidates) {
      writeFileSync(file, content);
      expect(() => restore({ file, directory: there, existing: "replace" })).toThrow();
      expect(markIn(there)).toBe("kept");
      expect(existsSync(`${there.database}.restoring`)).toBe(false);
    }
    rmSync(file);
    expect(() => restore({ file, directory: there, existing: "replace" })).toThrow("ENOENT");
    appendFileSync(file, "");
    expect(markIn(there)).toBe("kept");
  });
});

test.each([
  "CREATE TRIGGER spy AFTER INSERT ON property BEGIN UPDATE property SET value = 'x'; END",
  "CREATE VIEW spy AS SELECT 1",
  "CREATE TABLE spy (x INTEGER)",
  "CREATE INDEX spy ON property (value)",
])("a backup with something of a stranger's in it is refused: %s", async (sql) => {
  await backUp(database, directory, file);
  const made = new BetterSqlite(file);
  made.exec(sql);
  made.close();
  expect(() => restore({ file, directory: other(), existing: "refuse" })).toThrow(
    /no backup of this program/,
  );
  expect(existsSync(other().database)).toBe(false);
});

test("so is one whose trigger bears a name that SQLite keeps for itself", async () => {
  await backUp(database, directory, file);
  const made = new BetterSqlite(file);
  made.unsafeMode(true);
  made.pragma("writable_schema = ON");
  const sql = "CREATE TRIGGER sqlite_spy AFTER INSERT ON outbox BEGIN DELETE FROM outbox; END";
  made.prepare("INSERT INTO sqlite_schema VALUES ('trigger', 'sqlite_spy', 'outbox', 0, ?)").run(sql);
  made.close();
  expect(() => restore({ file, directory: other(), existing: "refuse" })).toThrow(
    /no backup of this program/,
  );
});

test("one with statistics that somebody has had SQLite make is not", async () => {
  database.exec("ANALYZE");
  await backUp(database, directory, file);
  expect(restore({ file, directory: other(), existing: "refuse" }).replaced).toBeNull();
});
