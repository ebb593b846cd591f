/** What the node needs from the rest of the house, and what it offers to it. */
import type { InventoryHash } from "../protocol/inventory-hash.js";

/** An object of the network as it is kept. */
export interface InventoryObject {
  readonly hash: InventoryHash;
  readonly type: number;
  readonly version: number;
  readonly stream: number;
  /** Unix seconds. */
  readonly expires: number;
  /** The 32 bytes after the header (PROTOCOL.md section 8.1), or null. */
  readonly tag: Uint8Array | null;
  /** The whole object, nonce included. */
  readonly bytes: Uint8Array;
}

/** A place in the order of an inventory, which need not be that of an object. */
export interface InventoryPlace {
  /** Unix seconds */
  readonly expires: number;
  readonly hash: InventoryHash;
}

export interface InventoryPage {
  readonly hashes: readonly InventoryHash[];
  /** Where the next page begins; null: this was the last. */
  readonly next: InventoryPlace | null;
}

/** The objects of the network (PROTOCOL.md section 8.1). */
export interface Inventory {
  has(hash: InventoryHash): boolean;
  /** The whole object, or null. */
  read(hash: InventoryHash): Uint8Array | null;
  /** Keeps new ones, marked unprocessed, in one transaction; returns the hashes of those that were new. */
  add(objects: readonly InventoryObject[]): readonly InventoryHash[];
  /**
   * Keeps an object of ours like the others, and that it has not gone out yet. Returns whether it was new.
   * @param when `later`: it is not looked into before it has gone out, or what it brings about here, first, would tell whose it is
   */
  addOwn(object: InventoryObject, when?: "now" | "later"): boolean;
  /** Objects of ours that have not gone out yet. */
  unsent(): readonly InventoryHash[];
  /** They have gone out: from now on they are like all others. */
  markSent(hashes: readonly InventoryHash[]): void;
  /**
   * At most so many hashes of a stream, in the order of expiry and hash, after a place in that order; nothing of the inventory
   * is held between two calls.
   */
  hashesAfter(stream: number, after: InventoryPlace, limit: number): InventoryPage;
  /** Removes what expired before this time (Unix seconds) and is not waiting to be looked into. Returns how many. */
  deleteExpired(before: number): number;
  /**
   * Makes room: removes those that expire first, until so many bytes are free or so many objects are gone, but nothing unprocessed and
   * nothing of ours that has not gone out. Returns what is gone, in the order of expiry and hash.
   */
  shed(bytes: number, limit: number): readonly InventoryPlace[];
  totals(): { readonly objects: number; readonly bytes: number };
}

/** A node that we have heard of (PROTOCOL.md section 9). */
export interface KnownNode {
  readonly host: string;
  readonly port: number;
  readonly stream: number;
  readonly services: bigint;
  /** Unix seconds. */
  readonly lastSeen: number;
  /** -1 to 1. */
  readonly rating: number;
  /** One of our own addresses: never dialled. */
  readonly self: boolean;
}

export interface KnownNodeStore {
  load(): readonly KnownNode[];
  /** Replaces everything, in one transaction. */
  save(nodes: readonly KnownNode[]): void;
}

/** Names to addresses; the system's resolver, a proxy's, or a test's. */
export type Resolver = (host: string) => Promise<readonly string[]>;

export interface PeerInfo {
  readonly address: string;
  readonly inbound: boolean;
  readonly tls: boolean;
  readonly userAgent: string;
  /** Service bits (PROTOCOL.md section 5.1). */
  readonly services: bigint;
  /** Unix seconds. */
  readonly since: number;
  readonly established: boolean;
}
