/** Takes the objects that the node has kept, looks into them one after the other, and delivers what is for us. */
import { performance } from "node:perf_hooks";
import { setImmediate } from "node:timers/promises";
import type { Logger } from "../../logger.js";
import { ProtocolError } from "../protocol/errors.js";
import type { InventoryHash } from "../protocol/inventory-hash.js";
import { ObjectType, parseObjectHeader } from "../protocol/object.js";
import type { Difficulty } from "../protocol/pow-target.js";
import { SLICE_MILLISECONDS } from "./agenda.js";
import { Backoff, LONGEST_BACKOFF } from "./backoff.js";
import { FollowedBroadcasters } from "./followed.js";
import { Keyring } from "./keyring.js";
import { LONGEST_TTL } from "./next-action.js";
import type { Clock, MessageSink, MessagingStores, Publisher, Timer } from "./ports.js";
import type { PubkeyPublisher } from "./pubkey-publisher.js";
import {
  type AwaitingOutbox,
  type Outcome,
  type QueuedObject,
  type ReceiveContext,
  refused,
} from "./receive.js";
import { receiveAck } from "./receive-ack.js";
import { receiveBroadcast } from "./receive-broadcast.js";
import { receiveGetpubkey } from "./receive-getpubkey.js";
import { receiveMsg } from "./receive-msg.js";
import { receivePubkey } from "./receive-pubkey.js";
import { createSecondLooks, type SecondLooks } from "./second-look.js";
import type { TrialPool } from "./trial-pool.js";

export interface InboxOptions {
  readonly stores: MessagingStores;
  readonly sink: MessageSink;
  readonly outbox: AwaitingOutbox;
  readonly pubkeyPublisher: Pick<PubkeyPublisher, "request">;
  /** For the acknowledgements inside messages. */
  readonly publisher: Publisher;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly minimum: Difficulty;
  /** Those that the node serves; [1] unless told. */
  readonly streams?: readonly number[];
  /** Threads that try keys; without them all is done on this one. */
  readonly trialPool?: TrialPool;
  readonly logger: Logger;
}

export interface Inbox {
  start(): void;
  /** Resolves when the object in hand is done with. */
  stop(): Promise<void>;
  /** There are new objects in the queue. */
  wake(): void;
  /** What could not be delivered, and what pauses, is tried again now. */
  resume(): void;
  /** Resolves when nothing is left that can be done now. */
  idle(): Promise<void>;
  /** Identities have been added, changed or removed; after the commit. Also looks into the queue. */
  identitiesChanged(): void;
  /** The same for subscriptions. Also looks into the queue. */
  subscriptionsChanged(): void;
}

/** Objects read from the queue at a time. */
const BATCH = 64;
/** After so many failed deliveries in a row it is not the messages that are at fault: everything waits. */
const FAILURES_BEFORE_PAUSE = 8;
/** Seconds between two clean-ups of pubkeys that nobody used. */
const CLEAN_UP_INTERVAL = 86_400;

type Receiver = (object: QueuedObject, context: ReceiveContext) => Outcome;

const RECEIVERS: ReadonlyMap<number, Receiver> = new Map<number, Receiver>([
  [ObjectType.getpubkey, receiveGetpubkey],
  [ObjectType.pubkey, receivePubkey],
  [ObjectType.msg, receiveMsg],
  [ObjectType.broadcast, receiveBroadcast],
]);

export function createInbox(options: InboxOptions): Inbox {
  return new QueueInbox(options);
}

class QueueInbox implements Inbox {
  readonly #context: ReceiveContext;
  readonly #secondLooks: SecondLooks;
  readonly #backoff = new Backoff<InventoryHash | "queue">();
  /** Objects that could not be delivered, and the Unix seconds of the next try. They stay unprocessed. */
  readonly #held = new Map<InventoryHash, number>();
  /** Looked at and of no use, not marked so yet. */
  #finished: InventoryHash[] = [];
  #failuresInARow = 0;
  #pausedUntil = 0;
  #running = false;
  #woken = false;
  #drain: Promise<void> | null = null;
  #sliceEnd = 0;
  #cancelTimer: (() => void) | null = null;
  #lastCleanUp = 0;

