/** The control methods among several users: each in its name has only what is its own, whatever is asked. */
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { loadConfig } from "../../src/app/config/load.js";
import { type ControlMethods, callMethod } from "../../src/app/control/messages.js";
import { createMailCommands } from "../../src/app/mail-commands.js";
import { createMethods } from "../../src/app/methods/methods.js";
import { createServices, type Services } from "../../src/app/services.js";
import { silentLogger } from "../../src/logger.js";
import { type Database, openDatabase } from "../../src/store/database.js";
import { createSqliteStores } from "../../src/store/sqlite/stores.js";
import type { Stores } from "../../src/store/stores.js";
import { addressOf } from "../gateway/world.js";

let database: Database;
let stores: Stores;
let services: Services;
let methods: ControlMethods;
const bob = addressOf("bob");

beforeEach(async () => {
  database = openDatabase(":memory:");
  stores = createSqliteStores(database);
  const config = loadConfig({ file: null, environment: {}, assignments: ["network.name=test"] });
  const solver = {
    solve: () => new Promise<never>(() => {}),
    status: () => ({ engine: "none", threads: 0, trialsPerSecond: 1000, waiting: 0, working: false }),
    close: async () => {},
  };
  const publisher = { publish: () => "hash" as never };
  const commands = createMailCommands(() => methods);
  services = createServices({ config, stores, solver, publisher, commands, logger: silentLogger });
  const around = { services, stores, config, status: null, backUp: async () => null };
  methods = createMethods(around as never);
  for (const user of ["anna", "berta"]) await call("setup", { user, password: "pässword", identity: user });
});

afterEach(async () => {
  await services.stop();
  database.close();
});

// biome-ignore lint/suspicious/noExplicitAny: the results of methods are what they print
function call(method: string, params: Readonly<Record<string, unknown>>): Promise<any> {
  return callMethod(methods, { id: 0, method, params });
}

async function everything(user: string): Promise<unknown> {
  const lists = ["identity.list", "chan.list", "subscription.list", "contact.list", "queue.list"];
  return Promise.all(lists.map((list) => call(list, { user })));
}

test("nothing of one is seen, changed, sent or taken by the other", async () => {
  const [{ address }] = await call("identity.list", { user: "anna" });
  const chan = await call("chan.join", { passphrase: "general", user: "anna" });
  await call("subscription.add", { address: bob, user: "anna" });
  await call("contact.add", { address: bob, label: "Bob", user: "anna" });
  const sent = await call("send", { from: address, to: bob, subject: "x", body: "y", user: "anna" });
  const before = await everything("anna");
  expect(await everything("berta")).toEqual([[expect.objectContaining({ label: "berta" })], [], [], [], []]);
  const wrong: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
    ["identity.label", { address, label: "hers" }],
    ["identity.enable", { address }],
    ["identity.disable", { address }],
    ["identity.remove", { address }],
    ["identity.export", { address }],
    ["chan.leave", { address: chan.address }],
    ["subscription.remove", { address: bob }],
    ["contact.remove", { address: bob }],
    ["queue.show", { id: sent.id }],
    ["queue.cancel", { id: sent.id }],
    ["queue.retry", { id: sent.id }],
    ["send", { from: address, to: bob, subject: "", body: "" }],
    ["send", { from: chan.address, to: bob, subject: "", body: "" }],
  ];
  for (const [method, params] of wrong) {
    const outcome = call(method, { ...params, user: "berta" }).then(
      () => "done",
      (error: Error) => error.name,
    );
    expect([method, await outcome]).toEqual([method, "CommandError"]);
  }
  expect(await everything("anna")).toEqual(before);
  await call("contact.block", { address: bob, user: "berta" });
  expect(await everything("anna")).toEqual(before);
});

test("what several have needs a name; what one has does not", async () => {
  const [{ address }] = await call("identity.list", { user: "anna" });
  const { address: chan } = await call("chan.join", { passphrase: "general", user: "anna", label: "one" });
  await call("chan.join", { passphrase: "general", user: "berta", label: "two" });
  await expect(call("chan.join", { passphrase: "other" })).rejects.toMatchObject({ kind: "wrong-use" });
  await expect(call("chan.leave", { address: chan })).rejects.toMatchObject({ kind: "wrong-use" });
  await expect(call("chan.leave", { address: chan, user: "carl" })).rejects.toThrow(/no login carl/);
  expect(await call("identity.label", { address, label: "Anna" })).toMatchObject({
    user: "anna",
    label: "Anna",
  });
  await call("identity.label", { address: chan, label: "Square", user: "berta" });
  const folders = (user: string) => stores.mailboxes.list(user).map(({ name }) => name);
  expect(folders("anna")).toContain("Chans/one");
  expect(folders("berta")).toContain("Chans/Square");
  await call("chan.leave", { address: chan, user: "anna" });
  expect(await call("chan.leave", { address: chan })).toEqual({ user: "berta", address: chan });
});

