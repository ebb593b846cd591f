import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import BetterSqlite from "better-sqlite3";
import { type Database, openDatabase } from "../../../src/store/database.js";
import { salvage } from "../../../src/store/salvage/salvage.js";
import { findDamage, wasOurs } from "../../../src/store/soundness.js";
import { createSqliteStores } from "../../../src/store/sqlite/stores.js";
import { contact, identity, mail, object } from "../contracts/values.js";

const PAGE = 4096;
const NOW = 2_000_000_000;
const MAILS = 40;

let folder: string;
let path: string;
let target: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "store-salvage-"));
  path = join(folder, "bridge.db");
  target = join(folder, "saved.db");
});

afterEach(() => rmSync(folder, { recursive: true }));

function fill(): void {
  const database = openDatabase(path);
  const { mailboxes, inventory } = createSqliteStores(database);
  const inbox = mailboxes.create("anna", "INBOX", {});
  const work = mailboxes.create("anna", "Work", {});
  for (let number = 0; number < MAILS; number++)
    mailboxes.append(number % 2 === 0 ? inbox : work, [
      mail(`m${number}`, { flags: number % 3 === 0 ? ["\\Seen"] : [] }),
    ]);
  mailboxes.expunge(work, [2], "any", null);
  inventory.add([object(1), object(2)]);
  database.close();
}

/** Mailbox and UID to octets. */
function contents(database: Database): Map<string, string> {
  const { mailboxes } = createSqliteStores(database);
  const found = new Map<string, string>();
  for (const { name, selectable } of mailboxes.list("anna")) {
    const mailbox = selectable ? mailboxes.find("anna", name) : null;
    if (mailbox === null) continue;
    for (const { uid } of mailboxes.snapshot(mailbox, "read-only").messages)
      found.set(`${name} ${uid}`, Buffer.from(mailboxes.read(mailbox, uid)!).toString("latin1"));
  }
  return found;
}

function open<T>(file: string, look: (database: Database) => T): T {
  const database = openDatabase(file);
  try {
    return look(database);
  } finally {
    database.close();
  }
}

/** The pages of a table or index, root first. */
function pagesOf(name: string): { readonly pageno: number; readonly pagetype: string }[] {
  const database = new BetterSqlite(path, { readonly: true });
  const pages = database
    .prepare("SELECT pageno, pagetype FROM dbstat WHERE name = ? ORDER BY path")
    .all(name);
  database.close();
  return pages as { pageno: number; pagetype: string }[];
}

/** 300 mails in INBOX, as many copies in Archive. */
function fillWithCopies(): void {
  const database = openDatabase(path);
  const { mailboxes } = createSqliteStores(database);
  const inbox = mailboxes.create("anna", "INBOX", {});
  const archive = mailboxes.create("anna", "Archive", {});
  const mails = Array.from({ length: 300 }, (_, number) => mail(`m${number}`));
  mailboxes.copy(inbox, mailboxes.append(inbox, mails).uids, archive);
  database.close();
}

function damage(page: number, change: (bytes: Buffer) => void): void {
  const bytes = readFileSync(path);
  change(bytes.subarray((page - 1) * PAGE, page * PAGE));
  writeFileSync(path, bytes);
}

