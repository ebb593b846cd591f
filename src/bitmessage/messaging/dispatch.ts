/** The proofs of work for messages that are being sent: as many at a time as make sense. */
import { createAckData } from "../protocol/ack.js";
import type { Address } from "../protocol/address.js";
import { Jobs, type Progress, ProgressOfStages } from "./jobs.js";
import { answerTime } from "./next-action.js";
import type { Publisher } from "./ports.js";
import type { Recipient } from "./recipient.js";
import { sendBroadcast } from "./send-broadcast.js";
import { type Sending, type SendingContext, sendMsg } from "./send-msg.js";
import { sendingCost } from "./sending-cost.js";
import { messagePriority, OutdatedWork, Priority, type SolvedObject } from "./solve-object.js";
import type { Identity, OutboxEntry, OutboxId } from "./types.js";

/** Works in the solver or waiting for it at a time; more would only hold their contents in memory. */
const MOST_JOBS = 32;
/** Of those that take long. Else so many that are dear, by their size or their recipients' demands, would keep all others waiting. */
const MOST_DEAR_JOBS = 16;
/** Trials; a short message takes a fifth. */
const DEAR = 1e8;

export interface SendingOrder {
  readonly sender: Identity;
  /** For a broadcast its key is "unknown". */
  readonly recipient: Recipient;
  /** Seconds. */
  readonly ttl: number;
}

/** What happens to entries is said to whoever keeps them. */
export interface DispatchHooks {
  /** Keeps a change of an entry within the running transaction. */
  save(previous: OutboxEntry, change: Partial<OutboxEntry>): void;
  /** The entry is to be looked at again. */
  due(id: OutboxId): void;
  failed(id: OutboxId, error: unknown): void;
  succeeded(id: OutboxId): void;
}

/** Messages that keep only each other waiting. */
class Lane {
  readonly jobs = new Jobs<OutboxId>();
  /** Ready to be sent, but there are enough at it. */
  readonly crowd = new Set<OutboxId>();

  constructor(readonly most: number) {}

  get isFull(): boolean {
    return this.jobs.size >= this.most;
  }
}

export class Dispatch {
  readonly #cheap = new Lane(MOST_JOBS);
  readonly #dear = new Lane(MOST_DEAR_JOBS);
  readonly #lanes = [this.#cheap, this.#dear];

  constructor(
    private readonly options: SendingContext & { readonly publisher: Publisher },
    private readonly hooks: DispatchHooks,
  ) {}

  isWorkingOn(id: OutboxId): boolean {
    return this.#lanes.some(({ jobs }) => jobs.has(id));
  }

  progress(id: OutboxId): Progress | null {
    return this.#cheap.jobs.progress(id) ?? this.#dear.jobs.progress(id);
  }

  /** The entry has come to its end. */
  abort(id: OutboxId): void {
    for (const { crowd, jobs } of this.#lanes) {
      crowd.delete(id);
      jobs.abort(id);
    }
    this.#letNextIn();
  }

  async abortAll(): Promise<void> {
    for (const { crowd } of this.#lanes) crowd.clear();
    await Promise.all(this.#lanes.map(({ jobs }) => jobs.abortAll()));
  }

  /** Makes the object, publishes it, and keeps the entry as sent. */
  send(entry: OutboxEntry, order: SendingOrder): void {
    const { trials } = sendingCost(entry, order, this.options);
    const lane = trials > DEAR ? this.#dear : this.#cheap;
    for (const { crowd } of this.#lanes) crowd.delete(entry.id);
    if (lane.isFull) {
      lane.crowd.add(entry.id);
      return;
    }
    const priority = lane === this.#dear ? Priority.largeMessage : messagePriority(entry.content.length);
    const report = (progress: Progress) => lane.jobs.report(entry.id, progress);
    const work = (signal: AbortSignal) =>
      this.#work(entry, order, { signal, priority, progress: new ProgressOfStages(trials, report) });
    lane.jobs.start(entry.id, work, () => this.#letNextIn());
  }

  #letNextIn(): void {
    for (const lane of this.#lanes) {
      const [id] = lane.crowd;
      if (id === undefined || lane.isFull) continue;
      lane.crowd.delete(id);
      this.hooks.due(id);
    }
  }

  async #work(
    entry: OutboxEntry,
    { sender, recipient, ttl }: SendingOrder,
    work: Pick<Sending, "signal" | "priority" | "progress">,
  ): Promise<void> {
    const { signal } = work;
    const { random, stores } = this.options;
    const acknowledged =
      entry.wantsAcknowledgement && recipient.key === "known" && recipient.acknowledges === "does";
    const ackData = acknowledged
      ? (entry.ackData ?? createAckData(0, recipient.address.stream, random))
      : null;
    const sending: Sending = {
      ...work,
      entry: { ...entry, ackData },
      sender,
      ttl,
      started: () => this.#started(entry.id, ackData),
    };
    try {
      const solved =
        recipient.key === "known"
          ? await sendMsg(sending, recipient, this.options)
          : await sendBroadcast(sending, this.options);
      if (signal.aborted) return;
      // The identity may have been removed while the work was done.
      if (stores.identities.owners(entry.from).length > 0) this.#sent(entry.id, solved, ackData);
      else this.hooks.due(entry.id);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof OutdatedWork) this.hooks.due(entry.id);
      else this.hooks.failed(entry.id, error);
    }
  }

  /** The first search begins: only now is the message being worked on. */
  #started(id: OutboxId, ackData: Uint8Array | null): void {
    const entry = this.options.stores.outbox.get(id);
    if (!entry || entry.state === "proof-of-work") return;
    this.hooks.save(entry, { state: "proof-of-work", ackData: ackData ?? entry.ackData, nextAction: null });
  }

  #sent(id: OutboxId, { object, expires, ttl }: SolvedObject, ackData: Uint8Array | null): void {
    const { stores, publisher, clock } = this.options;
    stores.transactions.run(() => {
      const entry = stores.outbox.get(id);
      if (entry?.state !== "proof-of-work") return;
      const awaitsAcknowledgement = ackData !== null;
      this.hooks.save(entry, {
        state: "sent",
        ackData: ackData ?? entry.ackData,
        attempts: entry.attempts + 1,
        inventoryHash: publisher.publish(object),
        expires,
        awaitsAcknowledgement,
        nextAction: awaitsAcknowledgement ? answerTime(clock(), ttl) : null,
      });
      this.#keepKey(entry.to);
    });
    this.hooks.succeeded(id);
  }

  /** A key that was used is kept for ever. */
  #keepKey(address: Address): void {
    const { pubkeys } = this.options.stores;
    const pubkey = pubkeys.get(address);
    if (pubkey && !pubkey.used) pubkeys.put({ ...pubkey, used: true });
  }
}
