import type { InventoryHash } from "../protocol/inventory-hash.js";
import { type RandomBytes, randomBelow } from "../protocol/random.js";
import type { Scheduler } from "./scheduler.js";
import { Stems } from "./stems.js";
import type { NodeTimings } from "./timings.js";

/** A peer that stem objects may be announced to. */
export interface StemTarget {
  noteKnown(hash: InventoryHash): void;
  /** One inv packet: whoever gets it tells everybody. */
  announceObjects(hashes: readonly InventoryHash[]): void;
  /** One dinv packet: whoever gets it tells one other. */
  announceStem(hashes: readonly InventoryHash[]): void;
}

export interface DandelionOptions {
  /** How many of a hundred objects go on along the stem rather than being told by inv; 0: no stems. */
  readonly percent: number;
  readonly timings: Pick<NodeTimings, "announceDelay" | "stemLeast" | "stemMean" | "stemReshuffle">;
  readonly scheduler: Scheduler;
  readonly random: RandomBytes;
  /** The object may be told to everybody. */
  fluff(hash: InventoryHash): void;
}

interface HiddenObject<Target> {
  readonly source: Target | "ourselves";
  /** `asked`: announced by dinv and not yet here; `late`: ours, to be published later; `stem`: here, and on its way. */
  phase: "asked" | "late" | "stem";
  /** The one peer that may know. */
  child: Target | null;
  told: boolean;
  renewals: number;
  /** There have been peers, and no stem: it waits for one a single time, however many such peers come. */
  hasAwaited: boolean;
  /** Who announced it by dinv while it was to be published later; null where it was not, or was announced openly as well. */
  heardFrom: Target | null;
  cancelDeadline: () => void;
  cancelTelling: () => void;
}

/** Announcements by dinv of objects that are not here yet, of one peer and in all; beyond that dinv counts as inv. */
const MAX_ASKED_OF_PEER = 200;
const MAX_ASKED = 50_000;
/** New deadlines for an object that lost its stem: stems that die in turn must not hold it back for ever. */
const MAX_RENEWALS = 3;

/**
 * The objects that only one peer may know of (PROTOCOL.md section 8.2): they go from node to node along a stem, until one of these
 * tells everybody. Nobody else is told or given them. Each leaves this phase by itself: by its deadline, by coming in again, or at
 * once where there is no stem.
 */
export class Dandelion<Target extends StemTarget> {
  readonly #options: DandelionOptions;
  readonly #objects = new Map<InventoryHash, HiddenObject<Target>>();
  readonly #stems: Stems<Target>;
  #peers = 0;
  #asked = 0;
  readonly #askedOf = new Map<Target, number>();

  constructor(options: DandelionOptions) {
    this.#options = options;
    this.#stems = new Stems(options.random);
  }

  get isOn(): boolean {
    return this.#options.percent > 0;
  }

  start(): void {
    if (!this.isOn) return;
    this.#options.scheduler.every(this.#options.timings.stemReshuffle, () => this.#stems.reshuffle());
  }