test("a login with chans and subscriptions may go; one with an address of its own may not", async () => {
  const [{ address }] = await call("identity.list", { user: "anna" });
  for (const user of ["anna", "berta"]) {
    await call("chan.join", { passphrase: "general", user });
    await call("subscription.add", { address: bob, user });
  }
  await expect(call("user.remove", { name: "anna" })).rejects.toThrow(/identities/);
  await call("identity.remove", { address });
  await call("user.remove", { name: "anna" });
  expect(await call("chan.list", {})).toMatchObject([{ user: "berta" }]);
  expect(await call("subscription.list", {})).toMatchObject([{ user: "berta" }]);
  expect(stores.mailboxes.list("anna")).toEqual([]);
});

test("app passwords are made, listed and revoked for one login alone; wrong ones are explained", async () => {
  const made = await call("app-password.add", { user: "anna", label: "phone", services: ["imap", "imap"] });
  expect(made).toMatchObject({
    label: "phone",
    services: ["imap"],
    password: expect.stringMatching(/^\w{5}-/),
  });
  const origin = { service: "imap", remoteAddress: "192.0.2.1" } as const;
  const logIn = (username: string, password: string) =>
    services.logins.authenticate({ username, password, ...origin });
  expect(await logIn("anna", made.password)).toEqual({ name: "anna", appPassword: "phone" });
  expect(await logIn("berta", made.password)).toBeNull();
  const [listed] = await call("app-password.list", { user: "anna" });
  expect(listed).toMatchObject({ label: "phone", last_service: "imap", last_address: "192.0.2.1" });
  expect(JSON.stringify(listed)).not.toContain(made.password);
  expect(await call("app-password.list", { user: "berta" })).toEqual([]);
  for (const [params, text] of [
    [{ user: "berta", label: "phone" }, "has no app password"],
    [{ user: "carl", label: "phone" }, "no login"],
    [{ label: "phone" }, "several logins"],
  ] as const)
    await expect(call("app-password.revoke", params)).rejects.toThrow(text);
  await expect(call("app-password.add", { user: "anna", label: "x", services: ["pop3"] })).rejects.toThrow(
    "write",
  );
  await call("app-password.revoke", { user: "anna", label: "phone" });
  expect(await logIn("anna", made.password)).toBeNull();
});

test("wrong passwords are listed, and a lock-out is lifted", async () => {
  for (let count = 0; count < 2; count++)
    await services.logins.guarded("anna", { service: "web", remoteAddress: "192.0.2.1" }, async () => null);
  expect(await call("user.list", {})).toEqual([
    { name: "anna", app_passwords: 0, failures: [{ source: "192.0.2.1", failures: 2, locked_for: 0 }] },
    { name: "berta", app_passwords: 0, failures: [] },
  ]);
  await call("user.unlock", { name: "anna" });
  expect(await call("user.list", {})).toMatchObject([{ failures: [] }, { failures: [] }]);
  await expect(call("user.unlock", { name: "carl" })).rejects.toThrow("no login");
});

test("the queue: the newest of one's own, however many others have sent; what is still to be done", async () => {
  const [anna, berta] = await Promise.all(
    ["anna", "berta"].map(async (user) => (await call("identity.list", { user }))[0].address as string),
  );
  const send = (user: string, from: string | undefined, subject: string) =>
    call("send", { from, to: bob, subject, body: "", user });
  for (const subject of ["first", "second", "third"]) await send("anna", anna, subject);
  for (let count = 0; count < 20; count++) await send("berta", berta, "hers");
  const all = await call("queue.list", { user: "anna" });
  expect(all.map(({ subject }: { subject: string }) => subject)).toEqual(["third", "second", "first"]);
  expect(await call("queue.list", { user: "anna", limit: 2 })).toEqual(all.slice(0, 2));
  await call("queue.cancel", { id: all[1].id, user: "anna" });
  expect(await call("queue.list", { user: "anna", scope: "active" })).toMatchObject([
    { subject: "third" },
    { subject: "first" },
  ]);
  await expect(call("queue.list", { limit: 0 })).rejects.toThrow();
});
