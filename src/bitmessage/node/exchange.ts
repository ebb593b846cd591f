import type { Logger } from "../../logger.js";
import type { InventoryHash } from "../protocol/inventory-hash.js";
import { decodeError } from "../protocol/messages/error.js";
import { readGetdata, readInv, type Vectors } from "../protocol/messages/inv.js";
import { ObjectType } from "../protocol/object.js";
import type { Packet } from "../protocol/packet.js";
import {
  type AddressPolicy,
  encodeAddresses,
  learnAddresses,
  learnOnionpeer,
  readAddresses,
} from "./addresses.js";
import type { Announcements } from "./announcements.js";
import type { Dandelion } from "./dandelion.js";
import type { Downloads } from "./downloads.js";
import { inventoryPortions } from "./inventory-portions.js";
import { KeyedBudgets } from "./keyed-budgets.js";
import type { KnownNodes } from "./known-nodes.js";
import type { ObjectIntake } from "./object-intake.js";
import type { OwnObjects } from "./own-objects.js";
import type { Peer } from "./peer.js";
import type { Inventory, InventoryPlace } from "./ports.js";
import type { Scheduler } from "./scheduler.js";
import type { Shedding } from "./shedding.js";
import type { SlicedWork } from "./sliced-work.js";
import { cleanText } from "./text.js";
import type { Uploads } from "./uploads.js";

export interface ExchangeOptions {
  readonly inventory: Inventory;
  readonly knownNodes: KnownNodes;
  readonly addressPolicy: AddressPolicy;
  readonly downloads: Downloads<Peer>;
  readonly uploads: Uploads<Peer>;
  readonly announcements: Announcements<Peer>;
  readonly dandelion: Dandelion<Peer>;
  readonly intake: ObjectIntake;
  readonly ownObjects: OwnObjects;
  readonly shedding: Shedding;
  readonly scheduler: Scheduler;
  readonly work: SlicedWork;
  /** Seconds without requests after objects could not be kept. */
  readonly storePause: number;
  /** Seconds without requests while the inventory is over its limit. */
  readonly sheddingPause: number;
  /** Unix seconds */
  readonly clock: () => number;
  readonly logger: Logger;
  /** New objects have been kept. */
  onObjectsAdded(hashes: readonly InventoryHash[]): void;
}

const EMPTY = new Uint8Array(0);
const STREAM = 1;
/**
 * Entries of addr packets taken from a network: enough for the exchange at the beginning. Nobody fills our list of nodes alone (section 20),
 * however often they hang up and come again.
 */
const ADDRESSES = { burst: 1000, perSecond: 0.1 };
/** Vectors that are looked up at once. */
const SLICE = 1000;
/**
 * Each transaction waits for the disk. The next one begins after so many times what the last one took, beyond a moment, and keeps
 * what has come until then; at most so many seconds later.
 */
const KEEP_PAUSE = { times: 10, moment: 0.001, longest: 0.25 };
/** Seconds. */
const SAME_ADDRESSES = 60;
/** Objects that are not waited with. */
const KEEP_AT_ONCE = 1000;

/** What established peers say to each other (PROTOCOL.md sections 4 and 7). */
export class Exchange {
  readonly #options: ExchangeOptions;
  objectsReceived = 0;
  readonly #addressBudgets = new KeyedBudgets(ADDRESSES);
  /** Objects accepted and not yet kept, and who has them. */
  readonly #unkept = new Map<InventoryHash, ReadonlySet<Peer>>();
  /** Nodes that new peers are told of, and when others are chosen, in seconds on the monotonic clock. */
  #told: readonly Uint8Array[] = [];
  #tellNewAt = Number.NEGATIVE_INFINITY;
  /** When the next transaction may begin, in seconds on the monotonic clock. */
  #keepAt = Number.NEGATIVE_INFINITY;
  #willKeep = false;
  /** Whether the packet in hand counts against its peer's budgets: the objects that we have asked for do not. */
  #hasSpent = false;

