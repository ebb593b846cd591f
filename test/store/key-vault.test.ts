import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type Database, openDatabase } from "../../src/store/database.js";
import { createKeyVault, type KeyVault } from "../../src/store/key-vault.js";
import { createSqliteStores } from "../../src/store/sqlite/stores.js";
import { identity } from "./contracts/values.js";

const SECRET = Uint8Array.from({ length: 32 }, (_, index) => index + 1);
const PASSPHRASE = "correct horse";
/** SQLite's words for where temporary files are. */
const FILE = 1;
const MEMORY = 2;

let properties: Map<string, string>;
let rewrites: number;

beforeEach(() => {
  properties = new Map();
  rewrites = 0;
});

/** As a process would make it that starts now. */
function vault(rewrite: (change: () => void) => void = (change) => change()): KeyVault {
  return createKeyVault({
    properties: {
      get: (name) => properties.get(name) ?? null,
      set: (name, value) => properties.set(name, value),
    },
    rewrite(change) {
      rewrites += 1;
      rewrite(change);
    },
    cost: 16,
  });
}

describe("a vault", () => {
  test("without a passphrase leaves secrets as they are", () => {
    const plain = vault();
    expect(plain.state).toBe("plain");
    expect(plain.seal(SECRET, "a")).toBe(SECRET);
    expect(plain.open(SECRET, "a")).toBe(SECRET);
  });

  test("seals under a passphrase that must be given again after a start", async () => {
    const first = vault();
    await first.setPassphrase(PASSPHRASE);
    expect(rewrites).toBe(1);
    const sealed = first.seal(SECRET, "a");
    expect(Buffer.from(sealed).includes(Buffer.from(SECRET))).toBe(false);
    const second = vault();
    expect(second.state).toBe("locked");
    expect(() => second.open(sealed, "a")).toThrow("locked");
    expect(() => second.seal(SECRET, "a")).toThrow("locked");
    await expect(second.setPassphrase("other")).rejects.toMatchObject({ code: "locked" });
    await expect(second.unlock("wrong")).rejects.toMatchObject({ code: "wrong-passphrase" });
    expect(second.state).toBe("locked");
    await second.unlock(PASSPHRASE);
    expect(second.open(sealed, "a")).toEqual(SECRET);
    second.lock();
    expect(second.state).toBe("locked");
  });

  test("a new passphrase keeps what is sealed; the old one is worth nothing", async () => {
    const one = vault();
    await one.setPassphrase(PASSPHRASE);
    const sealed = one.seal(SECRET, "a");
    await one.setPassphrase("new");
    expect(rewrites).toBe(1);
    const two = vault();
    await expect(two.unlock(PASSPHRASE)).rejects.toMatchObject({ code: "wrong-passphrase" });
    await two.unlock("new");
    expect(two.open(sealed, "a")).toEqual(SECRET);
  });

  test("one secret does not stand in for another, and no octet may change", async () => {
    const one = vault();
    await one.setPassphrase(PASSPHRASE);
    const sealed = one.seal(SECRET, "a");
    expect(one.seal(SECRET, "a")).not.toEqual(sealed);
    expect(() => one.open(sealed, "b")).toThrow("damaged");
    for (const at of [0, 12, sealed.length - 1]) {
      const changed = Uint8Array.from(sealed, (byte, index) => (index === at ? byte ^ 1 : byte));
      expect(() => one.open(changed, "a")).toThrow("damaged");
    }
    expect(() => one.open(sealed.subarray(0, 20), "a")).toThrow("damaged");
    expect(() => one.open(SECRET.subarray(0, 3), "a")).toThrow("damaged");
  });

  test("the passphrase is taken away only by who knows it", async () => {
    const one = vault();
    await one.setPassphrase(PASSPHRASE);
    await expect(one.removePassphrase("wrong")).rejects.toMatchObject({ code: "wrong-passphrase" });
    expect(one.state).toBe("open");
    await one.removePassphrase(PASSPHRASE);
    expect([one.state, vault().state]).toEqual(["plain", "plain"]);
  });

  test("a change that fails leaves things as they were", async () => {
    const failing = vault((change) => {
      const before = new Map(properties);
      change();
      properties = before;
      throw new Error("disk full");
    });
    await expect(failing.setPassphrase(PASSPHRASE)).rejects.toThrow("disk full");
    expect([failing.state, vault().state]).toEqual(["plain", "plain"]);
  });

  test("of two passphrases set at once the later one opens what is sealed", async () => {
    const one = vault();
    await Promise.all([one.setPassphrase("first"), one.setPassphrase("second")]);
    const sealed = one.seal(SECRET, "a");
    const two = vault();
    await expect(two.unlock("first")).rejects.toMatchObject({ code: "wrong-passphrase" });
    await two.unlock("second");
    expect(two.open(sealed, "a")).toEqual(SECRET);
  });

  test("what is asked for at once is done one after the other", async () => {
    const one = vault();
    await one.setPassphrase(PASSPHRASE);
    await Promise.all([one.removePassphrase(PASSPHRASE), one.unlock(PASSPHRASE)]);
    expect([one.state, vault().state]).toEqual(["plain", "plain"]);
    await one.setPassphrase(PASSPHRASE);
    const late = one.setPassphrase("late");
    await Promise.resolve();
    one.lock();
    await expect(late).rejects.toMatchObject({ code: "locked" });
    await one.unlock(PASSPHRASE);
    expect(one.state).toBe("open");
  });

  test("a passphrase is the same in whatever form a keyboard writes it", async () => {
    await vault().setPassphrase("Ärger");
    const other = vault();
    await other.unlock("A\u0308rger");
    expect(other.state).toBe("open");
  });
});

