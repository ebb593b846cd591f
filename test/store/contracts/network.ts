import { describe, expect, test } from "@jest/globals";
import { bytes, filled, hash, type MakeStores, object } from "./values.js";

const place = (expires: number, number: number) => ({ expires, hash: hash(number) });

export function networkContract(make: MakeStores): void {
  describe("inventory", () => {
    test("what is not there", () => {
      const { inventory, objectQueue } = make();
      expect(inventory.has(hash(1))).toBe(false);
      expect(inventory.read(hash(1))).toBeNull();
      expect(inventory.add([])).toEqual([]);
      expect(inventory.hashesAfter(1, place(0, 0), 9)).toEqual({ hashes: [], next: null });
      expect(inventory.totals()).toEqual({ objects: 0, bytes: 0 });
      expect(objectQueue.unprocessed(10)).toEqual([]);
      objectQueue.markProcessed([hash(1)]);
      objectQueue.markProcessed([]);
    });

    test("keeps new ones once and says which they were", () => {
      const { inventory } = make();
      expect(inventory.add([object(2), object(1), object(2)])).toEqual([hash(2), hash(1)]);
      expect(inventory.add([object(1, { bytes: bytes(9) }), object(3)])).toEqual([hash(3)]);
      expect(inventory.totals()).toEqual({ objects: 3, bytes: 60 });
      expect(inventory.has(hash(3))).toBe(true);
      const read = inventory.read(hash(1));
      expect(read).toEqual(filled(20, 1));
      expect(read?.constructor).toBe(Uint8Array);
    });

    test("keeps objects of any version that can be written, and what comes with them", () => {
      const { inventory, objectQueue } = make();
      const versions = [2 ** 53, 2 ** 63, 2 ** 64];
      const objects = versions.map((version, number) => object(number, { version }));
      expect(inventory.add([...objects, object(9)])).toHaveLength(4);
      expect(inventory.addOwn(object(8, { version: 2 ** 64 }))).toBe(true);
      expect(objectQueue.unprocessed(9)).toHaveLength(5);
    });

    test("hashes of a stream, page by page, by expiry and hash", () => {
      const { inventory } = make();
      const expiring = [4, 3, 2, 1].map((number) => object(number, { expires: number < 4 ? 99 : 100 }));
      inventory.add([...expiring, object(5, { stream: 2 })]);
      const first = inventory.hashesAfter(1, place(98, 9), 2);
      expect(first).toEqual({ hashes: [hash(1), hash(2)], next: expect.objectContaining(place(99, 2)) });
      expect(inventory.hashesAfter(1, first.next!, 2)).toMatchObject({ hashes: [hash(3), hash(4)] });
      expect(inventory.hashesAfter(1, first.next!, 3)).toEqual({ hashes: [hash(3), hash(4)], next: null });
      expect(inventory.hashesAfter(1, place(99, 9), 9).hashes).toEqual([hash(4)]);
      expect(inventory.hashesAfter(2, place(0, 0), 9).hashes).toEqual([hash(5)]);
    });

    test("deletes what has expired, but nothing unprocessed", () => {
      const { inventory, objectQueue } = make();
      inventory.add([object(1, { expires: 10 }), object(2, { expires: 10 }), object(3, { expires: 11 })]);
      objectQueue.markProcessed([hash(1), hash(3)]);
      expect(inventory.deleteExpired(11)).toBe(1);
      expect(inventory.has(hash(1))).toBe(false);
      expect(inventory.has(hash(2))).toBe(true);
      expect(inventory.totals()).toEqual({ objects: 2, bytes: 40 });
      expect(inventory.deleteExpired(11)).toBe(0);
    });

    test("objects of ours are known as such until they have gone out", () => {
      const { inventory, objectQueue } = make();
      inventory.add([object(1)]);
      expect(inventory.addOwn(object(1))).toBe(false);
      expect(inventory.addOwn(object(3))).toBe(true);
      expect(inventory.addOwn(object(2))).toBe(true);
      expect(inventory.unsent()).toEqual([hash(3), hash(2)]);
      expect(inventory.totals()).toEqual({ objects: 3, bytes: 60 });
      expect(objectQueue.unprocessed(9)).toHaveLength(3);
      inventory.markSent([hash(3), hash(1), hash(99)]);
      inventory.markSent([]);
      expect(inventory.unsent()).toEqual([hash(2)]);
    });

    test("what is ours and published later is not looked into before it has gone out", () => {
      const { inventory, objectQueue } = make();
      const tag = filled(32, 7);
      inventory.addOwn(object(1, { type: 1, tag }), "later");
      inventory.addOwn(object(2));
      const queue = () => objectQueue.unprocessed(9).map((one) => one.hash);
      expect(queue()).toEqual([hash(2)]);
      expect(objectQueue.findByTag(1, tag, 0)).toEqual([]);
      expect(inventory.unsent()).toEqual([hash(1), hash(2)]);
      expect(inventory.read(hash(1))).toEqual(filled(20, 1));
      inventory.markSent([hash(1)]);
      expect(queue()).toEqual([hash(1), hash(2)]);
      expect(objectQueue.findByTag(1, tag, 0)).toHaveLength(1);
      inventory.addOwn(object(3, { expires: 5 }), "later");
      expect(inventory.deleteExpired(6)).toBe(1);
      expect(inventory.has(hash(3))).toBe(false);
    });

    test("makes room by expiry, but not of what is unprocessed or ours and unsent", () => {
      const { inventory, objectQueue } = make();
      inventory.add([5, 3, 4, 1, 2].map((number) => object(number, { expires: 10 + number })));
      inventory.addOwn(object(6, { expires: 1 }));
      expect(inventory.shed(1000, 9)).toEqual([]);
      objectQueue.markProcessed([1, 2, 4, 5, 6].map(hash));
      expect(inventory.shed(21, 9)).toEqual([place(11, 1), place(12, 2)]);
      expect(inventory.totals()).toEqual({ objects: 4, bytes: 80 });
      expect(inventory.shed(1000, 1)).toEqual([place(14, 4)]);
      expect(inventory.shed(0, 9)).toEqual([]);
      expect(inventory.shed(1000, 9)).toEqual([place(15, 5)]);
      inventory.markSent([hash(6)]);
      expect(inventory.shed(1, 9)).toEqual([place(1, 6)]);
      expect(inventory.totals()).toEqual({ objects: 1, bytes: 20 });
      expect(inventory.has(hash(1))).toBe(false);
      expect(inventory.add([object(1)])).toEqual([hash(1)]);
    });

    test("the queue: oldest first, until processed, and back again", () => {
      const { inventory, objectQueue } = make();
      inventory.add([object(5), object(4)]);
      inventory.add([object(6)]);
      const hashes = (limit: number) => objectQueue.unprocessed(limit).map((one) => one.hash);
      expect(hashes(2)).toEqual([hash(5), hash(4)]);
      objectQueue.markProcessed([hash(5)]);
      expect(hashes(9)).toEqual([hash(4), hash(6)]);
      objectQueue.markUnprocessed([hash(5), hash(99)]);
      expect(hashes(9)).toEqual([hash(5), hash(4), hash(6)]);
      expect(objectQueue.unprocessed(1)[0]?.bytes).toEqual(filled(20, 5));
      expect(inventory.add([object(5)])).toEqual([]);
    });

    test("is gone through again in pages: those of one type that have been looked at", () => {
      const { inventory, objectQueue } = make();
      inventory.add([1, 2, 3, 4, 5].map((number) => object(number, { type: number === 3 ? 3 : 2 })));
      objectQueue.markProcessed([hash(1), hash(3), hash(4), hash(5)]);
      const first = objectQueue.processedAfter(2, 0, 3);
      expect(first.objects.map((one) => one.hash)).toEqual([hash(1)]);
      const second = objectQueue.processedAfter(2, first.last!, 3);
      expect(second.objects).toMatchObject([
        { hash: hash(4), bytes: filled(20, 4) },
        { hash: hash(5), position: second.last },
      ]);
      expect(objectQueue.processedAfter(2, second.objects[0]!.position, 3).objects).toHaveLength(1);
      expect(objectQueue.processedAfter(2, second.last!, 3)).toEqual({ objects: [], last: null });
    });

    test("finds by type and tag what has not expired", () => {
      const { inventory, objectQueue } = make();
      const tag = filled(32, 7);
      inventory.add([
        object(1, { type: 1, tag }),
        object(2, { type: 1, tag, expires: 5 }),
        object(3, { tag }),
      ]);
      inventory.add([object(4, { type: 1, tag: filled(32, 8) }), object(5, { type: 0x746f72 })]);
      expect(objectQueue.findByTag(1, tag, 5)).toEqual([filled(20, 1)]);
      expect(objectQueue.findByTag(1, tag, 4)).toEqual([filled(20, 1), filled(20, 2)]);
      expect(objectQueue.findByTag(1, filled(32, 9), 0)).toEqual([]);
    });

    test("what is handed in and out is not shared", () => {
      const { inventory } = make();
      const mine = filled(4, 1);
      inventory.add([object(1, { bytes: mine })]);
      mine.fill(9);
      inventory.read(hash(1))?.fill(8);
      expect(inventory.read(hash(1))).toEqual(filled(4, 1));
    });
  });

  describe("known nodes", () => {
    const node = {
      host: "10.0.0.1",
      port: 8444,
      stream: 1,
      services: 2n ** 64n - 1n,
      lastSeen: 5,
      rating: -0.5,
    };

    test("saving replaces everything", () => {
      const { knownNodes } = make();
      expect(knownNodes.load()).toEqual([]);
      const first = { ...node, self: false };
      const second = { ...node, port: 1, self: true };
      knownNodes.save([first, second]);
      expect(knownNodes.load()).toEqual([second, first]);
      knownNodes.save([
        { ...first, rating: 1 },
        { ...first, rating: 0.25 },
      ]);
      expect(knownNodes.load()).toEqual([{ ...first, rating: 0.25 }]);
      knownNodes.save([]);
      expect(knownNodes.load()).toEqual([]);
    });
  });
}
