import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { type ApiServer, createApiServer } from "../../../src/app/api/api-server.js";
import type { Config } from "../../../src/app/config/config.js";
import { silentLogger } from "../../../src/logger.js";
import { temporaryDirectory } from "../../support/running-node.js";
import { type ApiWorld, base64, createApiWorld } from "./world.js";

let world: ApiWorld;
let directory: ReturnType<typeof temporaryDirectory>;
let server: ApiServer | null;

beforeEach(async () => {
  world = await createApiWorld();
  directory = temporaryDirectory();
  server = null;
  writeFileSync(join(directory.path, "password"), "wort\nnot this line\n");
});
afterEach(async () => {
  await server?.stop();
  await world.close();
  directory.remove();
});

function create(settings: Partial<Config["api"]>): ApiServer | null {
  const { config } = world.sources;
  const api = {
    ...config.api,
    listen: "127.0.0.1:0",
    username: "bot",
    password_file: join(directory.path, "password"),
    ...settings,
  };
  server = createApiServer({
    ...world.sources,
    config: { ...config, api },
    directory: { certificates: directory.path },
    logger: silentLogger,
  });
  return server;
}

async function start(settings: Partial<Config["api"]>) {
  const endpoint = await create({ variant: "json", ...settings })!.start();
  return async (method: string, ...params: unknown[]) => {
    const response = await fetch(`http://127.0.0.1:${endpoint.port}/`, {
      method: "POST",
      headers: { Authorization: `Basic ${base64("bot:wort")}` },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    });
    return (await response.json()) as {
      result?: unknown;
      error?: { data: { code: number; message: string } };
    };
  };
}

test("off unless it is wished for, and then only with a name and a password", () => {
  expect(create({ listen: "off", username: "" })).toBeNull();
  expect(() => create({ username: "" })).toThrow(/^api\.username: is needed/);
  expect(() => create({ username: "a:b" })).toThrow(/^api\.username: cannot/);
  expect(() => create({ password_file: "" })).toThrow(/^api\.password_file: is needed/);
  expect(() => create({ password_file: join(directory.path, "missing") })).toThrow(/ENOENT/);
  writeFileSync(join(directory.path, "empty"), "\n");
  expect(() => create({ password_file: join(directory.path, "empty") })).toThrow(/is empty/);
});

test("among several logins it has to be said whose mail it is", async () => {
  const unclear = await start({});
  expect((await unclear("listAddresses")).error?.data).toEqual({
    code: 21,
    message: expect.stringContaining("api.user"),
  });
  await server?.stop();
  const annas = await start({ user: "anna" });
  await annas("createRandomAddress", base64("a"));
  expect((await annas("listAddresses")).result).toMatchObject({ addresses: [{ label: "a" }] });
  await server?.stop();
  expect((await (await start({ user: "berta" }))("listAddresses")).result).toEqual({ addresses: [] });
  await server?.stop();
  expect((await (await start({ user: "eve" }))("listAddresses")).error?.data.code).toBe(21);
  await server?.stop();
  world.services.users.remove("berta");
  expect((await (await start({}))("listAddresses")).result).toMatchObject({ addresses: [{ label: "a" }] });
});

test("stopping ends a search that would take days", async () => {
  const call = await start({ user: "anna" });
  const answer = call("createDeterministicAddresses", base64("x"), 999, 4, 1, true).catch(() => null);
  // The search has begun when another call is answered.
  await call("helloWorld", "a", "b");
  await server?.stop();
  const told = await answer;
  expect(told === null || told.error?.data.code === 21).toBe(true);
});