  /** @param role `stem` for an outbound peer with service bit 8 */
  join(target: Target, role: "stem" | "other"): void {
    this.#peers += 1;
    if (this.isOn && role === "stem") this.#stems.join(target);
    for (const [hash, object] of this.#objects) {
      if (object.phase !== "stem" || object.child !== null) continue;
      if (this.#stems.childOf(object.source) !== null) this.#rehome(hash, object);
      else this.#awaitStem(hash, object);
    }
  }

  leave(target: Target): void {
    this.#peers -= 1;
    this.#stems.leave(target);
    for (const [hash, object] of this.#objects) {
      if (object.child === target) this.#rehome(hash, object);
      // Nobody else will bring it as a secret.
      else if (object.phase === "asked" && object.source === target) this.#remove(hash);
    }
  }

  /** An object of ours, which is in the inventory. */
  publish(hash: InventoryHash): void {
    if (this.hides(hash)) return;
    this.#takeAsked(hash);
    this.#enter(hash, "ourselves");
  }

  /** The same after a random time of up to so many seconds, and as if it were not there until then. */
  publishLater(hash: InventoryHash, longest: number): void {
    if (this.hides(hash)) return;
    const heardFrom = this.#takeAsked(hash);
    const object = this.#put(hash, "ourselves", "late");
    object.heardFrom = heardFrom;
    object.cancelTelling = this.#options.scheduler.after(longest * this.#fraction(), () => {
      this.#objects.delete(hash);
      this.#enter(hash, "ourselves");
    });
  }

  /** A peer announced by dinv what is not here, or what nobody may see. */
  heard(source: Target, hash: InventoryHash): void {
    if (!this.isOn) return;
    const known = this.#objects.get(hash);
    if (known?.phase === "late") known.heardFrom ??= source;
    const count = this.#askedOf.get(source) ?? 0;
    if (known !== undefined || count >= MAX_ASKED_OF_PEER || this.#asked >= MAX_ASKED) return;
    const object = this.#put(hash, source, "asked");
    this.#asked += 1;
    this.#askedOf.set(source, count + 1);
    object.cancelDeadline = this.#options.scheduler.after(this.#lifetime(), () => this.#remove(hash));
  }

  /** A peer announced it by inv: what is not here is no secret when it comes. */
  heardOpenly(hash: InventoryHash): void {
    const known = this.#objects.get(hash);
    if (known?.phase === "late") known.heardFrom = null;
    else if (known?.phase === "asked") this.#remove(hash);
  }

  /** A new object is in the inventory. Returns whether it goes on along a stem: others announce it if not. */
  arrived(hash: InventoryHash): boolean {
    const source = this.#takeAsked(hash);
    if (source === null) return false;
    this.#enter(hash, source);
    return true;
  }

  /** Who announced by dinv what was not here, and is by now; null: nobody. */
  #takeAsked(hash: InventoryHash): Target | null {
    const object = this.#objects.get(hash);
    if (object?.phase !== "asked" || object.source === "ourselves") return null;
    this.#remove(hash);
    return object.source;
  }

  /**
   * An object that is here has come in again: the stem is a circle, or somebody has told everybody. With one of ours that is to be published
   * later we do what those do who never had it: whoever wrote a message could send its acknowledgement to all nodes, and see who keeps it back.
   */
  cameAgain(hash: InventoryHash): void {
    const object = this.#objects.get(hash);
    if (object?.phase === "late" && object.heardFrom !== null) {
      this.#remove(hash);
      this.#enter(hash, object.heardFrom);
    } else if (object?.phase === "late" || object?.phase === "stem") this.#fluff(hash);
  }

  /** Whether the inventory has it and nobody may see that. */
  hides(hash: InventoryHash): boolean {
    const phase = this.#objects.get(hash)?.phase;
    return phase === "stem" || phase === "late";
  }

  maySee(target: Target, hash: InventoryHash): boolean {
    const object = this.#objects.get(hash);
    return object === undefined || (object.phase === "stem" && object.told && object.child === target);
  }

  #enter(hash: InventoryHash, source: Target | "ourselves"): void {
    // Without any peer there is nobody to tell; the first one may be a stem.
    const mayStem = this.isOn && (this.#peers === 0 || this.#stems.childOf(source) !== null);
    const object = this.#put(hash, source, "stem");
    if (!mayStem) {
      this.#fluff(hash);
      return;
    }
    this.#setDeadline(hash, object);
    this.#rehome(hash, object);
  }

  #put(
    hash: InventoryHash,
    source: Target | "ourselves",
    phase: HiddenObject<Target>["phase"],
  ): HiddenObject<Target> {
    const nothing = () => {};
    const object = {
      source,
      phase,
      child: null,
      told: false,
      renewals: 0,
      hasAwaited: false,
      heardFrom: null,
      cancelDeadline: nothing,
      cancelTelling: nothing,
    };
    this.#objects.set(hash, object);
    return object;
  }

  #setDeadline(hash: InventoryHash, object: HiddenObject<Target>): void {
    object.cancelDeadline();
    object.cancelDeadline = this.#options.scheduler.after(this.#lifetime(), () => this.#isDue(hash, object));
  }

  #isDue(hash: InventoryHash, object: HiddenObject<Target>): void {
    if (this.#peers > 0 || object.source !== "ourselves") {
      this.#fluff(hash);
      return;
    }
    // Whoever came first later would be told of it alone, and know whose it is.
    object.hasAwaited = false;
    this.#setDeadline(hash, object);
  }

  /** There are peers, and none can be a stem: it does not wait long for one. */
  #awaitStem(hash: InventoryHash, object: HiddenObject<Target>): void {
    if (object.hasAwaited) return;
    object.hasAwaited = true;
    object.cancelDeadline();
    object.cancelDeadline = this.#options.scheduler.after(this.#options.timings.announceDelay, () =>
      this.#isDue(hash, object),
    );
  }

  /** Gives an object its stem, if there is one, who is told after a random delay like that of all announcements. */
  #rehome(hash: InventoryHash, object: HiddenObject<Target>): void {
    const { scheduler, timings } = this.#options;
    object.cancelTelling();
    object.told = false;
    object.child = this.#stems.childOf(object.source);
    if (object.child === null) return;
    if (object.renewals < MAX_RENEWALS) this.#setDeadline(hash, object);
    object.renewals += 1;
    object.cancelTelling = scheduler.after(timings.announceDelay * this.#fraction(), () =>
      this.#tell(hash, object),
    );
  }

  #tell(hash: InventoryHash, object: HiddenObject<Target>): void {
    const { percent, random } = this.#options;
    object.told = true;
    object.child?.noteKnown(hash);
    if (1 + randomBelow(100, random) >= percent) object.child?.announceObjects([hash]);
    else object.child?.announceStem([hash]);
  }

  #fluff(hash: InventoryHash): void {
    this.#remove(hash);
    this.#options.fluff(hash);
  }

  #remove(hash: InventoryHash): void {
    const object = this.#objects.get(hash);
    if (object === undefined) return;
    object.cancelDeadline();
    object.cancelTelling();
    this.#objects.delete(hash);
    if (object.phase !== "asked" || object.source === "ourselves") return;
    this.#asked -= 1;
    const left = (this.#askedOf.get(object.source) ?? 1) - 1;
    if (left > 0) this.#askedOf.set(object.source, left);
    else this.#askedOf.delete(object.source);
  }

  /** Seconds: at least `stemLeast`, and an exponentially distributed time beyond. */
  #lifetime(): number {
    const { stemLeast, stemMean } = this.#options.timings;
    return stemLeast - stemMean * Math.log(1 - this.#fraction());
  }

  /** From 0 up to, not including, 1. */
  #fraction(): number {
    return randomBelow(2 ** 32, this.#options.random) / 2 ** 32;
  }
}
