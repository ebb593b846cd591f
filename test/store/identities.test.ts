import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type Database, openDatabase } from "../../src/store/database.js";
import type { VaultState } from "../../src/store/key-vault.js";
import { SqliteIdentityStore } from "../../src/store/sqlite/identities.js";
import { createSqliteStores } from "../../src/store/sqlite/stores.js";
import { StoreError } from "../../src/store/store-error.js";
import { SqliteTransactions } from "../../src/store/transactions.js";
import { address, identity } from "./contracts/values.js";

let database: Database;
beforeEach(() => {
  database = openDatabase(":memory:");
});
afterEach(() => {
  database.close();
});

describe("identities, which are remembered,", () => {
  const anna = address("anna");

  test("are as the database has them after what was undone", () => {
    const { identities, transactions } = createSqliteStores(database);
    const failing = (work: () => void) => () =>
      transactions.run(() => {
        work();
        throw new Error("out of order");
      });
    const saved = failing(() => {
      identities.save(identity("anna"));
      expect(identities.get("anna", anna)).not.toBeNull();
    });
    expect(saved).toThrow("out of order");
    expect([identities.list(), identities.owners(anna)]).toEqual([[], []]);
    identities.save(identity("anna"));
    const removed = failing(() => {
      identities.remove("anna", anna);
      expect(identities.list()).toEqual([]);
    });
    expect(removed).toThrow("out of order");
    expect(identities.owners(anna)).toEqual([identity("anna")]);
  });

  test("are told without their private keys while those are locked, and what was told before is wiped", () => {
    const vault = {
      state: "open" as VaultState,
      seal: (secret: Uint8Array) => secret,
      open(sealed: Uint8Array) {
        if (this.state === "locked") throw new StoreError("locked", "the private keys are locked");
        return sealed;
      },
    };
    const identities = new SqliteIdentityStore(database, new SqliteTransactions(database, () => {}), vault);
    identities.save(identity("anna"));
    expect(identities.list()).toHaveLength(1);
    const [before] = identities.list();
    vault.state = "locked";
    identities.wipe();
    expect(
      [...before!.keys.signing.privateKey, ...before!.keys.encryption.privateKey].every(
        (octet) => octet === 0,
      ),
    ).toBe(true);
    for (const one of [identities.list()[0]!, identities.owners(anna)[0]!, identities.get("anna", anna)!]) {
      expect([one.address, one.label, one.keys.signing.publicKey]).toEqual([
        anna,
        before!.label,
        before!.keys.signing.publicKey,
      ]);
      for (const pair of [one.keys.signing, one.keys.encryption])
        expect(() => pair.privateKey).toThrow("locked");
      expect(() => identities.save({ ...one, label: "other" })).toThrow("locked");
    }
    const [during] = identities.list();
    vault.state = "open";
    for (const useless of [before!, during!]) expect(() => identities.save(useless)).toThrow("locked");
    expect(identities.owners(anna)).toEqual([identity("anna")]);
  });
});

test("private keys of identities that are removed are nowhere in the file, and so in no backup", () => {
  const { identities } = createSqliteStores(database);
  const all = Array.from({ length: 60 }, (_, number) => {
    const { keys, ...rest } = identity(`a${(number * 37) % 60}`);
    const signing = {
      ...keys.signing,
      privateKey: Uint8Array.from({ length: 32 }, (__, at) => number + at * 7),
    };
    return { ...rest, keys: { ...keys, signing } };
  });
  const left = () => {
    const file = database.serialize();
    return all.filter(({ keys }) => file.includes(Buffer.from(keys.signing.privateKey))).length;
  };
  for (const one of all) identities.save(one);
  for (const one of all) identities.save({ ...one, label: "a longer label, for which it has to move" });
  expect(left()).toBe(60);
  for (const { user, address: own } of all) identities.remove(user, own);
  expect(left()).toBe(0);
  expect(database.pragma("secure_delete", { simple: true })).toBe(0);
});
