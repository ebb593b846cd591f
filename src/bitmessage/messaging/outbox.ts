/** The persisted outbox: does what `next-action.ts` says, each change of state in one transaction with what belongs to it. */
import type { Logger } from "../../logger.js";
import type { Solver } from "../pow/solver.js";
import { createAckData } from "../protocol/ack.js";
import { type Address, type DecodedAddress, decodeAddress } from "../protocol/address.js";
import { toHex } from "../protocol/bytes.js";
import { ProtocolError } from "../protocol/errors.js";
import type { Difficulty } from "../protocol/pow-target.js";
import type { RandomBytes } from "../protocol/random.js";
import { Agenda } from "./agenda.js";
import { Backoff } from "./backoff.js";
import { Jobs, type Progress, ProgressOfStages } from "./jobs.js";
import { MessagingError } from "./messaging-error.js";
import {
  type Action,
  afterAcknowledgement,
  afterCancellation,
  answerTime,
  type Facts,
  isActive,
  LARGEST_SENT_OBJECT,
  LONGEST_TTL,
  nextAction,
  type SendingCost,
  SHORTEST_TTL,
} from "./next-action.js";
import { OutboxIndex } from "./outbox-index.js";
import type { Clock, MessagingStores, OutboxObserver, Publisher, SendPolicy, Timer } from "./ports.js";
import { findRecipient, type Recipient } from "./recipient.js";
import { requestPubkey } from "./request-pubkey.js";
import { sendBroadcast } from "./send-broadcast.js";
import { type Sending, sendMsg } from "./send-msg.js";
import { sendingCost } from "./sending-cost.js";
import type { SolvedObject } from "./solve-object.js";
import type { Draft, Identity, OutboxEntry, OutboxId } from "./types.js";

export interface OutboxOptions {
  readonly stores: MessagingStores;
  readonly solver: Solver;
  readonly publisher: Publisher;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly random: RandomBytes;
  readonly policy: SendPolicy;
  /** Hears of each change within its transaction. */
  readonly observer: OutboxObserver;
  /** The work that the network asks of every object. */
  readonly minimum: Difficulty;
  readonly logger: Logger;
}

export interface Outbox {
  /** Takes up what was being done when the process ended. */
  start(): void;
  /** Ends all work; resolves when it is quiet. What is unfinished goes on after the next start. */
  stop(): Promise<void>;
  /**
   * Adds a message within the caller's transaction; work on it starts after the commit.
   * @throws MessagingError `unknown-identity`; ProtocolError for an address that is none
   */
  enqueue(draft: Draft): OutboxEntry;
  /**
   * Ends the sending, within the caller's transaction: `cancelled` when nothing has gone out; else the message stays `sent`, is not sent
   * again, and no acknowledgement is awaited. Returns the entry as it is then (unchanged when it had ended), or null when there is none.
   */
  cancel(id: OutboxId): OutboxEntry | null;
  /**
   * Tries at once again: one that failed or was cancelled from the start, one that waits without waiting further. A running or
   * finished one stays as it is.
   * @throws MessagingError `unknown-entry`
   */
  retry(id: OutboxId, change?: { readonly maximumWork?: number }): OutboxEntry;
  /** Of a running proof of work, else null. */
  progress(id: OutboxId): Progress | null;
  /** What sending would take. @throws as `enqueue` */
  estimate(draft: Draft): SendingCost;
  /** The same; also throws ProtocolError `object_too_large` above 262,144 bytes in all. */
  dryRun(draft: Draft): SendingCost;

  // For the inbox and the identities:

  /** Whether that is the ackdata (bytes 16 and on of an object of any type) of a message that waits for it. */
  awaits(ackData: Uint8Array): boolean;
  /** Its acknowledgement was heard; within the caller's transaction. False when nobody waits for it. */
  acknowledged(ackData: Uint8Array): boolean;
  /** The recipient with that tag of an active message. */
  recipientByTag(tag: Uint8Array): DecodedAddress | null;
  isRecipient(address: Address): boolean;
  /** A key of that address has come; within the caller's transaction. */
  pubkeyArrived(address: Address): void;
  /** Identities have been added or removed; after the commit. */
  identitiesChanged(): void;
}

/** Works in the solver or waiting for it at a time; more would only hold their contents in memory. */
const MOST_JOBS = 32;

export function createOutbox(options: OutboxOptions): Outbox {
  return new PersistedOutbox(options);
}