describe("salvage", () => {
  test("of an undamaged database is the same database", () => {
    fill();
    const before = open(path, contents);
    const result = salvage(path, target, NOW);
    expect(result).toMatchObject({
      losses: [],
      lost: [],
      bare: [],
      altered: [],
      strays: [],
      mails: MAILS - 1,
      owners: ["anna"],
    });
    open(target, (database) => {
      expect(contents(database)).toEqual(before);
      expect(findDamage(database, "everything")).toBeNull();
      const { mailboxes } = createSqliteStores(database);
      expect(mailboxes.append(mailboxes.find("anna", "Work")!, [mail("next")]).uids).toEqual([MAILS / 2 + 1]);
    });
  });

  test("with one page gone: the result is sound, nothing in it is wrong, and the rest is there", () => {
    fill();
    const before = open(path, contents);
    const whole = readFileSync(path);
    const pages = whole.length / PAGE;
    for (let page = 1; page <= pages; page += 6) {
      writeFileSync(path, whole);
      damage(page, (bytes) => bytes.fill(page % 12 === 1 ? 0 : 0xa5));
      const { lost, bare, strays } = salvage(path, target, NOW);
      const database = new BetterSqlite(target);
      expect(findDamage(database, "everything")).toBeNull();
      expect(database.pragma("foreign_key_check")).toEqual([]);
      const after = contents(database);
      const texts = new Set([
        ...after.values(),
        ...bare.map((one) => Buffer.from(one.bytes).toString("latin1")),
      ]);
      for (const text of after.values()) expect([...before.values()]).toContain(text);
      const missing = [...before.values()].filter((text) => !texts.has(text)).length;
      expect(missing).toBeLessThanOrEqual(lost.length + strays.length);
      database.close();
    }
  });

  test("a mail that is lost is named, and clients hear of it by a new UIDVALIDITY", () => {
    fill();
    const before = open(path, (database) => {
      const { mailboxes } = createSqliteStores(database);
      return mailboxes.status(mailboxes.find("anna", "Work")!).uidValidity;
    });
    const database = new BetterSqlite(path);
    database.exec(
      "DELETE FROM content WHERE body_id = (SELECT body_id FROM message WHERE mailbox_id = 2 AND uid = 5)",
    );
    database.close();
    const { lost } = salvage(path, target, NOW);
    expect(lost).toEqual([{ user: "anna", mailbox: "Work", uid: 5, envelope: expect.any(String) }]);
    open(target, (saved) => {
      const { mailboxes } = createSqliteStores(saved);
      const work = mailboxes.status(mailboxes.find("anna", "Work")!);
      expect(work.uidValidity).toBeGreaterThan(before);
      expect(work.uidNext).toBe(MAILS / 2 + 1);
      expect(work.messages).toBe(MAILS / 2 - 2);
    });
  });

  test("what stands in the log alone is saved as well", () => {
    fill();
    const running = openDatabase(path);
    const { mailboxes } = createSqliteStores(running);
    mailboxes.append(mailboxes.find("anna", "INBOX")!, [mail("in the log")]);
    const expected = contents(running);
    const copy = join(folder, "copy.db");
    copyFileSync(path, copy);
    copyFileSync(`${path}-wal`, `${copy}-wal`);
    running.close();
    salvage(copy, target, NOW);
    expect(open(target, contents)).toEqual(expected);
  });

  test("a mail that the disk has changed is not served as what it was, and is named", () => {
    fill();
    const whole = readFileSync(path);
    const text = Buffer.from(mail("m7").bytes);
    const at = whole.indexOf(text);
    expect(at).toBeGreaterThan(0);
    whole[at + text.length - 1]! ^= 1;
    writeFileSync(path, whole);
    open(path, (database) => {
      expect(() => contents(database)).toThrow("not what was written");
      expect(findDamage(database, "structure")).toBeNull();
      expect(findDamage(database, "everything")).toContain("not what");
    });
    expect(salvage(path, target, NOW).altered).toHaveLength(1);
    expect(open(target, contents).size).toBe(MAILS - 1);
    expect(open(target, (database) => findDamage(database, "everything"))).toBeNull();
  });

  test("what never was ours is left alone", () => {
    const other = new BetterSqlite(path);
    other.pragma("application_id = 7");
    other.exec("CREATE TABLE diary (text)");
    other.close();
    expect(() => salvage(path, target, NOW)).toThrow("another program");
    writeFileSync(path, "this is a diary, not a database\n".repeat(1000));
    expect(wasOurs(path)).toBe(false);
  });

  test("counts what is unseen and what is deleted, so that EXPUNGE finds it", () => {
    const database = openDatabase(path);
    const before = createSqliteStores(database).mailboxes;
    const flags = [["\\Seen"], ["\\Deleted", "\\Seen"], []];
    before.append(
      before.create("anna", "INBOX", {}),
      flags.map((some, number) => mail(`m${number}`, { flags: some })),
    );
    database.close();
    salvage(path, target, NOW);
    open(target, (saved) => {
      const { mailboxes } = createSqliteStores(saved);
      const inbox = mailboxes.find("anna", "INBOX")!;
      expect(mailboxes.status(inbox)).toMatchObject({ unseen: 1, deleted: 1 });
      expect(mailboxes.expunge(inbox, "all", "deleted-only", null).expunged).toEqual([2]);
    });
  });

  test("a copy in another folder comes back as well when its row is lost", () => {
    fillWithCopies();
    damage(pagesOf("message").at(-1)!.pageno, (bytes) => bytes.fill(0));
    expect(salvage(path, target, NOW).lost).toEqual([]);
    open(target, (saved) => {
      const { mailboxes } = createSqliteStores(saved);
      for (const name of ["INBOX", "Archive"])
        expect(mailboxes.status(mailboxes.find("anna", name)!).messages).toBe(300);
    });
  });

  test.each([
    ["the root of a table", () => pagesOf("content")[0]!.pageno],
    ["the first page", () => 1],
  ])("without %s also mail is found that is older than a column of its table", (_, page) => {
    fillWithCopies();
    const older = new BetterSqlite(path);
    older.exec(`
      CREATE TABLE kept AS SELECT * FROM content;
      ALTER TABLE content DROP COLUMN checksum;
      DELETE FROM content;
      INSERT INTO content SELECT body_id, bytes FROM kept;
      DROP TABLE kept;
      ALTER TABLE content ADD COLUMN checksum INTEGER;`);
    older.close();
    damage(page(), (bytes) => bytes.fill(0));
    expect(salvage(path, target, NOW)).toMatchObject({ mails: 600, lost: [] });
  });

  test("without the first page everything is there, and nothing that was deleted", () => {
    fillWithCopies();
    const before = openDatabase(path);
    const stores = createSqliteStores(before);
    const archive = stores.mailboxes.find("anna", "Archive")!;
    stores.mailboxes.expunge(
      archive,
      Array.from({ length: 290 }, (_, index) => index + 1),
      "any",
      null,
    );
    const inbox = stores.mailboxes.find("anna", "INBOX")!;
    stores.mailboxes.expunge(
      inbox,
      Array.from({ length: 290 }, (_, index) => index + 1),
      "any",
      null,
    );
    stores.contacts.save(contact("bert"));
    stores.properties.set("keys.vault", "{}");
    const expected = contents(before);
    before.close();
    damage(1, (bytes) => bytes.fill(0));
    expect(salvage(path, target, NOW).losses).toEqual([]);
    open(target, (saved) => {
      expect(contents(saved)).toEqual(expected);
      const { contacts, properties } = createSqliteStores(saved);
      expect(contacts.list("anna")).toEqual([contact("bert")]);
      expect(properties.get("keys.vault")).toBe("{}");
    });
  });

  test("clients are not told by halves what is gone when notes of it are lost", () => {
    fill();
    damage(pagesOf("expunged")[0]!.pageno, (bytes) => bytes.fill(0));
    salvage(path, target, NOW);
    open(target, (saved) => {
      const { mailboxes } = createSqliteStores(saved);
      expect(mailboxes.vanishedSince(mailboxes.find("anna", "Work")!, 1)).toBeNull();
    });
  });

  test("identities whose keys nothing opens any more are not said to be saved", async () => {
    const database = openDatabase(path);
    const { identities, keys } = createSqliteStores(database);
    identities.save(identity("anna"));
    await keys.setPassphrase("correct horse");
    database.close();
    expect(salvage(path, target, NOW).identities).toBe(1);
    damage(pagesOf("property")[0]!.pageno, (bytes) => bytes.fill(0));
    const { identities: saved, losses } = salvage(path, target, NOW);
    expect(saved).toBe(0);
    expect(losses).toEqual([expect.objectContaining({ table: "property" })]);
  });
});
