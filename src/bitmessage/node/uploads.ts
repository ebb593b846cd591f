import type { InventoryHash } from "../protocol/inventory-hash.js";
import type { Scheduler } from "./scheduler.js";

/** A peer that objects are sent to. */
export interface UploadTarget {
  /** Bytes that wait to be sent to it. */
  readonly backlog: number;
  sendObject(object: Uint8Array): void;
}

/** Bytes that may wait to be sent while more objects are read (PROTOCOL.md section 7.5). */
export const UPLOAD_BACKLOG = 2 * 1024 * 1024;
/** Requests remembered per peer; further ones are dropped, as PyBitmessage drops them at times: peers ask again. */
const MAX_REQUESTS = 100_000;
/** Objects sent to one peer before others have their turn. */
const TURN = 100;

/** Objects that peers asked for, each sent while not too much waits to be sent to its peer. Unknown vectors are skipped in silence. */
export class Uploads<Target extends UploadTarget> {
  readonly #requests = new Map<Target, Set<InventoryHash>>();
  readonly #scheduled = new Set<Target>();
  readonly #read: (hash: InventoryHash) => Uint8Array | null;
  readonly #scheduler: Scheduler;
  sent = 0;

  constructor(options: { read: (hash: InventoryHash) => Uint8Array | null; scheduler: Scheduler }) {
    this.#read = options.read;
    this.#scheduler = options.scheduler;
  }

  join(target: Target): void {
    this.#requests.set(target, new Set());
  }

  leave(target: Target): void {
    this.#requests.delete(target);
  }

  requested(target: Target, hashes: readonly InventoryHash[]): void {
    const requests = this.#requests.get(target);
    if (requests === undefined) return;
    for (const hash of hashes) {
      if (requests.size >= MAX_REQUESTS) break;
      requests.add(hash);
    }
    this.#schedule(target);
  }

  /** To be called when everything that waited has been sent. */
  drained(target: Target): void {
    if ((this.#requests.get(target)?.size ?? 0) > 0) this.#schedule(target);
  }

  #schedule(target: Target): void {
    if (this.#scheduled.has(target)) return;
    this.#scheduled.add(target);
    this.#scheduler.after(0, () => {
      this.#scheduled.delete(target);
      this.#serve(target);
    });
  }

  #serve(target: Target): void {
    const requests = this.#requests.get(target);
    if (requests === undefined) return;
    let turn = 0;
    for (const hash of requests) {
      // The rest follows when the backlog has drained.
      if (target.backlog >= UPLOAD_BACKLOG) return;
      if (turn === TURN) {
        this.#schedule(target);
        return;
      }
      turn += 1;
      requests.delete(hash);
      const object = this.#read(hash);
      if (object === null) continue;
      this.sent += 1;
      target.sendObject(object);
    }
  }
}
