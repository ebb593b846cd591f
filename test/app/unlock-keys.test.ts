import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { loadConfig } from "../../src/app/config/load.js";
import { callMethod } from "../../src/app/control/messages.js";
import { locateDataDirectory } from "../../src/app/data-directory.js";
import { openOffline } from "../../src/app/offline.js";
import { type UnlockOptions, unlockKeys } from "../../src/app/unlock-keys.js";
import { silentLogger } from "../../src/logger.js";
import { createKeyVault, type KeyVault } from "../../src/store/key-vault.js";

const PASSPHRASE = "correct horse";
let folder = "";
let properties: Map<string, string>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bmbridge-keys-"));
  properties = new Map();
});
afterEach(() => rmSync(folder, { recursive: true }));

function vault(): KeyVault {
  return createKeyVault({
    properties: {
      get: (name) => properties.get(name) ?? null,
      set: (name, value) => properties.set(name, value),
    },
    rewrite: (change) => change(),
    cost: 16,
  });
}

function file(name: string, text: string, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

function options(
  changes: Partial<UnlockOptions> & { readonly file?: string; readonly startLocked?: true } = {},
): UnlockOptions {
  return {
    config: { keys: { passphrase_file: changes.file ?? "", start_locked: changes.startLocked === true } },
    environment: changes.environment ?? {},
    ask: changes.ask ?? null,
  };
}

describe("at a start", () => {
  test("keys without a passphrase are left as they are", async () => {
    const keys = vault();
    await unlockKeys(keys, options());
    expect(keys.state).toBe("plain");
  });

  test("a file encrypts them the first time and opens them ever after", async () => {
    const path = file("passphrase", `${PASSPHRASE}\n`);
    const first = vault();
    await unlockKeys(first, options({ file: path }));
    const second = vault();
    expect(second.state).toBe("locked");
    await unlockKeys(second, options({ file: path }));
    expect([first.state, second.state]).toEqual(["open", "open"]);
    await unlockKeys(vault(), options({ ask: async () => PASSPHRASE }));
  });

  test("a systemd credential does the same", async () => {
    mkdirSync(join(folder, "credentials"));
    file("credentials/bmbridge-passphrase", PASSPHRASE, 0o444);
    const keys = vault();
    await unlockKeys(keys, options({ environment: { CREDENTIALS_DIRECTORY: join(folder, "credentials") } }));
    expect(keys.state).toBe("open");
    await unlockKeys(vault(), options({ file: file("same", PASSPHRASE) }));
  });

  test("a file that is missing, empty or readable by others is refused, and changes nothing", async () => {
    for (const [path, message] of [
      [join(folder, "none"), "cannot be read"],
      [file("empty", "\n"), "is empty"],
      [file("open", PASSPHRASE, 0o640), "others can read"],
    ] as const) {
      const keys = vault();
      await expect(unlockKeys(keys, options({ file: path }))).rejects.toThrow(message);
      expect(keys.state).toBe("plain");
    }
  });

  test("a wrong passphrase, three wrong answers, or nobody to ask: it does not start", async () => {
    await vault().setPassphrase(PASSPHRASE);
    await expect(unlockKeys(vault(), options({ file: file("wrong", "x") }))).rejects.toThrow(
      "not the passphrase",
    );
    await expect(unlockKeys(vault(), options())).rejects.toThrow("keys.passphrase_file");
    let asked = 0;
    const ask = async () => {
      asked += 1;
      return asked === 3 ? PASSPHRASE : "wrong";
    };
    const keys = vault();
    await unlockKeys(keys, options({ ask }));
    expect([keys.state, asked]).toEqual(["open", 3]);
    await expect(unlockKeys(vault(), options({ ask: async () => "wrong" }))).rejects.toThrow(
      "not the passphrase",
    );
  });

  test("with start_locked it starts without: nobody to ask, a wrong file, or a person who has none at hand", async () => {
    await vault().setPassphrase(PASSPHRASE);
    const startLocked = true;
    const questions: string[] = [];
    const ask = async (question: string) => {
      questions.push(question);
      return "";
    };
    for (const more of [{}, { file: file("wrong", "x") }, { ask }]) {
      const keys = vault();
      await unlockKeys(keys, options({ startLocked, ...more }));
      expect(keys.state).toBe("locked");
    }
    expect(questions).toEqual([expect.stringContaining("or nothing")]);
    const keys = vault();
    await unlockKeys(keys, options({ startLocked, file: file("right", PASSPHRASE) }));
    expect(keys.state).toBe("open");
  });
});

test("the commands' methods encrypt, change and decrypt; identities are there all the while", async () => {
  const config = loadConfig({ file: null, environment: {}, assignments: ["network.name=test"] });
  const directory = locateDataDirectory(join(folder, "data"), {});
  const open = (ask: UnlockOptions["ask"]) => openOffline({ directory, config, logger: silentLogger, ask });
  let offline = await open(null);
  const call = (method: string, params = {}) => callMethod(offline.methods, { id: 0, method, params });
  await call("setup", { user: "anna", password: "long enough", identity: "Anna" });
  const [before] = (await call("identity.list")) as { address: string }[];
  await expect(call("keys.encrypt", { passphrase: "short" })).rejects.toThrow("8 characters");
  const chan = (await call("chan.join", { passphrase: "Everybody's" })) as { address: string };
  await call("chan.join", { passphrase: "ours alone", label: "friends" });
  const chans = { chans_called_by_passphrase: [chan.address] };
  const encrypted = await call("keys.encrypt", { passphrase: PASSPHRASE });
  expect(encrypted).toEqual({ encrypted: true, locked: false, traces: "none", ...chans });
  await expect(call("keys.encrypt", { passphrase: PASSPHRASE })).rejects.toThrow("already");
  await offline.close();

  await expect(open(null)).rejects.toThrow("are encrypted");
  offline = await open(async () => PASSPHRASE);
  expect(await call("identity.list")).toContainEqual(before);
  const change = { passphrase: "wrong", new_passphrase: "another one" };
  await expect(call("keys.passphrase", change)).rejects.toThrow("not the passphrase");
  await call("keys.passphrase", { ...change, passphrase: PASSPHRASE });
  await expect(call("keys.decrypt", { passphrase: PASSPHRASE })).rejects.toThrow("not the passphrase");
  expect(await call("keys.decrypt", { passphrase: "another one" })).toMatchObject({
    encrypted: false,
    traces: "none",
  });
  await offline.close();
  offline = await open(null);
  expect(await call("identity.list")).toContainEqual(before);
  await offline.close();
});
