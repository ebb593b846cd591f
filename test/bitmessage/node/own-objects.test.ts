import { expect, test } from "@jest/globals";
import { OwnObjects } from "../../../src/bitmessage/node/own-objects.js";
import type { InventoryHash } from "../../../src/bitmessage/protocol/inventory-hash.js";
import { MemoryInventory } from "../../support/node/memory.js";

const HASH = "ab".repeat(32) as InventoryHash;

class CountingInventory extends MemoryInventory {
  readonly sent: InventoryHash[] = [];

  override markSent(hashes: readonly InventoryHash[]): void {
    this.sent.push(...hashes);
    super.markSent(hashes);
  }
}

test("what has gone out is written down once, and nothing is written for the objects of others", () => {
  const inventory = new CountingInventory();
  let told = 0;
  const own = new OwnObjects(inventory, () => told++);
  own.wentOut(HASH);
  expect([inventory.sent, told]).toEqual([[], 0]);
  own.published(HASH);
  own.wentOut(HASH);
  own.wentOut(HASH);
  expect([inventory.sent, told]).toEqual([[HASH], 1]);
});

test("what had not gone out before a restart is known again", () => {
  const inventory = new CountingInventory();
  inventory.own.add(HASH);
  const own = new OwnObjects(inventory);
  expect(own.load()).toEqual([HASH]);
  own.wentOut(HASH);
  expect(inventory.unsent()).toEqual([]);
});
