import type { InventoryHash } from "../protocol/inventory-hash.js";
import type { Scheduler } from "./scheduler.js";
import type { SlicedWork } from "./sliced-work.js";

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
/** Requests remembered in all, beyond which no peer may have more than its equal share of as many. */
const MAX_REQUESTS_IN_ALL = 500_000;
/** Objects and bytes sent to one peer before others have their turn. */
const SLICE_OBJECTS = 20;
const SLICE_BYTES = 131_072;

/**
 * Seconds that an object takes to reach everybody (PROTOCOL.md section 7.6). @param step seconds from one node to the next
 */
export function spreadTime(knownNodes: number, step: number): number {
  return Math.ceil(Math.log(knownNodes + 2) / Math.log(20)) * step;
}

interface Requests {
  /** Being answered. */
  current: Set<InventoryHash>;
  /** Waiting until `readyAt`. */
  next: Set<InventoryHash>;
  /** Seconds on the monotonic clock. */
  readyAt: number;
}

/**
 * Objects that peers asked for, each sent while not too much waits to be sent to its peer. Who comes newly is answered only after the
 * time that an object takes to reach everybody, and so is who has asked for what is not there: nobody can find out by asking which
 * node has an object first (PROTOCOL.md section 7.6). Unknown vectors are skipped in silence. Own objects and those of others
 * take the same way.
 */
export class Uploads<Target extends UploadTarget> {
  readonly #requests = new Map<Target, Requests>();
  readonly #scheduled = new Set<Target>();
  readonly #read: (target: Target, hash: InventoryHash) => Uint8Array | null;
  readonly #onSent: (hash: InventoryHash) => void;
  readonly #spreadTime: () => number;
  readonly #scheduler: Scheduler;
  readonly #work: SlicedWork;
  sent = 0;

  /**
   * @param options.read the object, if it is there and the peer may see that
   * @param options.onSent the object has been handed to a peer's connection
   * @param options.spreadTime seconds that an object takes to reach everybody
   */
  constructor(options: {
    read: (target: Target, hash: InventoryHash) => Uint8Array | null;
    onSent: (hash: InventoryHash) => void;
    spreadTime: () => number;
    scheduler: Scheduler;
    work: SlicedWork;
  }) {
    this.#read = options.read;
    this.#onSent = options.onSent;
    this.#spreadTime = options.spreadTime;
    this.#scheduler = options.scheduler;
    this.#work = options.work;
  }

  join(target: Target): void {
    const readyAt = this.#scheduler.now() + this.#spreadTime();
    this.#requests.set(target, { current: new Set(), next: new Set(), readyAt });
  }

  leave(target: Target): void {
    this.#requests.delete(target);
  }

  requested(target: Target, hashes: Iterable<InventoryHash>): void {
    const requests = this.#requests.get(target);
    if (requests === undefined) return;
    const { current, next, readyAt } = requests;
    const queue = this.#scheduler.now() < readyAt ? next : current;
    const most = this.room(target) + current.size + next.size;
    for (const hash of hashes) {
      if (current.size + next.size >= most) break;
      if (!current.has(hash)) queue.add(hash);
    }
    this.#schedule(target, requests);
  }

  /** How many more requests of a peer can be remembered. */
  room(target: Target): number {
    const requests = this.#requests.get(target);
    if (requests === undefined) return 0;
    let left = MAX_REQUESTS_IN_ALL;
    for (const { current, next } of this.#requests.values()) left -= current.size + next.size;
    const own = requests.current.size + requests.next.size;
    const share = Math.floor(MAX_REQUESTS_IN_ALL / this.#requests.size);
    return Math.max(0, Math.min(MAX_REQUESTS - own, Math.max(left, share - own)));
  }

  /** To be called when everything that waited has been sent. */
  drained(target: Target): void {
    const requests = this.#requests.get(target);
    if (requests !== undefined) this.#schedule(target, requests);
  }

  #schedule(target: Target, { current, next, readyAt }: Requests): void {
    if (this.#scheduled.has(target) || current.size + next.size === 0) return;
    this.#scheduled.add(target);
    const wait = current.size > 0 ? 0 : Math.max(0, readyAt - this.#scheduler.now());
    this.#scheduler.after(wait, () => {
      this.#work.add(() => {
        const requests = this.#requests.get(target);
        let next: "more" | "done" = "done";
        try {
          if (requests !== undefined) next = this.#serve(target, requests);
        } finally {
          if (next === "done") this.#scheduled.delete(target);
        }
        // The rest follows when the backlog has drained.
        const isOpen = next === "done" && target.backlog < UPLOAD_BACKLOG;
        if (requests !== undefined && isOpen) this.#schedule(target, requests);
        return next;
      });
    });
  }

  /** One slice; whether the next one can follow at once. */
  #serve(target: Target, requests: Requests): "more" | "done" {
    if (requests.current.size === 0 && this.#scheduler.now() >= requests.readyAt) {
      requests.current = requests.next;
      requests.next = new Set();
    }
    let [objects, bytes] = [0, 0];
    for (const hash of requests.current) {
      if (target.backlog >= UPLOAD_BACKLOG) return "done";
      if (objects === SLICE_OBJECTS || bytes >= SLICE_BYTES) return "more";
      requests.current.delete(hash);
      const object = this.#read(target, hash);
      objects += 1;
      bytes += object?.length ?? 0;
      if (object === null) requests.readyAt = this.#scheduler.now() + this.#spreadTime();
      else this.#send(target, hash, object);
    }
    return "done";
  }

  #send(target: Target, hash: InventoryHash, object: Uint8Array): void {
    this.sent += 1;
    target.sendObject(object);
    this.#onSent(hash);
  }
}
