/** Logins by SCRAM: what is kept of passwords for it, also of those that were set before there was any. */
import { beforeEach, expect, test } from "@jest/globals";
import { readPasswordRecord } from "../../../src/gateway/logins/password-text.js";
import type { ScramKeys } from "../../../src/mail/sasl.js";
import { deriveScramKeys } from "../../../src/mail/scram.js";
import { createWorld, type World } from "../world.js";

let world: World;
beforeEach(() => {
  world = createWorld();
});

const origin = { service: "imap", remoteAddress: "127.0.0.1" } as const;
const scram = (username: string) => world.logins.scram(username, origin);

async function fits(keys: ScramKeys, password: string): Promise<boolean> {
  const derived = await deriveScramKeys(password, keys.iterations, keys.salt);
  return Buffer.from(derived.storedKey).equals(keys.storedKey);
}

test("a known login has its keys, by name and by address; a new password new ones", async () => {
  await world.users.create("berta", "right");
  const { keys, conclude } = await scram("Berta");
  expect(await conclude("right")).toEqual({ name: "berta" });
  expect(await conclude("wrong")).toBeNull();
  expect(await fits(keys, "right")).toBe(true);
  await world.users.create("anna", "hers");
  const byAddress = await scram(`${world.own}@bm.localhost`);
  expect(await byAddress.conclude("right")).toEqual({ name: "anna", identity: world.own });
  expect(await fits(byAddress.keys, "hers")).toBe(true);
  await world.users.setPassword("berta", "new");
  const changed = await scram("berta");
  expect(await fits(changed.keys, "new")).toBe(true);
  expect(changed.keys.salt).not.toEqual(keys.salt);
  // The exchange had begun before.
  expect(await conclude("right")).toBeNull();
});

test("an unknown login has keys that stay, also after a restart and a change of password, and lets nobody in", async () => {
  await world.users.create("berta", "right");
  const nobody = await scram("nobody");
  expect(await nobody.conclude("right")).toBeNull();
  const known = await scram("berta");
  expect(nobody.keys.salt.length).toBe(known.keys.salt.length);
  expect(nobody.keys.iterations).toBe(known.keys.iterations);
  await world.users.setPassword("berta", "new");
  expect((await scram("nobody")).keys).toEqual(nobody.keys);
  expect((await scram("somebody")).keys.salt).not.toEqual(nobody.keys.salt);
});

test("a login from before there was SCRAM gets its keys with its next right password", async () => {
  await world.users.create("berta", "right");
  const [scrypt] = world.stores.users.get("berta")!.passwordHash.split(" ");
  world.stores.users.save({ name: "berta", passwordHash: scrypt!, created: 1 });
  expect(await (await scram("berta")).conclude("right")).toBeNull();
  expect(await world.logins.authenticate({ username: "berta", password: "wrong", ...origin })).toBeNull();
  expect(world.stores.users.get("berta")!.passwordHash).toBe(scrypt);
  const right = { username: "berta", password: "right", ...origin };
  expect(await world.logins.authenticate(right)).toEqual({ name: "berta" });
  expect(readPasswordRecord(world.stores.users.get("berta")!.passwordHash).decoy).not.toBeNull();
  const { keys, conclude } = await scram("berta");
  expect(await conclude("right")).toEqual({ name: "berta" });
  expect(await fits(keys, "right")).toBe(true);
  expect(await world.logins.authenticate(right)).toEqual({ name: "berta" });
});

test("wrong proofs count like wrong passwords, at whatever server those were tried", async () => {
  await world.users.create("berta", "right");
  const { conclude } = await scram("berta");
  await conclude("wrong");
  await world.logins.authenticate({ username: "berta", password: "x", ...origin, service: "smtp" });
  await conclude("wrong");
  expect(world.loginWaits).toEqual([500, 1000]);
  for (let count = 3; count < 20; count++) await conclude("wrong");
  await expect(conclude("right")).rejects.toMatchObject({ name: "LoginRefused" });
});

test("with the label behind the name it is the app password's; of a label that is not there nobody can tell", async () => {
  await world.users.create("berta", "right");
  const { password } = await world.appPasswords.add("berta", "Phone");
  const { keys, conclude } = await scram("berta+phone@bm.localhost");
  expect(await fits(keys, password)).toBe(true);
  expect(await conclude("wrong")).toBeNull();
  // Nobody guesses it, so that it need not wait.
  world.loginWaits.length = 0;
  expect(await conclude("right")).toEqual({ name: "berta", appPassword: "Phone" });
  expect(world.loginWaits).toEqual([]);
  for (const name of ["berta+tablet", "nobody+phone", "berta+"]) {
    const other = await scram(name);
    expect([name, other.keys.iterations, other.keys.salt.length]).toEqual([name, 4096, 16]);
    expect(await other.conclude("right")).toBeNull();
  }
  world.appPasswords.revoke("berta", "phone");
  expect(await conclude("right")).toBeNull();
});
