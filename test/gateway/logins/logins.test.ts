/** Passwords and app passwords: who comes in by which, and what ends with them. */
import { beforeEach, describe, expect, test } from "@jest/globals";
import { createLogins } from "../../../src/gateway/logins/logins.js";
import { PasswordHashing } from "../../../src/gateway/logins/password-hashing.js";
import { silentLogger } from "../../../src/logger.js";
import type { Service } from "../../../src/mail/sasl.js";
import { cheapHashing, createWorld, type World } from "../world.js";

let world: World;
beforeEach(async () => {
  world = createWorld();
  await world.users.create("berta", "right");
});

function logIn(username: string, password: string, service: Service = "imap", remoteAddress = "127.0.0.1") {
  return world.logins.authenticate({ username, password, service, remoteAddress });
}

async function failures(times: number, remoteAddress = "127.0.0.1"): Promise<void> {
  for (let count = 0; count < times; count++) await logIn("berta", `wrong ${count}`, "smtp", remoteAddress);
}

describe("the login's own password", () => {
  test("failures at all servers count together, and lock out; a right one elsewhere comes in", async () => {
    for (const service of ["imap", "smtp", "carddav", "web", "api"] as const)
      await logIn("berta", "wrong", service);
    expect(world.loginWaits).toEqual([500, 1000, 2000, 4000]);
    await failures(15);
    await expect(logIn("berta", "right", "web")).rejects.toMatchObject({
      name: "LoginRefused",
      seconds: 900,
    });
    expect(await logIn("berta", "right", "web", "192.0.2.1")).toEqual({ name: "berta" });
    expect(world.logins.failures("berta")).toMatchObject([
      { source: "127.0.0.1", failures: 20, lockedFor: 900 },
    ]);
    world.loginClock.now += 900_000;
    expect(await logIn("berta", "right")).toEqual({ name: "berta" });
  });

  test("unknown names are delayed and locked out like known ones", async () => {
    for (let count = 0; count < 20; count++) expect(await logIn("nobody", "x")).toBeNull();
    await expect(logIn("nobody", "x")).rejects.toMatchObject({ name: "LoginRefused", seconds: 900 });
  });

  test("a lock-out can be lifted", async () => {
    await failures(20);
    world.logins.lift("berta");
    expect(world.logins.failures("berta")).toEqual([]);
    expect(await logIn("berta", "right")).toEqual({ name: "berta" });
  });

  test("the log tells of it, without what was typed for a password, or for a name that is none", async () => {
    const lines: string[] = [];
    const write = (text: string, fields?: unknown) => void lines.push(`${text} ${JSON.stringify(fields)}`);
    const logins = createLogins({
      ...world.stores,
      appPasswords: world.appPasswords,
      hashing: new PasswordHashing(cheapHashing),
      sourceOf: async () => ({ source: "127.0.0.1 user 7", trust: "none" }),
      guard: { maximumFailures: 2, wait: async () => {} },
      log: { ...silentLogger, warn: write },
    });
    const origin = { service: "web", remoteAddress: "127.0.0.1" } as const;
    for (const username of ["berta", "berta", "my-secret", "my-secret"])
      await logins.authenticate({ username, password: "my-secret", ...origin });
    expect(lines.join("\n")).not.toContain("secret");
    expect(lines).toContain('wrong password {"source":"127.0.0.1 user 7","service":"web","user":"berta"}');
    expect(lines).toContain(
      'locked out after wrong passwords {"source":"127.0.0.1 user 7","failures":2,"user":"berta"}',
    );
  });

  test("a password that is changed or removed while it is looked at does not let in", async () => {
    const coming = logIn("berta", "right");
    const changed = world.users.setPassword("berta", "new");
    await Promise.all([coming, changed]);
    expect(await logIn("berta", "right")).toBeNull();
    expect(await logIn("berta", "new")).toEqual({ name: "berta" });
    const late = logIn("berta", "new", "imap", "192.0.2.9");
    world.users.remove("berta");
    expect(await late).toBeNull();
  });

  test("a weaker hash is made anew with a right password, and the new one holds", async () => {
    const dearer = new PasswordHashing({ costs: [{ N: 2048, r: 8, p: 1 }], scramIterations: 5000 });
    const before = world.stores.users.get("berta")!.passwordHash;
    const logins = createLogins({
      ...world.stores,
      appPasswords: world.appPasswords,
      hashing: dearer,
      sourceOf: async () => ({ source: "x", trust: "none" }),
      log: silentLogger,
    });
    const credentials = {
      username: "berta",
      password: "right",
      service: "imap",
      remoteAddress: "x",
    } as const;
    expect(await logins.authenticate(credentials)).toEqual({ name: "berta" });
    const after = world.stores.users.get("berta")!.passwordHash;
    expect(after).toMatch(/^scrypt\$2048\$.* scram\$5000\$/);
    expect(after.split(" ")[2]).toBe(before.split(" ")[2]);
    expect(await logins.authenticate(credentials)).toEqual({ name: "berta" });
    expect(world.stores.users.get("berta")!.passwordHash).toBe(after);
    expect(await logins.authenticate({ ...credentials, password: "x" })).toBeNull();
  });
});