  constructor(private readonly options: InboxOptions) {
    const { stores, outbox, pubkeyPublisher, publisher, clock, minimum, streams = [1] } = options;
    this.#secondLooks = createSecondLooks({ stores, clock });
    const keyring = new Keyring(stores.identities, options.trialPool);
    const followed = new FollowedBroadcasters(stores.subscriptions);
    this.#context = {
      stores,
      outbox,
      pubkeyPublisher,
      publisher,
      clock,
      minimum,
      streams,
      keyring,
      followed,
    };
  }

  start(): void {
    this.#running = true;
    this.wake();
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    await this.#drain;
  }

  wake(): void {
    this.#woken = true;
    if (!this.#running || this.#drain) return;
    if (this.#isPaused()) {
      this.#setTimer();
      return;
    }
    this.#drain = this.#drainQueue().then(() => {
      this.#drain = null;
      if (this.#woken && !this.#isPaused()) this.wake();
      else this.#setTimer();
    });
  }

  resume(): void {
    this.#held.clear();
    this.#pausedUntil = 0;
    this.#failuresInARow = 0;
    this.wake();
  }

  async idle(): Promise<void> {
    while (this.#drain) await this.#drain;
  }

  identitiesChanged(): void {
    this.#context.keyring.forget();
    this.#secondLooks.changed();
    this.wake();
  }

  subscriptionsChanged(): void {
    this.#context.followed.forget();
    this.#secondLooks.changed();
    this.wake();
  }

  async #drainQueue(): Promise<void> {
    // Never within the call that woke us.
    await setImmediate();
    this.#sliceEnd = performance.now() + SLICE_MILLISECONDS;
    try {
      this.#cleanUp();
      while (this.#running && this.#woken) {
        this.#woken = false;
        let left: "more" | "done" = "more";
        while (left === "more" && this.#running) left = await this.#lookAtSome();
        if (this.#mustPause()) return;
      }
    } catch (error) {
      this.#pause(error);
    }
  }

  /** A batch of the queue and a slice of second looks, in turn; between them nothing is in hand. */
  async #lookAtSome(): Promise<"more" | "done"> {
    const looking = this.#secondLooks.step();
    const batch = this.#nextBatch();
    if (batch.length === 0) {
      if (looking === "more") await this.#nextSlice();
      return looking;
    }
    const next = await this.#context.keyring.tryAhead(batch);
    for (const object of next) if (this.#running) await this.#process(object);
    this.#markFinished();
    return this.#failuresInARow < FAILURES_BEFORE_PAUSE ? "more" : "done";
  }

  async #nextSlice(): Promise<void> {
    await setImmediate();
    this.#sliceEnd = performance.now() + SLICE_MILLISECONDS;
  }

  #nextBatch(): readonly QueuedObject[] {
    const now = this.options.clock();
    for (const [hash, time] of this.#held) if (!isAhead(time, now)) this.#held.delete(hash);
    const objects = this.options.stores.objectQueue.unprocessed(BATCH + this.#held.size);
    return objects.filter(({ hash }) => !this.#held.has(hash));
  }

  async #process(object: QueuedObject): Promise<void> {
    if (performance.now() >= this.#sliceEnd) {
      this.#markFinished();
      await this.#nextSlice();
    }
    try {
      await this.#finish(object, this.#receive(object));
      this.#failuresInARow = 0;
      this.#backoff.succeeded(object.hash);
    } catch (error) {
      this.#hold(object, error);
    }
  }

  /**
   * What the object is to us. An unexpected error is thrown on only where something may have been for us; elsewhere nothing is
   * lost by going on.
   */
  #receive(object: QueuedObject): Outcome {
    const type = typeOf(object);
    try {
      const ack = receiveAck(object, this.#context);
      if (ack) return ack;
      return RECEIVERS.get(type)?.(object, this.#context) ?? refused("unknown_type");
    } catch (error) {
      if (error instanceof ProtocolError) return refused(error.code);
      if (type === ObjectType.msg || type === ObjectType.broadcast) throw error;
      this.options.logger.error("an object could not be looked into", { object: object.hash, type, error });
      return refused("unknown_type");
    }
  }

  /** Delivery, its consequences and the mark in one transaction. */
  async #finish(object: QueuedObject, { reason, apply, message }: Outcome): Promise<void> {
    const { stores, sink, logger } = this.options;
    if (reason !== null && apply !== null) logger.debug("dropped", { object: object.hash, reason });
    if (message === null && apply === null) {
      this.#finished.push(object.hash);
      return;
    }
    const deliver = message && (await sink.prepare(message));
    stores.transactions.run(() => {
      apply?.();
      deliver?.();
      stores.objectQueue.markProcessed([object.hash]);
    });
  }

  /** It stays in the queue and is tried again later; others go first. */
  #hold(object: QueuedObject, error: unknown): void {
    const seconds = this.#backoff.failed(object.hash);
    this.#held.set(object.hash, this.options.clock() + seconds);
    this.#failuresInARow++;
    const { logger } = this.options;
    logger.error("an object could not be delivered and will be tried again", {
      object: object.hash,
      seconds,
      error,
    });
  }

  #markFinished(): void {
    if (this.#finished.length === 0) return;
    this.options.stores.objectQueue.markProcessed(this.#finished);
    this.#finished = [];
    this.#backoff.succeeded("queue");
  }

  #isPaused(): boolean {
    return isAhead(this.#pausedUntil, this.options.clock());
  }

  #mustPause(): boolean {
    if (this.#failuresInARow < FAILURES_BEFORE_PAUSE) return false;
    this.#pause(new Error("several deliveries failed in a row"));
    return true;
  }

  /** The store does not answer, or nothing can be delivered: a rest for all. */
  #pause(error: unknown): void {
    const { clock, logger } = this.options;
    const seconds = this.#backoff.failed("queue");
    this.#pausedUntil = clock() + seconds;
    this.#woken = true;
    this.#finished = [];
    logger.error("receiving pauses", { seconds, error });
  }

  /** Wakes when held objects are due, or the pause is over, or it is time to clean up. */
  #setTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    if (!this.#running) return;
    const now = this.options.clock();
    const times = [...this.#held.values(), this.#lastCleanUp + CLEAN_UP_INTERVAL];
    const next = this.#woken ? this.#pausedUntil : Math.max(this.#pausedUntil, Math.min(...times));
    this.#cancelTimer = this.options.timer(Math.max(0, next - now), () => this.wake());
  }

  /** Keys that were only seen in passing are forgotten after 28 days (PROTOCOL.md section 18). */
  #cleanUp(): void {
    const now = this.options.clock();
    if (now >= this.#lastCleanUp && now < this.#lastCleanUp + CLEAN_UP_INTERVAL) return;
    this.#lastCleanUp = now;
    this.options.stores.pubkeys.deleteUnused(now - LONGEST_TTL);
  }
}

/** Whether a time that was set by `Backoff` is still to come; one too far ahead was told by a clock that has been set back since. */
function isAhead(time: number, now: number): boolean {
  return time > now && time <= now + LONGEST_BACKOFF;
}

/** -1 when there is none. */
function typeOf(object: QueuedObject): number {
  try {
    return parseObjectHeader(object.bytes).type;
  } catch {
    return -1;
  }
}
