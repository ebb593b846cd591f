import type { Inventory } from "../../bitmessage/node/ports.js";
import type { InventoryHash } from "../../bitmessage/protocol/inventory-hash.js";
import { ObjectType } from "../../bitmessage/protocol/object.js";

/** How many objects of each kind have come from the network since the start. */
export interface ProcessedObjects {
  readonly messages: number;
  readonly broadcasts: number;
  readonly pubkeys: number;
}

/** Where the type stands in an object: behind nonce and expiry (PROTOCOL.md section 10.1). */
const TYPE_OFFSET = 16;

export class ObjectCounter implements ProcessedObjects {
  messages = 0;
  broadcasts = 0;
  pubkeys = 0;

  constructor(private readonly inventory: Pick<Inventory, "read">) {}

  add(hashes: readonly InventoryHash[]): void {
    for (const hash of hashes) {
      const object = this.inventory.read(hash);
      if (object === null || object.length < TYPE_OFFSET + 4) continue;
      const type = new DataView(object.buffer, object.byteOffset).getUint32(TYPE_OFFSET);
      if (type === ObjectType.msg) this.messages++;
      else if (type === ObjectType.broadcast) this.broadcasts++;
      else if (type === ObjectType.pubkey) this.pubkeys++;
    }
  }
}
