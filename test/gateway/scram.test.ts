/** Logins by SCRAM: what is kept of passwords for it, also of those that were set before there was any. */
import { beforeEach, expect, test } from "@jest/globals";
import {
  decoySecretOf,
  hashPassword,
  nobodysHash,
  scramKeysOf,
  verifyPassword,
} from "../../src/gateway/passwords.js";
import type { ScramKeys } from "../../src/mail/sasl.js";
import { deriveScramKeys } from "../../src/mail/scram.js";
import { createWorld, type World } from "./world.js";

let world: World;
beforeEach(() => {
  world = createWorld();
});

const remoteAddress = "127.0.0.1";

async function fits(keys: ScramKeys, password: string): Promise<boolean> {
  const derived = await deriveScramKeys(password, keys.iterations, keys.salt);
  return Buffer.from(derived.storedKey).equals(keys.storedKey);
}

test("what is kept verifies, gives keys for SCRAM, and does not hold the password", async () => {
  const hash = await hashPassword("pässword");
  expect(await verifyPassword(hash, "pässword")).toBe(true);
  expect(await verifyPassword(hash, "password")).toBe(false);
  expect(await fits(scramKeysOf(hash)!, "pässword")).toBe(true);
  expect(await fits(scramKeysOf(hash)!, "password")).toBe(false);
  expect(hash).not.toContain("ssword");
  expect(scramKeysOf(nobodysHash)).toBeNull();
  await expect(verifyPassword("md5$x", "x")).rejects.toThrow("not a password hash");
});

test("a known login has its keys, by name and by address; a new password new ones", async () => {
  await world.users.create("berta", "right");
  const { keys, user } = await world.users.scram("Berta");
  expect(user).toEqual({ name: "berta" });
  expect(await fits(keys, "right")).toBe(true);
  await world.users.create("anna", "hers");
  const byAddress = await world.users.scram(`${world.own}@bm.localhost`);
  expect(byAddress.user).toEqual({ name: "anna", identity: world.own });
  expect(await fits(byAddress.keys, "hers")).toBe(true);
  await world.users.setPassword("berta", "new");
  const changed = await world.users.scram("berta");
  expect(await fits(changed.keys, "new")).toBe(true);
  expect(changed.keys.salt).not.toEqual(keys.salt);
});

test("an unknown login has keys that stay, also after a restart and a change of password", async () => {
  await world.users.create("berta", "right");
  const nobody = await world.users.scram("nobody");
  expect(nobody.user).toBeNull();
  expect(nobody.keys.salt.length).toBe((await world.users.scram("berta")).keys.salt.length);
  await world.users.setPassword("berta", "new");
  expect(await world.users.scram("nobody")).toEqual(nobody);
  expect(decoySecretOf(world.stores.users.get("berta")!.passwordHash)).not.toBeNull();
  expect((await world.users.scram("somebody")).keys.salt).not.toEqual(nobody.keys.salt);
});

test("a login from before there was SCRAM gets its keys with its next right password", async () => {
  const [scrypt] = (await hashPassword("right")).split(" ");
  world.stores.users.save({ name: "berta", passwordHash: scrypt!, created: 1 });
  expect((await world.users.scram("berta")).user).toBeNull();
  expect(await world.users.authenticate({ username: "berta", password: "wrong", remoteAddress })).toBeNull();
  expect(world.stores.users.get("berta")!.passwordHash).toBe(scrypt);
  const right = { username: "berta", password: "right", remoteAddress };
  expect(await world.users.authenticate(right)).toEqual({ name: "berta" });
  const { keys, user } = await world.users.scram("berta");
  expect(user).toEqual({ name: "berta" });
  expect(await fits(keys, "right")).toBe(true);
  expect(await world.users.authenticate(right)).toEqual({ name: "berta" });
});