test("after the end nobody comes in, and nothing is looked up, whoever waits", async () => {
  const [waiting, hashing] = [logIn("berta", "right"), logIn("berta", "wrong", "smtp", "192.0.2.7")];
  const coming = logIn("nobody", "x", "web", "192.0.2.8");
  world.logins.stop();
  world.database.close();
  for (const login of [waiting, hashing, coming])
    await expect(login).rejects.toMatchObject({ name: "LoginRefused" });
});

describe("app passwords", () => {
  test("open what they are for, however they are typed, and nothing else", async () => {
    const { password, services } = await world.appPasswords.add("berta", "My phone");
    expect(services).toEqual(["imap", "smtp", "carddav"]);
    const app = { name: "berta", appPassword: "My phone" };
    for (const service of services)
      expect(await logIn("Berta", password.toUpperCase(), service)).toEqual(app);
    for (const service of ["web", "api"] as const) expect(await logIn("berta", password, service)).toBeNull();
    expect(await logIn("berta+my phone", password)).toEqual(app);
    expect(await logIn("berta+other", password)).toBeNull();
    expect(await logIn("berta+my phone", "right")).toBeNull();
    expect(await logIn("anna", password)).toBeNull();
    const { password: narrow } = await world.appPasswords.add("berta", "bot", ["api"]);
    expect(await logIn("berta", narrow, "api")).toEqual({ name: "berta", appPassword: "bot" });
    expect(await logIn("berta", narrow, "imap")).toBeNull();
  });

  test("work while others are locked out, at once", async () => {
    const { password } = await world.appPasswords.add("berta", "phone");
    await failures(20);
    world.loginWaits.length = 0;
    expect(await logIn("berta", password)).toEqual({ name: "berta", appPassword: "phone" });
    expect(world.loginWaits).toEqual([]);
  });

  test("tell their last use, written down once a minute", async () => {
    const { password } = await world.appPasswords.add("berta", "phone");
    const use = () => world.appPasswords.list("berta")[0]!.lastUse;
    expect(use()).toBeNull();
    const { now } = world.time;
    await logIn("berta", password, "imap", "192.0.2.1");
    world.time.now += 59;
    await logIn("berta", password, "imap", "192.0.2.1");
    expect(use()).toEqual({ time: now, service: "imap", address: "192.0.2.1" });
    await logIn("berta", password, "smtp", "192.0.2.1");
    expect(use()).toEqual({ time: now + 59, service: "smtp", address: "192.0.2.1" });
  });

  test("what cannot be is said in words", async () => {
    await world.appPasswords.add("berta", "phone");
    const add = (label: string, services?: Service[], user = "berta") =>
      world.appPasswords.add(user, label, services);
    await expect(add("PHONE")).rejects.toMatchObject({ code: "exists" });
    await expect(add("a+b")).rejects.toMatchObject({ code: "bad-name" });
    await expect(add("x", [])).rejects.toMatchObject({ code: "bad-name" });
    await expect(add("x", undefined, "nobody")).rejects.toMatchObject({ code: "unknown" });
    expect(() => world.appPasswords.revoke("berta", "x")).toThrow("no app password");
    expect(() => world.appPasswords.list("nobody")).toThrow("no login");
    for (let count = 1; count < 100; count++) await add(`${count}`);
    await expect(add("one more")).rejects.toMatchObject({ code: "too-many" });
  });

  test("another login of the same name later has none of them", async () => {
    const { password } = await world.appPasswords.add("berta", "phone");
    world.users.remove("berta");
    await world.users.create("berta", "other");
    expect(await logIn("berta", password)).toBeNull();
    expect(world.appPasswords.list("berta")).toEqual([]);
  });
});

describe("open sessions", () => {
  let ended: string[];
  beforeEach(() => {
    ended = [];
    const begin = (title: string, user: { name: string; appPassword?: string }) =>
      world.sessions.begin(user, (reason) => void ended.push(`${title}: ${reason}`));
    begin("own", { name: "berta" });
    begin("phone", { name: "berta", appPassword: "phone" });
    begin("other", { name: "anna" });
    begin("over", { name: "berta" })();
  });

  test("end with the password that they began with", async () => {
    await world.users.setPassword("berta", "new");
    expect(ended).toEqual(["own: The password has been changed."]);
  });

  test("end with the app password", async () => {
    await world.appPasswords.add("berta", "phone");
    world.appPasswords.revoke("berta", "Phone");
    expect(ended).toEqual(["phone: This app password has been revoked."]);
  });

  test("end with the login", () => {
    world.users.remove("berta");
    expect(ended).toEqual(["own: This login has been removed.", "phone: This login has been removed."]);
  });
});
