import * as realFs from "node:fs";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { type Database, openDatabase } from "../../src/store/database.js";

let folder: string;
let database: Database;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "store-backup-"));
  database = openDatabase(join(folder, "bridge.db"));
});

afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true });
});

/** As on a stick with FAT. */
async function withoutLinks() {
  jest.unstable_mockModule("node:fs", () => ({
    ...realFs,
    linkSync: () => {
      throw Object.assign(new Error("operation not permitted"), { code: "EPERM" });
    },
  }));
  return import("../../src/store/backup.js");
}

test("a file system without hard links takes a backup as well, and nothing is overwritten there either", async () => {
  const { writeBackup } = await withoutLinks();
  const file = join(folder, "copy");
  await writeBackup(database, file, new Map());
  expect(readdirSync(folder)).toContain("copy");
  expect(readdirSync(folder)).not.toContain("copy.part");
  openDatabase(file).close();
  const taken = join(folder, "taken");
  writeFileSync(taken, "a diary");
  await expect(writeBackup(database, taken, new Map())).rejects.toMatchObject({ code: "EEXIST" });
  expect(realFs.readFileSync(taken, "utf8")).toBe("a diary");
});