  readonly #commands: ReadonlyMap<string, (peer: Peer, payload: Uint8Array) => void> = new Map([
    ["addr", (peer, payload) => this.#addr(peer, payload)],
    ["inv", (peer, payload) => this.#inv(peer, payload, "inv")],
    ["dinv", (peer, payload) => this.#inv(peer, payload, "dinv")],
    ["getdata", (peer, payload) => this.#getdata(peer, payload)],
    ["object", (peer, payload) => this.#object(peer, payload)],
    ["ping", (peer) => peer.connection.send("pong", EMPTY)],
    ["error", (peer, payload) => this.#error(peer, payload)],
    ["version", (peer) => this.#offend(peer, "second version")],
    // The empty command stands for a malformed command field (section 2).
    ["", (peer) => this.#offend(peer, "bad_command_padding")],
  ]);

  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  /** The connection has been established: both sides tell what they know (section 7.1). */
  join(peer: Peer): void {
    const { inventory, clock, downloads, uploads, announcements } = this.#options;
    const { dandelion } = this.#options;
    for (const payload of this.#addresses()) peer.connection.send("addr", payload);
    downloads.join(peer);
    uploads.join(peer);
    const portions = inventoryPortions(inventory, STREAM, Math.floor(clock()));
    announcements.join(peer, () => portions()?.filter((hash) => !dandelion.hides(hash)) ?? null);
    dandelion.join(peer, peer.takesStems ? "stem" : "other");
  }

  /** The same for all who come within a minute: choosing takes long, and whoever comes again and again need not hear of all nodes. */
  #addresses(): readonly Uint8Array[] {
    const { knownNodes, addressPolicy, scheduler } = this.#options;
    if (scheduler.now() >= this.#tellNewAt) {
      this.#told = encodeAddresses(knownNodes, addressPolicy);
      if (this.#told.length > 0) this.#tellNewAt = scheduler.now() + SAME_ADDRESSES;
    }
    return this.#told;
  }

  leave(peer: Peer): void {
    this.#keep();
    this.#options.downloads.leave(peer);
    this.#options.uploads.leave(peer);
    this.#options.announcements.leave(peer);
    this.#options.dandelion.leave(peer);
  }

  /**
   * Unknown commands, pong, verack and portcheck are passed over.
   * @throws ProtocolError for a payload that cannot be read
   */
  packet(peer: Peer, { command, payload }: Packet): void {
    if (command !== "object") this.#spend(peer, payload);
    this.#commands.get(command)?.(peer, payload);
    if (this.#hasSpent) this.#restrain(peer);
  }

  #spend(peer: Peer, payload: Uint8Array): void {
    this.#hasSpent = true;
    peer.spend("packets", 1);
    peer.spend("bytes", payload.length);
  }

  /** Does not listen to a peer that has sent too much of what we have not asked for. */
  #restrain(peer: Peer): void {
    this.#hasSpent = false;
    const { scheduler, logger } = this.#options;
    const seconds = peer.overdraft(scheduler.now());
    if (seconds <= 0) return;
    logger.debug("peer over its budget", { peer: peer.connection.address, seconds });
    scheduler.after(seconds, peer.connection.hold());
  }

  /** The packets of one read are through: what they brought is kept and announced, at once or, while much comes, very soon. */
  readDone(peer: Peer): void {
    this.#keepSoon();
    this.#options.downloads.refill(peer);
  }

  #keepSoon(): void {
    const { scheduler } = this.#options;
    const wait = this.#keepAt - scheduler.now();
    if (wait <= 0 || this.#unkept.size >= KEEP_AT_ONCE) this.#keep();
    else if (this.#unkept.size > 0 && !this.#willKeep) {
      this.#willKeep = true;
      scheduler.after(wait, () => this.#keep());
    }
  }

  /** Keeps what has been accepted. */
  #keep(): void {
    const { intake, scheduler, logger } = this.#options;
    this.#willKeep = false;
    if (this.#unkept.size === 0) return;
    let added: readonly InventoryPlace[];
    const began = scheduler.now();
    try {
      added = intake.flush();
    } catch (error) {
      logger.error("objects could not be kept", { error: String(error) });
      this.#askAgainLater();
      return;
    } finally {
      const now = scheduler.now();
      const pause = KEEP_PAUSE.times * (now - began - KEEP_PAUSE.moment);
      this.#keepAt = now + Math.min(KEEP_PAUSE.longest, pause);
    }
    this.#unkept.clear();
    if (added.length > 0) this.#kept(added);
  }

  #kept(added: readonly InventoryPlace[]): void {
    const { announcements, dandelion, shedding } = this.#options;
    this.objectsReceived += added.length;
    const open = added.filter(({ hash }) => !dandelion.arrived(hash));
    announcements.add(open.filter(({ expires }) => !shedding.isShortLived(expires)).map(({ hash }) => hash));
    this.#options.onObjectsAdded(added.map(({ hash }) => hash));
    this.#makeRoom();
  }

  #makeRoom(): void {
    const { shedding, downloads, sheddingPause } = this.#options;
    shedding.check();
    if (shedding.isFull) downloads.suspend(sheddingPause);
  }

  /** To be called every so often. */
  tick(): void {
    this.#makeRoom();
    this.#options.downloads.tick();
  }

  /** Such as when the disk is full: the peers still have the objects, and are asked for them when there may be room. */
  #askAgainLater(): void {
    const { downloads, storePause } = this.#options;
    downloads.suspend(storePause);
    for (const [hash, holders] of this.#unkept) {
      for (const holder of holders) downloads.announced(holder, [hash]);
    }
    this.#unkept.clear();
  }

  drained(peer: Peer): void {
    this.#options.announcements.drained(peer);
    this.#options.uploads.drained(peer);
  }

  #addr(peer: Peer, payload: Uint8Array): void {
    const { knownNodes, addressPolicy, clock, scheduler } = this.#options;
    const entries = readAddresses(payload);
    const { addressSource } = peer.connection;
    const granted = this.#addressBudgets.take(addressSource, entries.length, scheduler.now());
    learnAddresses(entries.slice(0, granted), knownNodes, addressPolicy, clock());
  }

  /** Long lists are taken slice by slice, and the peer's next packet waits for the end. */
  #each(peer: Peer, vectors: Vectors, take: (hashes: readonly InventoryHash[]) => void): void {
    if (vectors.left <= SLICE) {
      take(vectors.take(SLICE));
      return;
    }
    const release = peer.connection.hold();
    this.#options.work.add(() => {
      let hasMore = false;
      try {
        take(vectors.take(SLICE));
        hasMore = vectors.left > 0 && peer.connection.state === "established";
      } finally {
        if (!hasMore) release();
      }
      return hasMore ? "more" : "done";
    });
  }

