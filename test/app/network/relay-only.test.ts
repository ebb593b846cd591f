/** A node without identities that keeps and relays objects for others. */
import { afterEach, describe, expect, test } from "@jest/globals";
import { loadConfig } from "../../../src/app/config/load.js";
import { type App, createApp } from "../../../src/app/create-app.js";
import { locateDataDirectory } from "../../../src/app/data-directory.js";
import { relayInventory } from "../../../src/app/network/relay-only.js";
import { silentLogger } from "../../../src/logger.js";
import { openDatabase } from "../../../src/store/database.js";
import { createMemoryStores } from "../../../src/store/memory/stores.js";
import { createSqliteStores } from "../../../src/store/sqlite/stores.js";
import { object } from "../../store/contracts/values.js";
import { startNode, stopNodes, untilHas, untilPeers } from "../../support/node/nodes.js";
import { makeObjects } from "../../support/node/objects.js";
import { TEST_SETTINGS, temporaryDirectory } from "../../support/running-node.js";

interface Status {
  readonly inventory: { readonly objects: number };
}

const running: App[] = [];
const directories: ReturnType<typeof temporaryDirectory>[] = [];

afterEach(async () => {
  await stopNodes();
  for (const app of running.splice(0)) await app.stop();
  for (const directory of directories.splice(0)) directory.remove();
});

function place(): string {
  const directory = temporaryDirectory();
  directories.push(directory);
  return directory.path;
}

function create(path: string, ...assignments: string[]): Promise<App> {
  const sources = { file: null, environment: {}, assignments: [...TEST_SETTINGS, ...assignments] };
  const directory = locateDataDirectory(path, {});
  return createApp({ directory, config: loadConfig(sources), sources, logger: silentLogger, ask: null });
}

describe("relay only", () => {
  test("objects go on to others, nothing else listens, and nobody waits for them to be read", async () => {
    const path = place();
    const app = await create(path, "node.relay_only=true", "network.min_extra_bytes=1");
    running.push(app);
    const endpoints = await app.start();
    expect(endpoints).toMatchObject({ imap: null, smtp: null, web: null });
    const [host = "", port] = endpoints.p2p!.split(":");
    const connect = [{ host, port: Number(port) }];
    const sender = await startNode({ connect });
    await untilPeers(sender, 1);
    const hashes = sender.inventory.publish(makeObjects(5, "relayed"));
    sender.node.announce(hashes);
    const kept = async () => ((await app.methods["status"]!({})) as Status).inventory.objects;
    while ((await kept()) < 5) await new Promise((resolve) => setTimeout(resolve, 20));
    await sender.node.stop();
    await untilHas(await startNode({ connect }), hashes);
    await Promise.all(running.splice(0).map((one) => one.stop()));
    const database = openDatabase(locateDataDirectory(path, {}).database);
    expect(createSqliteStores(database).objectQueue.unprocessed(9)).toEqual([]);
    database.close();
  }, 120_000);

  test("commands about people and mail are refused", async () => {
    const app = await create(place(), "node.relay_only=true");
    running.push(app);
    for (const method of ["setup", "identity.create", "user.list", "queue.list"]) {
      expect(() => app.methods[method]?.({})).toThrow("this node relays only");
    }
  });

  test("who has identities cannot relay only", async () => {
    const path = place();
    const app = await create(path);
    await app.methods["setup"]?.({ user: "ada", password: "correct horse", identity: "Ada" });
    await app.stop();
    await expect(create(path, "node.relay_only=true")).rejects.toThrow(
      "node.relay_only: there are identities in this data directory",
    );
  });
});

test("what was in the inventory before counts as processed, and so does what comes", () => {
  const stores = createMemoryStores();
  stores.inventory.add([1, 2, 3].map((number) => object(number)));
  const inventory = relayInventory(stores);
  inventory.add([object(4)]);
  inventory.addOwn(object(5));
  expect(stores.objectQueue.unprocessed(9)).toEqual([]);
  expect(inventory.totals().objects).toBe(5);
  expect(inventory.unsent()).toHaveLength(1);
});
