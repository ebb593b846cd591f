/** A data directory of the very first version, opened by this one: everything is there, and so is a copy from before. */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import BetterSqlite from "better-sqlite3";
import { loadConfig } from "../../src/app/config/load.js";
import { callMethod } from "../../src/app/control/messages.js";
import { locateDataDirectory } from "../../src/app/data-directory.js";
import { openOffline } from "../../src/app/offline.js";
import { silentLogger } from "../../src/logger.js";
import { applyMigrations } from "../../src/store/migrate.js";
import { migrations } from "../../src/store/migrations/all.js";

const CHAN = "BM-2cW67GEKkHGonXKZLCzouLLxnLym3azS8r";
const CONTACT = "BM-orkCbppXWSqPpAxnz6jnfTZ2djb5pJKDb";
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bmbridge-upgrade-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("people, addresses and labels of version 1 are there after the upgrade; the copy is what was", async () => {
  const directory = locateDataDirectory(join(folder), {});
  const old = new BetterSqlite(directory.database);
  applyMigrations(old, migrations.slice(0, 1));
  old.exec(`INSERT INTO user VALUES ('anna', 'x', 1);
    INSERT INTO identity VALUES ('${CHAN}', 4, 1, zeroblob(32), zeroblob(65), zeroblob(32), zeroblob(65), zeroblob(20), 'general', 1,
      1, 'general', 'anna', '1000', '1000', 1, 7, 0, 100);
    INSERT INTO contact VALUES ('${CONTACT}', 'Carol', 1);`);
  old.close();
  const config = loadConfig({ file: null, environment: {}, assignments: [] });
  for (let opened = 0; opened < 2; opened++) {
    const offline = await openOffline({ directory, config, logger: silentLogger, ask: null });
    const call = (method: string) => callMethod(offline.methods, { id: 0, method, params: {} });
    try {
      expect(await call("user.list")).toMatchObject([{ name: "anna" }]);
      expect(await call("identity.list")).toMatchObject([{ address: CHAN, label: "general", chan: true }]);
      expect(await call("contact.list")).toMatchObject([{ address: CONTACT, label: "Carol", blocked: true }]);
    } finally {
      await offline.close();
    }
  }
  const copy = `${directory.database}.version-1`;
  expect(statSync(copy).mode & 0o777).toBe(0o600);
  const kept = new BetterSqlite(copy, { readonly: true });
  expect(kept.pragma("user_version", { simple: true })).toBe(1);
  expect(kept.prepare("SELECT label FROM contact").pluck().all()).toEqual(["Carol"]);
  expect(kept.pragma("integrity_check", { simple: true })).toBe("ok");
  kept.close();
});