  #inv(peer: Peer, payload: Uint8Array, command: "inv" | "dinv"): void {
    this.#each(peer, readInv(payload), (hashes) => this.#announced(peer, hashes, command));
  }

  #getdata(peer: Peer, payload: Uint8Array): void {
    const vectors = readGetdata(payload);
    const wanted = new Set<InventoryHash>();
    const most = this.#options.uploads.room(peer);
    this.#each(peer, vectors, (hashes) => {
      for (const hash of hashes) if (wanted.size < most) wanted.add(hash);
      // Not before the end: what is named twice is sent once.
      if (vectors.left === 0) this.#options.uploads.requested(peer, wanted);
    });
  }

  #announced(peer: Peer, hashes: readonly InventoryHash[], command: "inv" | "dinv"): void {
    const { inventory, announcements, downloads, dandelion, ownObjects, shedding } = this.#options;
    const unseen: InventoryHash[] = [];
    if (hashes.some((hash) => this.#unkept.has(hash))) this.#keep();
    for (const hash of hashes) {
      // A hidden object is asked for as if it were not here.
      const isSeen = !dandelion.hides(hash) && inventory.has(hash);
      if (isSeen) {
        if (announcements.isPending(hash)) peer.noteKnown(hash);
        ownObjects.wentOut(hash);
      } else if (!shedding.hasShed(hash)) {
        unseen.push(hash);
        if (command === "dinv") dandelion.heard(peer, hash);
        else dandelion.heardOpenly(hash);
      }
    }
    downloads.announced(peer, unseen);
  }

  #object(peer: Peer, payload: Uint8Array): void {
    const { intake, downloads } = this.#options;
    const result = intake.take(payload);
    const { wasAsked, holders } = downloads.received(peer, result.hash);
    if (!wasAsked) {
      this.#spend(peer, payload);
      peer.spend("objects", 1);
    }
    for (const holder of holders) holder.noteKnown(result.hash);
    if (result.verdict === "accept") {
      peer.connection.objectsGiven += 1;
      this.#unkept.set(result.hash, new Set([peer, ...holders]));
    }
    peer.noteKnown(result.hash);
    if (result.verdict === "ignore" && result.reason === "duplicate") {
      const { dandelion, ownObjects } = this.#options;
      dandelion.cameAgain(result.hash);
      if (!dandelion.hides(result.hash)) ownObjects.wentOut(result.hash);
    }
    if (result.verdict === "reject") this.#offend(peer, result.reason);
    else if (result.verdict === "accept" && result.type === ObjectType.onionpeer) {
      const { knownNodes, addressPolicy, clock } = this.#options;
      learnOnionpeer(payload, knownNodes, addressPolicy, clock());
    }
  }

  #offend(peer: Peer, reason: string): void {
    this.#options.logger.debug("peer misbehaves", { peer: peer.connection.address, reason });
    peer.offend(reason, this.#options.scheduler.now());
  }

  #error(peer: Peer, payload: Uint8Array): void {
    const { severity, text } = decodeError(payload);
    const fields = { peer: peer.connection.address, severity, text: cleanText(text) };
    this.#options.logger.debug("peer reports an error", fields);
  }
}
