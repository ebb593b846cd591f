/** A node whose inventory may not grow any more, over each kind of store. */
import { afterEach, describe, expect, test } from "@jest/globals";
import type { Inventory, InventoryObject } from "../../../src/bitmessage/node/ports.js";
import { type InventoryHash, inventoryHash } from "../../../src/bitmessage/protocol/inventory-hash.js";
import { decodeGetdata, decodeInv, encodeInv } from "../../../src/bitmessage/protocol/messages/inv.js";
import { parseObjectHeader } from "../../../src/bitmessage/protocol/object.js";
import { type Database, openDatabase } from "../../../src/store/database.js";
import { createMemoryStores } from "../../../src/store/memory/stores.js";
import { createSqliteStores } from "../../../src/store/sqlite/stores.js";
import type { Stores } from "../../../src/store/stores.js";
import { startNode, stopNodes, type TestNode, until } from "../../support/node/nodes.js";
import { makeObject } from "../../support/node/objects.js";
import { RawPeer } from "../../support/node/raw-peer.js";

const open: Database[] = [];

afterEach(async () => {
  await stopNodes();
  for (const database of open.splice(0)) database.close();
});

function sqlite(): Stores {
  const database = openDatabase(":memory:");
  open.push(database);
  return createSqliteStores(database);
}

const NOW = Math.floor(Date.now() / 1000);
const LIMIT = 50_000;
/** Objects of a thousand bytes. */
const SIZE = 978;

let made = 0;

function objectExpiring(seconds: number): Uint8Array {
  made += 1;
  const payload = new Uint8Array(SIZE);
  new DataView(payload.buffer).setUint32(0, made);
  return makeObject({ expires: NOW + seconds, payload });
}

function kept(bytes: Uint8Array): InventoryObject {
  const { type, version, stream, expires } = parseObjectHeader(bytes);
  return { hash: inventoryHash(bytes), type, version, stream, expires, tag: null, bytes };
}

/** A peer that delivers what it is asked for. */
async function supplier(node: TestNode): Promise<{ peer: RawPeer; offer(objects: Uint8Array[]): void }> {
  const peer = await RawPeer.established(node);
  const objects = new Map<InventoryHash, Uint8Array>();
  void (async () => {
    while (!peer.isClosed) {
      const asked = await peer.next("getdata");
      for (const hash of decodeGetdata(asked.payload)) {
        const object = objects.get(hash);
        if (object !== undefined) peer.send("object", object);
      }
    }
  })().catch(() => {});
  return {
    peer,
    offer(offered) {
      for (const object of offered) objects.set(inventoryHash(object), object);
      peer.send("inv", encodeInv(offered.map(inventoryHash)));
    },
  };
}

async function start(stores: Stores, processing: "at once" | "never" = "at once") {
  const inventory: Inventory = stores.inventory;
  const node = await startNode({ inventory, maxInventory: LIMIT, timings: { sheddingPause: 0.05 } });
  if (processing === "at once")
    node.node.onObjectsAdded((hashes) => stores.objectQueue.markProcessed(hashes));
  let added = 0;
  node.node.onObjectsAdded((hashes) => {
    added += hashes.length;
  });
  return { inventory, node, added: () => added };
}

