/** Passphrases of the keys that logins try: they wait and are locked out; whoever has the machine is not. */
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { CommandError } from "../../src/app/control/messages.js";
import { createKeyGate } from "../../src/app/key-gate.js";
import { keysMethods } from "../../src/app/methods/keys.js";
import { silentLogger } from "../../src/logger.js";
import { type Database, openDatabase } from "../../src/store/database.js";
import { createKeyVault } from "../../src/store/key-vault.js";
import { createSqliteStores } from "../../src/store/sqlite/stores.js";
import { createWorld } from "../gateway/world.js";

const PASSPHRASE = "correct horse";
let database: Database;
beforeEach(() => {
  database = openDatabase(":memory:");
});
afterEach(() => {
  database.close();
});

async function lockedMethods() {
  const kept = new Map<string, string>();
  const options = {
    properties: {
      get: (name: string) => kept.get(name) ?? null,
      set: (name: string, value: string) => void kept.set(name, value),
    },
    rewrite: (change: () => void) => change(),
    cost: 16,
  };
  await createKeyVault(options).setPassphrase(PASSPHRASE);
  const keys = createKeyVault(options);
  const { logins } = createWorld();
  const messaging = { start: () => {}, pause: async () => {} };
  const keyGate = createKeyGate({
    keys,
    messaging,
    trialPool: { rest: async () => {} },
    logger: silentLogger,
  });
  const stores = { ...createSqliteStores(database), keys };
  const methods = keysMethods({
    stores,
    services: { logins, keyGate },
    config: { keys: { passphrase_file: "", start_locked: true } },
  } as never);
  return { keys, unlock: (params: Readonly<Record<string, unknown>>) => methods["keys.unlock"]!(params) };
}

test("a login is locked out after twenty, another one and the command line are not", async () => {
  const { keys, unlock } = await lockedMethods();
  for (let count = 0; count < 20; count++)
    await expect(unlock({ passphrase: `wrong ${count}`, user: "anna" })).rejects.toThrow(
      "not the passphrase",
    );
  const refused = unlock({ passphrase: PASSPHRASE, user: "anna" });
  await expect(refused).rejects.toThrow("Too many wrong passwords");
  await expect(refused).rejects.toBeInstanceOf(CommandError);
  expect(keys.state).toBe("locked");
  await expect(unlock({ passphrase: "wrong", user: "berta" })).rejects.toThrow("not the passphrase");
  await expect(unlock({ passphrase: "wrong" })).rejects.toThrow("not the passphrase");
  expect(await unlock({ passphrase: PASSPHRASE })).toMatchObject({ locked: false });
  expect(keys.state).toBe("open");
  await expect(unlock({ passphrase: PASSPHRASE })).rejects.toThrow("not locked");
});
