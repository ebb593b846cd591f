import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { markSuspect, openOrExplain, openOrRescue, suspectWhenDamaged } from "../../src/app/open-database.js";
import { salvageDamaged, undoHalfRescue } from "../../src/app/rescue.js";
import { silentLogger } from "../../src/logger.js";
import { digestMessage } from "../../src/mail/imap/make-digest.js";
import type { Database } from "../../src/store/database.js";
import { replaceAlone } from "../../src/store/salvage/alone.js";
import { createSqliteStores } from "../../src/store/sqlite/stores.js";

const PAGE = 4096;
let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "app-rescue-"));
  path = join(folder, "bridge.db");
});

afterEach(() => rmSync(folder, { recursive: true }));

const open = () => openOrRescue(path, { domain: "bm.localhost", logger: silentLogger });

function fill(): void {
  const database = open();
  const { mailboxes } = createSqliteStores(database);
  const inbox = mailboxes.create("anna", "INBOX", {});
  for (let number = 0; number < 30; number++) {
    const bytes = new Uint8Array(Buffer.from(`Subject: mail ${number}\r\n\r\n${"text ".repeat(100)}\r\n`));
    mailboxes.append(inbox, [{ bytes, flags: [], internalDate: null, digest: digestMessage(bytes) }]);
  }
  database.close();
}

function subjects(database: Database): string[] {
  const { mailboxes } = createSqliteStores(database);
  const inbox = mailboxes.find("anna", "INBOX")!;
  return mailboxes
    .snapshot(inbox, "read-only")
    .messages.map(
      ({ uid }) => /^Subject: (.*)\r$/m.exec(Buffer.from(mailboxes.read(inbox, uid)!).toString())![1]!,
    );
}

/** The page that holds this mail's text. */
function spoilPageOf(text: string): void {
  const bytes = readFileSync(path);
  const page = Math.floor(bytes.indexOf(text) / PAGE);
  bytes.fill(0xa5, page * PAGE, (page + 1) * PAGE);
  writeFileSync(path, bytes);
}

const kept = () => readdirSync(folder).filter((name) => name.includes(".damaged-"));

test("a node that starts on a damaged database goes on with the rest, keeps the damaged one, and tells in INBOX", () => {
  fill();
  spoilPageOf("Subject: mail 7\r\n\r\ntext");
  markSuspect(path);
  const database = open();
  const found = subjects(database);
  database.close();
  expect(found).toContain("The database of the bridge was damaged");
  expect(found.length).toBeGreaterThan(20);
  expect(found).not.toContain("mail 7");
  expect(kept()).toHaveLength(1);
  expect(readFileSync(join(folder, kept()[0]!)).includes(Buffer.alloc(PAGE, 0xa5))).toBe(true);
  // Once.
  const again = open();
  expect(subjects(again)).toEqual(found);
  again.close();
  expect(kept()).toHaveLength(1);
});

test("a start that meets damage later has the next one look and save", async () => {
  fill();
  spoilPageOf("Subject: mail 7\r\n\r\ntext");
  const meet = (code: string) =>
    suspectWhenDamaged(path, () => Promise.reject(Object.assign(new Error(code), { code })));
  await expect(meet("SQLITE_IOERR_READ")).rejects.toThrow("READ");
  open().close();
  expect(kept()).toEqual([]);
  await expect(meet("SQLITE_CORRUPT")).rejects.toThrow("CORRUPT");
  open().close();
  expect(kept()).toHaveLength(1);
});

test("its first page gone, everything else is still found", () => {
  fill();
  const bytes = readFileSync(path);
  bytes.fill(0, 0, PAGE);
  writeFileSync(path, bytes);
  expect(() => openOrExplain(path)).toThrow("bmbridge salvage");
  const database = open();
  expect(subjects(database).filter((subject) => subject.startsWith("mail"))).toHaveLength(30);
  database.close();
});

test("a bit that has turned in the name of a column costs no mail", () => {
  fill();
  const bytes = readFileSync(path);
  bytes[bytes.lastIndexOf("internal_zone") + 3]! ^= 1;
  writeFileSync(path, bytes);
  const database = open();
  expect(subjects(database).filter((subject) => subject.startsWith("mail"))).toHaveLength(30);
  database.close();
  expect(kept()).toHaveLength(1);
});

test("salvage says of a sound database that it is", () => {
  fill();
  expect(salvageDamaged(path, "bm.localhost")).toBeNull();
  expect(kept()).toEqual([]);
  spoilPageOf("Subject: mail 7\r\n\r\ntext");
  expect(salvageDamaged(path, "bm.localhost")?.result.lost.length).toBeGreaterThan(0);
});

test("while one process saves a damaged database no other opens it or takes away what has been saved", () => {
  fill();
  spoilPageOf("Subject: mail 7\r\n\r\ntext");
  const isOther = /another process is about to replace/;
  replaceAlone(path, () => {
    expect(() => openOrExplain(path)).toThrow(isOther);
    writeFileSync(`${path}.saving`, "half");
    expect(() => openOrExplain(path)).toThrow(isOther);
    expect(() => salvageDamaged(path, "bm.localhost")).toThrow(isOther);
    expect(() => open()).toThrow(isOther);
    expect(readFileSync(`${path}.saving`, "utf8")).toBe("half");
  });
  expect(salvageDamaged(path, "bm.localhost")?.result.mails).toBeGreaterThan(20);
  expect(readdirSync(folder).filter((name) => name.includes(".saving"))).toEqual([]);
});

test("a loss of power in the middle of a rescue leaves nothing behind, and never an empty database", () => {
  fill();
  const whole = readFileSync(path);
  const aside = `${path}.damaged-20261122T230000Z`;
  // The log has been put aside, the database not yet.
  writeFileSync(`${path}.saving`, "half");
  writeFileSync(`${aside}-wal`, "log");
  undoHalfRescue(path);
  expect(readFileSync(`${path}-wal`, "utf8")).toBe("log");
  rmSync(`${path}-wal`);
  // Both have been, and the new one does not stand there yet.
  writeFileSync(`${path}.saving`, "half");
  renameSync(path, aside);
  undoHalfRescue(path);
  expect(readFileSync(path)).toEqual(whole);
  expect(existsSync(`${path}.saving`)).toBe(false);
  const database = open();
  expect(subjects(database)).toHaveLength(30);
  database.close();
});
