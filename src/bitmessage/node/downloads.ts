import type { InventoryHash } from "../protocol/inventory-hash.js";
import type { NodeTimings } from "./timings.js";

/** A peer that objects can be asked of. */
export interface DownloadSource {
  /** Whether we have called it ourselves. */
  readonly isChosen: boolean;
  requestObjects(hashes: readonly InventoryHash[]): void;
}

export interface DownloadLimits {
  /** Objects asked of one peer and not yet come (PROTOCOL.md section 7.4), */
  readonly inFlight: number;
  /** and of one that has kept delivering quickly: PyBitmessage looks for requests every two seconds only. */
  readonly inFlightMost: number;
  /** Announced vectors remembered per peer. */
  readonly unseenPerPeer: number;
  /**
   * Announced vectors remembered of all peers that we have called, and as many of all others; each gets an equal share. However many come in,
   * what the former announce, once, is not passed over.
   */
  readonly unseen: number;
}

export const DOWNLOAD_LIMITS: DownloadLimits = {
  inFlight: 1000,
  inFlightMost: 8000,
  unseenPerPeer: 50_000,
  unseen: 400_000,
};

/** Seconds in which half of a full window has to come for it to be doubled. */
const QUICK = 5;

interface SourceState {
  readonly joined: number;
  /** What the peer announced and we do not have, with the time of the announcement. */
  readonly unseen: Map<InventoryHash, number>;
  /** What it has been asked for, with the time of the request, oldest first. */
  readonly asked: Map<InventoryHash, number>;
  /** What it was asked for in vain. */
  readonly tried: Set<InventoryHash>;
  delivered: number;
  deliveredBefore: number;
  /** Rounds of requests in a row that brought nothing at all. */
  barren: number;
  /** Objects that may be on their way. */
  window: number;
  /** When the window was last full. */
  filled: number;
  /** Whether something has come since it was last asked. */
  hasDelivered: boolean;
}

/**
 * Who is asked for which object (PROTOCOL.md section 7.4): each vector of one peer at a time, again of another after a silence,
 * and of the same when it is the only one. A peer that announces and never delivers is asked for ever less.
 */
export class Downloads<Source extends DownloadSource> {
  readonly #sources = new Map<Source, SourceState>();
  readonly #askedOf = new Map<InventoryHash, Source>();
  /** How many have announced each vector and have not been asked for it in vain. */
  readonly #untried = new Map<InventoryHash, number>();
  readonly #limits: DownloadLimits;
  readonly #timings: NodeTimings;
  readonly #now: () => number;
  #sweptAt: number;
  #suspendedUntil = Number.NEGATIVE_INFINITY;

  /** @param now seconds on a monotonic clock */
  constructor(options: { limits: DownloadLimits; timings: NodeTimings; now: () => number }) {
    this.#limits = options.limits;
    this.#timings = options.timings;
    this.#now = options.now;
    this.#sweptAt = options.now();
  }

  /** Objects asked for and not yet come. */
  get pending(): number {
    return this.#askedOf.size;
  }