describe("a database with a vault", () => {
  let folder = "";
  let path = "";
  let database: Database;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "store-vault-"));
    path = join(folder, "bridge.db");
    database = openDatabase(path);
  });
  afterEach(() => {
    database.close();
    rmSync(folder, { recursive: true });
  });

  const anna = identity("anna", { chan: true, passphrase: "the secret name" });
  const secrets = [
    anna.keys.signing.privateKey,
    anna.keys.encryption.privateKey,
    new TextEncoder().encode("the secret name"),
  ];
  const inFiles = () =>
    secrets.map((secret) =>
      ["", "-wal"].some((suffix) => readFileSync(`${path}${suffix}`).includes(Buffer.from(secret))),
    );

  test("has no key in its files once sealed, and all of them afterwards", async () => {
    const stores = createSqliteStores(database);
    stores.identities.save(identity("gone"));
    stores.identities.save(anna);
    expect(inFiles()).toEqual([true, true, true]);
    await stores.keys.setPassphrase(PASSPHRASE);
    expect(inFiles()).toEqual([false, false, false]);
    expect(stores.identities.get(anna.user, anna.address)).toEqual(anna);
    stores.identities.save({ ...anna, label: "new" });
    expect(inFiles()).toEqual([false, false, false]);

    const locked = createSqliteStores(database);
    expect(() => locked.identities.list()[0]?.keys.signing.privateKey).toThrow("locked");
    await locked.keys.unlock(PASSPHRASE);
    expect(locked.identities.owners(anna.address)).toEqual([{ ...anna, label: "new" }]);
    await locked.keys.removePassphrase(PASSPHRASE);
    expect(createSqliteStores(database).identities.list()).toHaveLength(2);
  });

  test("has nothing in its files that a former passphrase opens", async () => {
    const { identities, keys, properties: kept } = createSqliteStores(database);
    identities.save(anna);
    await keys.setPassphrase(PASSPHRASE);
    const { salt, key } = JSON.parse(kept.get("keys.vault")!) as { salt: string; key: string };
    await keys.setPassphrase("another horse");
    for (const file of [path, `${path}-wal`])
      for (const former of [salt, key]) expect(readFileSync(file).includes(former)).toBe(false);
    expect(keys.traces).toBe("none");
  });

  test("without room to clear what stood there before is sealed all the same, and cleared later", async () => {
    let room: "full" | "enough" = "full";
    const disk = new Proxy(database, {
      get(target, property) {
        if (property === "exec")
          return (sql: string) => {
            if (sql === "VACUUM") expect(target.pragma("temp_store", { simple: true })).toBe(FILE);
            if (sql === "VACUUM" && room === "full")
              throw Object.assign(new Error("database or disk is full"), { code: "SQLITE_FULL" });
            return target.exec(sql);
          };
        const value: unknown = Reflect.get(target, property, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    const stores = createSqliteStores(disk);
    stores.identities.save(anna);
    await stores.keys.setPassphrase(PASSPHRASE);
    expect([stores.keys.state, stores.keys.traces]).toEqual(["open", "left"]);
    expect(stores.identities.get(anna.user, anna.address)).toEqual(anna);

    const next = createSqliteStores(disk);
    await next.keys.unlock(PASSPHRASE);
    expect([next.keys.state, next.keys.traces]).toEqual(["open", "left"]);
    room = "enough";
    const last = createSqliteStores(disk);
    await last.keys.unlock(PASSPHRASE);
    expect(database.pragma("temp_store", { simple: true })).toBe(MEMORY);
    expect([last.keys.traces, inFiles()]).toEqual(["none", [false, false, false]]);
    expect(last.identities.get(anna.user, anna.address)).toEqual(anna);
  });
});
