import { beforeEach, expect, test } from "@jest/globals";
import { createKeyGate, type KeyGate, refuseWhileLocked } from "../../src/app/key-gate.js";
import { silentLogger } from "../../src/logger.js";
import { createKeyVault } from "../../src/store/key-vault.js";
import { StoreError } from "../../src/store/store-error.js";

const PASSPHRASE = "correct horse";
let properties: Map<string, string>;
let events: string[];
beforeEach(() => {
  properties = new Map();
  events = [];
});

function make(): { gate: KeyGate; keys: ReturnType<typeof createKeyVault> } {
  const keys = createKeyVault({
    properties: {
      get: (name) => properties.get(name) ?? null,
      set: (name, value) => properties.set(name, value),
    },
    rewrite: (change) => change(),
    wipe: () => void events.push("wipe"),
    cost: 16,
  });
  const gate = createKeyGate({
    keys,
    messaging: {
      start: () => void events.push("start"),
      async pause() {
        expect(keys.state).toBe("open");
        events.push("pause");
      },
    },
    trialPool: { rest: async () => void events.push("rest") },
    logger: silentLogger,
  });
  return { gate, keys };
}

test("keys that are not encrypted are there at once, and cannot be locked", async () => {
  const { gate } = make();
  gate.start();
  await gate.lock();
  expect([events, gate.state]).toEqual([["start"], "plain"]);
});

test("what needs keys starts with the unlocking, pauses before the locking, and goes on", async () => {
  await make().keys.setPassphrase(PASSPHRASE);
  const { gate } = make();
  gate.start();
  expect([events, gate.state]).toEqual([[], "locked"]);
  await expect(gate.unlock("wrong")).rejects.toMatchObject({ code: "wrong-passphrase" });
  expect(events).toEqual([]);
  await gate.unlock(PASSPHRASE);
  expect(events).toEqual(["start"]);
  await gate.unlock(PASSPHRASE);
  await Promise.all([gate.lock(), gate.unlock(PASSPHRASE), gate.lock(), gate.lock()]);
  const once = ["pause", "rest", "wipe"];
  expect(events).toEqual(["start", ...once, "start", ...once]);
});

test("before the start, unlocking starts nothing", async () => {
  await make().keys.setPassphrase(PASSPHRASE);
  const { gate } = make();
  await gate.unlock(PASSPHRASE);
  expect(events).toEqual([]);
  gate.start();
  expect(events).toEqual(["start"]);
});

test("each server tells of locked keys in its words, and of other things as before", () => {
  const others = { smtp: () => null, imap: () => null, http: () => null, command: () => null };
  const refusals = refuseWhileLocked(others);
  const locked = new StoreError("locked", "x");
  expect(refusals.smtp(locked)).toMatchObject({ responseCode: 451 });
  expect(refusals.imap(locked)).toMatchObject({ status: "NO", code: "UNAVAILABLE" });
  expect(refusals.http(locked)).toMatchObject({ status: 503 });
  expect(refusals.command(locked)).toMatchObject({ name: "CommandError" });
  for (const refuse of [refusals.smtp, refusals.imap, refusals.http, refusals.command])
    expect(refuse(new StoreError("in-use", "x"))).toBeNull();
});