  join(source: Source): void {
    this.#sources.set(source, {
      joined: this.#now(),
      unseen: new Map(),
      asked: new Map(),
      tried: new Set(),
      delivered: 0,
      deliveredBefore: 0,
      barren: 0,
      window: this.#limits.inFlight,
      filled: Number.NEGATIVE_INFINITY,
      hasDelivered: false,
    });
    this.#trim(source);
  }

  /** Room for a newcomer: those like it keep no more than their share. */
  #trim(newcomer: Source): void {
    const limit = this.#share(newcomer);
    for (const [source, state] of this.#sources) {
      if (source.isChosen !== newcomer.isChosen || state.unseen.size <= limit) continue;
      for (const hash of [...state.unseen.keys()].slice(limit))
        if (!state.asked.has(hash)) this.#drop(state, hash);
    }
  }

  #share(one: Source): number {
    let count = 0;
    for (const source of this.#sources.keys()) if (source.isChosen === one.isChosen) count += 1;
    return Math.min(this.#limits.unseenPerPeer, Math.floor(this.#limits.unseen / count));
  }

  /** What the peer was asked for is free to be asked of others at the next tick. */
  leave(source: Source): void {
    const state = this.#sources.get(source);
    if (state === undefined) return;
    this.#sources.delete(source);
    for (const hash of state.asked.keys()) this.#askedOf.delete(hash);
    for (const hash of state.unseen.keys()) if (!state.tried.has(hash)) this.#countUntried(hash, -1);
  }

  /** @param hashes vectors that we do not have; those over the limit are not remembered */
  announced(source: Source, hashes: Iterable<InventoryHash>): void {
    const state = this.#sources.get(source);
    if (state === undefined) return;
    const limit = this.#share(source);
    const now = this.#now();
    const fresh: InventoryHash[] = [];
    for (const hash of hashes) {
      if (state.unseen.size >= limit) break;
      if (state.unseen.has(hash)) continue;
      state.unseen.set(hash, now);
      this.#countUntried(hash, 1);
      fresh.push(hash);
    }
    // What was announced before has its turn when something comes, or at the next tick: to go through it costs time.
    this.#fill(source, state, fresh);
  }

  /**
   * The object came, wanted or not, useful or not: nobody is asked for it any more. Returns whether that peer had been asked for
   * it, and the peers that had announced it.
   */
  received(from: Source, hash: InventoryHash): { wasAsked: boolean; holders: Source[] } {
    const sender = this.#sources.get(from);
    const wasAsked = sender?.asked.has(hash) ?? false;
    if (sender !== undefined && wasAsked) {
      sender.delivered += 1;
      sender.hasDelivered = true;
      sender.barren = 0;
    }
    return { wasAsked, holders: this.settle(hash) };
  }

  /** Nobody is asked for it any more, as it is here. Returns the peers that had announced it. */
  settle(hash: InventoryHash): Source[] {
    const holders: Source[] = [];
    for (const [source, state] of this.#sources) {
      if (!state.unseen.delete(hash)) continue;
      state.asked.delete(hash);
      state.tried.delete(hash);
      holders.push(source);
    }
    this.#askedOf.delete(hash);
    this.#untried.delete(hash);
    return holders;
  }

  /** Nobody is asked for anything for so many seconds. */
  suspend(seconds: number): void {
    this.#suspendedUntil = this.#now() + seconds;
  }

  /** Asks for more when enough of the last request has come. */
  refill(source: Source): void {
    const state = this.#sources.get(source);
    if (state?.hasDelivered) this.#fill(source, state, state.unseen.keys());
  }

  /** Gives up requests that were not answered, forgets what never came, and asks again. */
  tick(): void {
    const now = this.#now();
    for (const state of this.#sources.values()) this.#expire(state, now);
    if (now - this.#sweptAt > this.#timings.requestForget / 60) {
      this.#sweptAt = now;
      for (const state of this.#sources.values()) this.#forget(state, now);
    }
    // Those whom we have called come first: others may announce everything, to keep it from us for a while each.
    for (const isFirst of [true, false]) {
      for (const [source, state] of this.#sources) {
        if (source.isChosen === isFirst) this.#fill(source, state, state.unseen.keys());
      }
    }
  }

  #expire(state: SourceState, now: number): void {
    const isNew = state.delivered === 0 && now - state.joined < this.#timings.earlyPeriod;
    const patience = isNew ? this.#timings.earlyRetry : this.#timings.requestRetry;
    let expired = 0;
    for (const [hash, time] of state.asked) {
      if (now - time < patience) break;
      expired += 1;
      this.#release(state, hash);
      if (!state.tried.has(hash)) this.#countUntried(hash, -1);
      state.tried.add(hash);
      // To the back, so that vectors that nobody delivers do not stand before the others.
      const announced = state.unseen.get(hash);
      state.unseen.delete(hash);
      if (announced !== undefined) state.unseen.set(hash, announced);
    }
    if (expired === 0) return;
    state.window = this.#limits.inFlight;
    state.filled = Number.NEGATIVE_INFINITY;
    if (!isNew && state.delivered === state.deliveredBefore) state.barren += 1;
    state.deliveredBefore = state.delivered;
  }

  #release(state: SourceState, hash: InventoryHash): void {
    state.asked.delete(hash);
    this.#askedOf.delete(hash);
  }

  #forget(state: SourceState, now: number): void {
    for (const [hash, announced] of state.unseen) {
      // What it has not been asked for yet, as while the disk is full, is not forgotten: it is announced once.
      if (now - announced < this.#timings.requestForget || !state.tried.has(hash)) continue;
      if (state.asked.has(hash)) this.#release(state, hash);
      this.#drop(state, hash);
    }
  }

  #drop(state: SourceState, hash: InventoryHash): void {
    if (!state.tried.delete(hash)) this.#countUntried(hash, -1);
    state.unseen.delete(hash);
  }

  #fill(source: Source, state: SourceState, candidates: Iterable<InventoryHash>): void {
    const now = this.#now();
    state.hasDelivered = false;
    if (now < this.#suspendedUntil || state.asked.size > windowOf(state) / 2) return;
    if (now - state.filled < QUICK) state.window = Math.min(this.#limits.inFlightMost, 2 * state.window);
    const hashes: InventoryHash[] = [];
    const room = windowOf(state) - state.asked.size;
    for (const hash of candidates) {
      if (hashes.length === room) break;
      if (this.#askedOf.has(hash)) continue;
      // Others come first.
      if (state.tried.has(hash) && this.#untried.has(hash)) continue;
      hashes.push(hash);
    }
    if (hashes.length === 0) return;
    state.filled = hashes.length === room ? now : Number.NEGATIVE_INFINITY;
    for (const hash of hashes) {
      state.asked.set(hash, now);
      this.#askedOf.set(hash, source);
    }
    source.requestObjects(hashes);
  }

  #countUntried(hash: InventoryHash, step: number): void {
    const count = (this.#untried.get(hash) ?? 0) + step;
    if (count > 0) this.#untried.set(hash, count);
    else this.#untried.delete(hash);
  }
}

function windowOf({ window, barren }: SourceState): number {
  return Math.max(1, Math.floor(window / 10 ** barren));
}
