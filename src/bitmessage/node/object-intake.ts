import type { ProtocolErrorCode } from "../protocol/errors.js";
import { type InventoryHash, inventoryHash } from "../protocol/inventory-hash.js";
import { objectTag } from "../protocol/object.js";
import { checkObject } from "../protocol/object-check.js";
import type { Difficulty } from "../protocol/pow-target.js";
import type { Inventory, InventoryObject, InventoryPlace } from "./ports.js";

export interface IntakeOptions {
  readonly inventory: Inventory;
  readonly streams: readonly number[];
  /** The least work of an object. */
  readonly minimum: Difficulty;
  /** Unix seconds */
  readonly clock: () => number;
}

export type IntakeResult =
  | { readonly verdict: "accept"; readonly hash: InventoryHash; readonly type: number }
  | {
      readonly verdict: "ignore" | "reject";
      readonly hash: InventoryHash;
      readonly reason: ProtocolErrorCode;
    };

/**
 * Objects on their way into the inventory (PROTOCOL.md section 17.1). Those accepted are gathered and kept together, in one
 * transaction, when the packets of one read are through.
 */
export class ObjectIntake {
  readonly #options: IntakeOptions;
  #accepted = new Map<InventoryHash, InventoryObject>();

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** Checks an object as it came from a peer. */
  take(object: Uint8Array): IntakeResult {
    const { inventory, streams, minimum, clock } = this.#options;
    const result = checkObject(object, {
      now: Math.floor(clock()),
      streams,
      minimum,
      has: (hash) => this.#accepted.has(hash) || inventory.has(hash),
    });
    if (result.verdict !== "accept") {
      return { verdict: result.verdict, hash: inventoryHash(object), reason: result.reason };
    }
    const { header, hash } = result;
    const { type, version, stream, expires } = header;
    this.#accepted.set(hash, {
      hash,
      type,
      version,
      stream,
      expires,
      tag: objectTag(object, header),
      bytes: object,
    });
    return { verdict: "accept", hash, type };
  }

  /** Keeps what has been accepted; returns what is new. Throws what the inventory throws; the objects are then dropped. */
  flush(): readonly InventoryPlace[] {
    if (this.#accepted.size === 0) return [];
    const accepted = this.#accepted;
    this.#accepted = new Map();
    return this.#options.inventory.add([...accepted.values()]).map((hash) => accepted.get(hash)!);
  }
}