class PersistedOutbox implements Outbox {
  readonly #index = new OutboxIndex();
  readonly #agenda: Agenda<OutboxId>;
  readonly #jobs = new Jobs<OutboxId>();
  readonly #requests = new Jobs<Address>();
  readonly #backoff = new Backoff<OutboxId | Address>();
  /** Ready to be sent, but there are enough at it. */
  readonly #crowd = new Set<OutboxId>();

  constructor(private readonly options: OutboxOptions) {
    const { clock, timer } = options;
    this.#agenda = new Agenda({ clock, timer, look: (id) => this.#look(id) });
  }

  start(): void {
    const { stores } = this.options;
    for (const entry of stores.outbox.active()) {
      if (entry.state === "proof-of-work") this.#save(entry, { state: "queued" });
      else this.#track(entry);
    }
    this.#agenda.start();
  }

  async stop(): Promise<void> {
    this.#agenda.stop();
    await Promise.all([this.#jobs.abortAll(), this.#requests.abortAll()]);
  }

  enqueue(draft: Draft): OutboxEntry {
    const { stores, clock, random, observer } = this.options;
    this.#senderOf(draft);
    const now = clock();
    const isMsg = draft.kind === "msg";
    const entry: OutboxEntry = {
      id: toHex(random(8)) as OutboxId,
      kind: draft.kind,
      from: draft.from,
      to: isMsg ? decodeAddress(draft.to).address : draft.from,
      subject: draft.subject,
      encoding: draft.encoding,
      content: draft.content,
      ttl: this.#ttl(draft),
      wantsAcknowledgement: isMsg && draft.wantsAcknowledgement,
      maximumWork: draft.maximumWork,
      state: "queued",
      failure: null,
      awaitsAcknowledgement: false,
      ackData: null,
      attempts: 0,
      pubkeyRequests: 0,
      created: now,
      started: now,
      changed: now,
      nextAction: null,
      expires: null,
      inventoryHash: null,
    };
    return stores.transactions.run(() => {
      stores.outbox.add(entry);
      observer(entry, null);
      stores.transactions.afterCommit(() => this.#track(entry));
      return entry;
    });
  }

  cancel(id: OutboxId): OutboxEntry | null {
    const entry = this.options.stores.outbox.get(id);
    return entry && this.#perform(entry, afterCancellation(entry));
  }

  retry(id: OutboxId, change: { readonly maximumWork?: number } = {}): OutboxEntry {
    const { stores, clock } = this.options;
    const entry = stores.outbox.get(id);
    if (!entry) throw new MessagingError("unknown-entry", `there is no message ${id} in the outbox`);
    const ended = entry.state === "failed" || entry.state === "cancelled";
    if (!ended && (!isActive(entry) || entry.state === "proof-of-work")) return entry;
    return this.#save(entry, {
      ...change,
      state: "queued",
      failure: null,
      started: clock(),
      nextAction: null,
    });
  }

  progress(id: OutboxId): Progress | null {
    return this.#jobs.progress(id);
  }

  estimate(draft: Draft): SendingCost {
    const sender = this.#senderOf(draft);
    const recipient: Recipient =
      draft.kind === "msg" ? findRecipient(draft.to, this.options) : { key: "unknown" };
    return sendingCost(draft, { sender, recipient, ttl: this.#ttl(draft) }, this.options);
  }

  dryRun(draft: Draft): SendingCost {
    const cost = this.estimate(draft);
    if (cost.objectLength <= LARGEST_SENT_OBJECT) return cost;
    const text = `the object would have ${cost.objectLength} bytes, at most ${LARGEST_SENT_OBJECT} are possible`;
    throw new ProtocolError("object_too_large", text);
  }

  awaits(ackData: Uint8Array): boolean {
    return this.#index.findByAck(ackData) !== null;
  }

  acknowledged(ackData: Uint8Array): boolean {
    const id = this.#index.findByAck(ackData);
    const entry = id && this.options.stores.outbox.get(id);
    if (!entry) return false;
    const action = afterAcknowledgement(entry);
    this.#perform(entry, action);
    return action.action === "acknowledge";
  }

  recipientByTag(tag: Uint8Array): DecodedAddress | null {
    return this.#index.recipientByTag(tag);
  }

  isRecipient(address: Address): boolean {
    return this.#index.to(address).length > 0;
  }

  pubkeyArrived(address: Address): void {
    this.options.stores.transactions.afterCommit(() => {
      this.#requests.abort(address);
      for (const id of this.#index.to(address)) this.#agenda.now(id);
    });
  }

  identitiesChanged(): void {
    for (const id of this.#index.ids()) this.#agenda.now(id);
  }

  #senderOf(draft: Pick<Draft, "from">): Identity {
    const identity = this.options.stores.identities.get(draft.from);
    if (!identity)
      throw new MessagingError("unknown-identity", `${draft.from} is not one of your identities`);
    return identity;
  }

  #ttl(draft: Pick<Draft, "ttl">): number {
    const wanted = draft.ttl ?? this.options.policy.ttl;
    return Math.floor(Math.min(LONGEST_TTL, Math.max(SHORTEST_TTL, wanted)));
  }

  /** Keeps a change together with what the observer makes of it. */
  #save(previous: OutboxEntry, change: Partial<OutboxEntry>): OutboxEntry {
    const { stores, clock, observer } = this.options;
    const entry: OutboxEntry = { ...previous, ...change, changed: clock() };
    return stores.transactions.run(() => {
      stores.outbox.update(entry);
      observer(entry, previous);
      stores.transactions.afterCommit(() => this.#track(entry));
      return entry;
    });
  }

  #track(entry: OutboxEntry): void {
    this.#index.track(entry);
    if (this.#index.has(entry.id)) {
      this.#agenda.now(entry.id);
      return;
    }
    this.#agenda.forget(entry.id);
    this.#backoff.succeeded(entry.id);
    this.#crowd.delete(entry.id);
    this.#jobs.abort(entry.id);
    this.#letNextIn();
    // Nobody else waits for that key.
    if (this.#index.to(entry.to).length === 0) this.#requests.abort(entry.to);
  }

  #look(id: OutboxId): void {
    try {
      const entry = this.options.stores.outbox.get(id);
      if (!entry) {
        this.#index.forget(id);
        return;
      }
      const { facts, recipient, sender } = this.#gather(entry);
      const action = nextAction(entry, facts);
      if (action.action === "send" && sender) this.#send(entry, { sender, recipient, ttl: action.ttl });
      else this.#perform(entry, action);
    } catch (error) {
      this.#postpone(id, [id], error);
    }
  }

  #gather(entry: OutboxEntry): { facts: Facts; recipient: Recipient; sender: Identity | null } {
    const { stores, clock, policy } = this.options;
    const now = clock();
    const sender = stores.identities.get(entry.from);
    const recipient: Recipient =
      entry.kind === "msg" ? findRecipient(entry.to, this.options) : { key: "unknown" };
    const known = entry.kind === "broadcast" || recipient.key === "known";
    const facts: Facts = {
      now,
      sender: sender ? "present" : "gone",
      recipient:
        known && sender
          ? { key: "known", cost: sendingCost(entry, { sender, recipient, ttl: entry.ttl }, this.options) }
          : { key: recipient.key === "bad" ? "bad" : "unknown" },
      pubkeyRequest: this.#requests.has(entry.to)
        ? { request: "working" }
        : this.#index.pubkeyRequest(entry.to, now),
      pubkeyRequests: this.#index.pubkeyRequests(entry.to),
      work: this.#jobs.has(entry.id) ? "running" : "none",
      policy,
    };
    return { facts, recipient, sender };
  }

  /** All actions but sending, which needs to know more. Returns the entry as it is then. */
  #perform(entry: OutboxEntry, action: Action): OutboxEntry {
    switch (action.action) {
      case "wait":
        if (action.until !== null) this.#agenda.at(entry.id, action.until);
        return entry;
      case "request-pubkey":
        this.#request(entry.to, action.ttl);
        return entry;
      case "await-pubkey": {
        const pubkeyRequests = this.#index.pubkeyRequests(entry.to);
        return this.#save(entry, { state: "awaiting-pubkey", nextAction: action.until, pubkeyRequests });
      }
      case "fail":
        return this.#save(entry, { state: "failed", failure: action.reason, nextAction: null });
      case "acknowledge":
        return this.#save(entry, { state: "acknowledged", awaitsAcknowledgement: false, nextAction: null });
      case "cancel":
        return this.#save(entry, { state: "cancelled", nextAction: null });
      case "stop":
        return this.#save(entry, { state: "sent", awaitsAcknowledgement: false, nextAction: null });
      case "send":
      case "none":
        return entry;
    }
  }