describe.each([
  ["in SQLite", sqlite],
  ["in memory", () => createMemoryStores()],
])("a full inventory %s", (_, makeStores) => {
  test("gives up what expires first, and does not ask for it again", async () => {
    const { inventory, node } = await start(makeStores());
    const { peer, offer } = await supplier(node);
    const objects = Array.from({ length: 150 }, (_, index) => objectExpiring(1000 + 10 * index));
    for (let first = 0; first < 150; first += 25) {
      offer(objects.slice(first, first + 25));
      await until(() => inventory.has(inventoryHash(objects[first + 24]!)));
    }
    await until(() => inventory.totals().bytes <= LIMIT);
    expect(inventory.totals().objects).toBeGreaterThan(40);
    const left = objects.map((object) => inventory.has(inventoryHash(object)));
    // Nothing that expires earlier is kept at the cost of what expires later.
    expect(left.slice(left.indexOf(true)).every(Boolean)).toBe(true);
    const shed = objects.filter((_, index) => !left[index]).map(inventoryHash);
    const requests = peer.received.length;
    peer.send("inv", encodeInv(shed));
    peer.send("ping");
    await peer.next("pong");
    expect(peer.received.slice(requests).map(({ command }) => command)).not.toContain("getdata");
    expect(inventory.totals().objects).toBe(left.filter(Boolean).length);
  });

  test("an object of ours stays until others have it", async () => {
    const stores = makeStores();
    const own = objectExpiring(100);
    stores.inventory.addOwn(kept(own));
    stores.objectQueue.markProcessed([inventoryHash(own)]);
    const { inventory, node, added } = await start(stores);
    const { peer, offer } = await supplier(node);
    offer(Array.from({ length: 60 }, () => objectExpiring(5000)));
    await until(() => added() === 60);
    await until(() => inventory.totals().bytes <= LIMIT);
    expect(inventory.has(inventoryHash(own))).toBe(true);
    peer.send("getdata", encodeInv([inventoryHash(own)]));
    await peer.next("object");
    expect(inventory.unsent()).toEqual([]);
    offer(Array.from({ length: 30 }, () => objectExpiring(6000)));
    await until(() => !inventory.has(inventoryHash(own)));
  });

  test("takes no more while nothing may go, and goes on when it may", async () => {
    const stores = makeStores();
    const { inventory, node } = await start(stores, "never");
    const { peer, offer } = await supplier(node);
    offer(Array.from({ length: 80 }, () => objectExpiring(1000)));
    await until(() => inventory.totals().bytes > LIMIT);
    const later = objectExpiring(2000);
    peer.send("ping");
    await peer.next("pong");
    offer([later]);
    peer.send("ping");
    await peer.next("pong");
    expect(inventory.has(inventoryHash(later))).toBe(false);
    stores.objectQueue.markProcessed(stores.objectQueue.unprocessed(1000).map(({ hash }) => hash));
    await until(() => inventory.has(inventoryHash(later)));
    await until(() => inventory.totals().bytes <= LIMIT);
  });

  test("peers are not told of what will be gone at once", async () => {
    const { inventory, node, added } = await start(makeStores());
    const { offer } = await supplier(node);
    const listener = await RawPeer.established(node);
    offer(Array.from({ length: 60 }, () => objectExpiring(5000)));
    await until(() => added() === 60);
    await until(() => inventory.totals().bytes <= LIMIT);
    const brief = objectExpiring(100);
    const lasting = objectExpiring(9000);
    offer([brief, lasting]);
    const told = new Set<InventoryHash>();
    while (!told.has(inventoryHash(lasting))) {
      for (const hash of decodeInv((await listener.next("inv")).payload)) told.add(hash);
    }
    expect(told.has(inventoryHash(brief))).toBe(false);
  });
});

describe("an object of ours that has not gone out", () => {
  test("is hidden again after a restart, and told along a stem", async () => {
    const stores = sqlite();
    const own = objectExpiring(1000);
    stores.inventory.addOwn(kept(own));
    const timings = { stemLeast: 1000, announceDelay: 0.01 };
    const stem = await startNode({ dandelion: 100 });
    const node = await startNode({
      inventory: stores.inventory,
      dandelion: 100,
      timings,
      connect: [{ host: stem.host, port: stem.port }],
    });
    const stranger = await RawPeer.established(node);
    await until(() => stem.inventory.has(inventoryHash(own)));
    stranger.send("getdata", encodeInv([inventoryHash(own)]));
    stranger.send("ping");
    await stranger.next("pong");
    expect(stranger.commands()).not.toContain("inv");
    expect(stranger.commands()).not.toContain("object");
    expect(stores.inventory.unsent()).toEqual([inventoryHash(own)]);
    // It has gone out when somebody else tells of it.
    stranger.send("object", own);
    await until(() => stores.inventory.unsent().length === 0);
  });
});
