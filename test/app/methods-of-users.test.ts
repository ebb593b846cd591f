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