  #request(address: Address, ttl: number): void {
    const work = async (signal: AbortSignal) => {
      try {
        const solved = await requestPubkey({ address, ttl, signal }, this.options);
        if (!signal.aborted) this.#requested(address, solved);
      } catch (error) {
        if (!signal.aborted) this.#postpone(address, this.#index.to(address), error);
      }
    };
    this.#requests.start(address, work, () => undefined);
  }

  /** Publishes the request and makes all messages that need the key wait for the answer. */
  #requested(address: Address, { object, ttl }: SolvedObject): void {
    const { stores, publisher, clock } = this.options;
    const now = clock();
    const pubkeyRequests = this.#index.pubkeyRequests(address) + 1;
    stores.transactions.run(() => {
      publisher.publish(object);
      for (const id of this.#index.to(address)) {
        const entry = stores.outbox.get(id);
        if (!entry || this.#jobs.has(id)) continue;
        if (entry.state === "sent" && (entry.nextAction ?? 0) > now) continue;
        const nextAction = answerTime(now, ttl);
        this.#save(entry, { state: "awaiting-pubkey", nextAction, pubkeyRequests });
      }
    });
    this.#backoff.succeeded(address);
  }

  #send(entry: OutboxEntry, order: { sender: Identity; recipient: Recipient; ttl: number }): void {
    if (this.#jobs.size >= MOST_JOBS) {
      this.#crowd.add(entry.id);
      return;
    }
    this.#jobs.start(
      entry.id,
      (signal) => this.#work(entry, order, signal),
      () => this.#letNextIn(),
    );
  }

  #letNextIn(): void {
    for (const id of this.#crowd) {
      this.#crowd.delete(id);
      this.#agenda.now(id);
      return;
    }
  }

  async #work(
    entry: OutboxEntry,
    { sender, recipient, ttl }: { sender: Identity; recipient: Recipient; ttl: number },
    signal: AbortSignal,
  ): Promise<void> {
    const { random, stores } = this.options;
    const acknowledged =
      entry.wantsAcknowledgement && recipient.key === "known" && recipient.acknowledges === "does";
    const ackData = acknowledged
      ? (entry.ackData ?? createAckData(0, recipient.address.stream, random))
      : null;
    const cost = sendingCost(entry, { sender, recipient, ttl }, this.options);
    const report = (progress: Progress) => this.#jobs.report(entry.id, progress);
    const sending: Sending = {
      entry: { ...entry, ackData },
      sender,
      ttl,
      signal,
      progress: new ProgressOfStages(cost.trials, report),
      started: () => this.#started(entry.id, ackData),
    };
    try {
      const solved =
        recipient.key === "known"
          ? await sendMsg(sending, recipient, this.options)
          : await sendBroadcast(sending, this.options);
      if (signal.aborted) return;
      // The identity may have been removed while the work was done.
      if (stores.identities.get(entry.from)) this.#sent(entry.id, solved, ackData);
      else this.#agenda.now(entry.id);
    } catch (error) {
      if (!signal.aborted) this.#postpone(entry.id, [entry.id], error);
    }
  }

  /** The first search begins: only now is the message being worked on. */
  #started(id: OutboxId, ackData: Uint8Array | null): void {
    const entry = this.options.stores.outbox.get(id);
    if (!entry || entry.state === "proof-of-work") return;
    this.#save(entry, { state: "proof-of-work", ackData: ackData ?? entry.ackData, nextAction: null });
  }

  #sent(id: OutboxId, { object, expires, ttl }: SolvedObject, ackData: Uint8Array | null): void {
    const { stores, publisher, clock } = this.options;
    stores.transactions.run(() => {
      const entry = stores.outbox.get(id);
      if (entry?.state !== "proof-of-work") return;
      const awaitsAcknowledgement = ackData !== null;
      this.#save(entry, {
        state: "sent",
        attempts: entry.attempts + 1,
        inventoryHash: publisher.publish(object),
        expires,
        awaitsAcknowledgement,
        nextAction: awaitsAcknowledgement ? answerTime(clock(), ttl) : null,
      });
      this.#keepKey(entry.to);
    });
    this.#backoff.succeeded(id);
  }

  /** A key that was used is kept for ever. */
  #keepKey(address: Address): void {
    const { pubkeys } = this.options.stores;
    const pubkey = pubkeys.get(address);
    if (pubkey && !pubkey.used) pubkeys.put({ ...pubkey, used: true });
  }

  /** An error that should not be: try again later, so that nothing is lost. */
  #postpone(key: OutboxId | Address, ids: readonly OutboxId[], error: unknown): void {
    const { clock, logger } = this.options;
    const seconds = this.#backoff.failed(key);
    logger.error("sending was interrupted and will be tried again", { entries: ids, seconds, error });
    for (const id of ids) this.#agenda.at(id, clock() + seconds);
  }
}
