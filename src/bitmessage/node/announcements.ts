import type { InventoryHash } from "../protocol/inventory-hash.js";
import { splitInv } from "../protocol/messages/inv.js";
import type { RandomBytes } from "../protocol/random.js";
import type { Scheduler } from "./scheduler.js";
import { shuffle } from "./shuffle.js";
import type { SlicedWork } from "./sliced-work.js";
import { UPLOAD_BACKLOG } from "./uploads.js";

/** A peer that new objects are announced to. */
export interface AnnouncementTarget {
  /** Bytes that wait to be sent to it. */
  readonly backlog: number;
  /** Whether the peer has announced the object to us, or we to it. */
  knows(hash: InventoryHash): boolean;
  noteKnown(hash: InventoryHash): void;
  /** One inv packet. */
  announceObjects(hashes: readonly InventoryHash[]): void;
}

/** At most as many vectors as one inv may have; null: there are no more. */
export type NextPortion = () => readonly InventoryHash[] | null;

const QUEUES = 10;

/**
 * Tells peers of new objects (PROTOCOL.md section 7.7): each waits in one of ten queues, chosen at random, which are emptied in
 * turn; so nobody can tell from the time which objects are our own.
 */
export class Announcements<Target extends AnnouncementTarget> {
  /** The peers, with what brings the next portion of the inventory that they have still to be told of. */
  readonly #targets = new Map<Target, NextPortion | null>();
  /** Those whose next portion is on its way. */
  readonly #telling = new Set<Target>();
  readonly #queues: Set<InventoryHash>[] = Array.from({ length: QUEUES }, () => new Set());
  readonly #scheduler: Scheduler;
  readonly #work: SlicedWork;
  readonly #random: RandomBytes;
  readonly #delay: number;
  #next = 0;
  #running = false;

  /** @param options.delay seconds that an announcement waits at most */
  constructor(options: {
    scheduler: Scheduler;
    work: SlicedWork;
    random: RandomBytes;
    delay: number;
  }) {
    this.#scheduler = options.scheduler;
    this.#work = options.work;
    this.#random = options.random;
    this.#delay = options.delay;
  }

  /**
   * A new peer is told of the whole inventory (section 7.1), one portion after the other as it takes them, but for what waits here: whoever
   * came again and again would know at once what others are told after a delay.
   */
  join(target: Target, inventory: NextPortion): void {
    this.#targets.set(target, inventory);
    this.drained(target);
  }

  leave(target: Target): void {
    this.#targets.delete(target);
  }

  /** Continues to tell a new peer of the inventory when what waited has been sent. */
  drained(target: Target): void {
    if (this.#telling.has(target) || !this.#isToBeTold(target)) return;
    this.#telling.add(target);
    this.#work.add(() => {
      let hasMore = false;
      try {
        if (this.#isToBeTold(target)) this.#tellPortion(target);
        hasMore = this.#isToBeTold(target);
      } finally {
        if (!hasMore) this.#telling.delete(target);
      }
      return hasMore ? "more" : "done";
    });
  }

  #isToBeTold(target: Target): boolean {
    return (this.#targets.get(target) ?? null) !== null && target.backlog < UPLOAD_BACKLOG;
  }

  #tellPortion(target: Target): void {
    const portion = this.#targets.get(target)?.() ?? null;
    if (portion === null) this.#targets.set(target, null);
    else {
      const told = portion.filter((hash) => !this.isPending(hash));
      target.announceObjects(shuffle(told, this.#random));
    }
  }

  /** Announces new objects, each after a random delay. */
  add(hashes: readonly InventoryHash[]): void {
    // Drawn at once, as in `shuffle`: one by one they are a tenth of the work of receiving.
    const bytes = this.#random(4 * hashes.length);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    hashes.forEach((hash, index) => {
      this.#queues[Math.floor((view.getUint32(4 * index) / 2 ** 32) * QUEUES)]!.add(hash);
    });
    this.#run();
  }

  isPending(hash: InventoryHash): boolean {
    return this.#queues.some((queue) => queue.has(hash));
  }

  #run(): void {
    if (this.#running || this.#queues.every((queue) => queue.size === 0)) return;
    this.#running = true;
    this.#scheduler.after(this.#delay / QUEUES, () => {
      this.#running = false;
      this.#next = (this.#next + 1) % QUEUES;
      this.#empty(this.#queues[this.#next]!);
      this.#run();
    });
  }

  #empty(queue: Set<InventoryHash>): void {
    if (queue.size === 0) return;
    const hashes = [...queue];
    queue.clear();
    for (const target of this.#targets.keys()) {
      const news = hashes.filter((hash) => !target.knows(hash));
      for (const hash of news) target.noteKnown(hash);
      for (const portion of splitInv(shuffle(news, this.#random))) target.announceObjects(portion);
    }
  }
}
