/** Looks at entries when something is due for them, and does what `next-action.ts` says. */
import type { Address } from "../protocol/address.js";
import { Agenda } from "./agenda.js";
import { Backoff } from "./backoff.js";
import { Dispatch } from "./dispatch.js";
import { Jobs, type Progress } from "./jobs.js";
import {
  type Action,
  answerTime,
  type Facts,
  nextAction,
  nextTtl,
  type RecipientFact,
  waitingTime,
} from "./next-action.js";
import type { OutboxOptions } from "./outbox.js";
import { OutboxIndex } from "./outbox-index.js";
import type { Recipient, Recipients } from "./recipient.js";
import { requestPubkey } from "./request-pubkey.js";
import { sendingCost } from "./sending-cost.js";
import type { SolvedObject } from "./solve-object.js";
import type { Identity, OutboxEntry, OutboxEntryState, OutboxId } from "./types.js";

export class OutboxMachine {
  /** Follows the commits. */
  readonly index = new OutboxIndex();
  readonly #agenda: Agenda<OutboxId>;
  readonly #dispatch: Dispatch;
  readonly #requests = new Jobs<Address>();
  readonly #backoff = new Backoff<OutboxId | Address>();

  constructor(
    private readonly options: OutboxOptions,
    private readonly recipients: Recipients,
  ) {
    const { clock, timer } = options;
    this.#agenda = new Agenda({ clock, timer, look: (id) => this.#look(id) });
    this.#dispatch = new Dispatch(options, {
      save: (previous, change) => this.save(previous, change),
      due: (id) => this.#agenda.now(id),
      failed: (id, error) => this.#postpone(id, [id], error),
      succeeded: (id) => this.#backoff.succeeded(id),
    });
  }

  /** What was being worked on when the process ended is queued again. */
  start(): void {
    const { outbox } = this.options.stores;
    for (const entry of outbox.active()) {
      if (entry.state === "proof-of-work") this.save(outbox.get(entry.id)!, { state: "queued" });
      else this.track(entry);
    }
    this.#agenda.start();
  }

  async stop(): Promise<void> {
    this.#agenda.stop();
    await Promise.all([this.#dispatch.abortAll(), this.#requests.abortAll()]);
  }

  progress(id: OutboxId): Progress | null {
    return this.#dispatch.progress(id);
  }

  /**
   * A new message to somebody whose key has been asked for waits for the answer with those before it, and is neither changed nor looked at a
   * moment later. Within the transaction that adds it, so that no key comes in between.
   */
  joinRequest(entry: OutboxEntry): OutboxEntry {
    const { stores, clock } = this.options;
    const request = this.index.pubkeyRequest(entry.to, clock());
    if (entry.kind !== "msg" || request.request !== "out") return entry;
    // It has just come, and those that wait for it have not been looked at yet.
    if (stores.pubkeys.get(entry.to) || stores.identities.owners(entry.to).length > 0) return entry;
    const pubkeyRequests = this.index.pubkeyRequests(entry.to);
    return { ...entry, state: "awaiting-pubkey", nextAction: request.until, pubkeyRequests };
  }

  /** Takes in a new entry: after its commit. */
  add(entry: OutboxEntry): void {
    const { state, nextAction } = entry;
    if (state !== "awaiting-pubkey" || nextAction === null) {
      this.track(entry);
      return;
    }
    this.index.track(entry);
    this.#agenda.at(entry.id, waitingTime(nextAction, entry, this.options.policy));
  }

  /** Something has changed for the messages to that address: after the commit. */
  keyArrived(address: Address): void {
    this.#requests.abort(address);
    for (const id of this.index.to(address)) this.#agenda.now(id);
  }

  lookAtAll(): void {
    for (const id of this.index.ids()) this.#agenda.now(id);
  }

  /** Keeps a change together with what the observer makes of it. */
  save(previous: OutboxEntry, change: Partial<OutboxEntry>): OutboxEntry {
    const { stores, clock, observer } = this.options;
    const entry: OutboxEntry = { ...previous, ...change, changed: clock() };
    const work = () => {
      stores.outbox.update(entry);
      observer(entry, previous);
      stores.transactions.afterCommit(() => this.track(entry));
      return entry;
    };
    // Waiting for a key and working begin anew when they are forgotten.
    const isOnItsWay = entry.state === "awaiting-pubkey" || entry.state === "proof-of-work";
    return isOnItsWay ? stores.transactions.runUnsynced(work) : stores.transactions.run(work);
  }

  /** Takes in the newest state of an entry: after its commit. */
  track(entry: OutboxEntryState): void {
    this.index.track(entry);
    if (this.index.has(entry.id)) {
      this.#agenda.now(entry.id);
      return;
    }
    this.#agenda.forget(entry.id);
    this.#backoff.succeeded(entry.id);
    this.#dispatch.abort(entry.id);
    // Nobody else waits for that key.
    if (this.index.to(entry.to).length === 0) this.#requests.abort(entry.to);
  }

  #look(id: OutboxId): void {
    try {
      const entry = this.options.stores.outbox.get(id);
      if (!entry) {
        this.index.forget(id);
        this.#dispatch.abort(id);
        return;
      }
      const { facts, recipient, sender } = this.#gather(entry);
      if (recipient.key === "searched") {
        this.#agenda.now(id);
        return;
      }
      const action = nextAction(entry, facts);
      if (action.action === "send" && sender)
        this.#dispatch.send(entry, { sender, recipient, ttl: action.ttl });
      else this.perform(entry, action);
    } catch (error) {
      this.#postpone(id, [id], error);
    }
  }

  #gather(entry: OutboxEntry): { facts: Facts; recipient: Recipient; sender: Identity | null } {
    const { stores, clock, policy } = this.options;
    const now = clock();
    const sender = stores.identities.owners(entry.from)[0] ?? null;
    const recipient: Recipient = entry.kind === "msg" ? this.recipients.find(entry.to) : { key: "unknown" };
    const known = entry.kind === "broadcast" || recipient.key === "known";
    const facts: Facts = {
      now,
      sender: sender ? "present" : "gone",
      recipient:
        known && sender
          ? this.#knownRecipient(entry, sender, recipient)
          : { key: recipient.key === "bad" ? "bad" : "unknown" },
      pubkeyRequest: this.#requests.has(entry.to)
        ? { request: "working" }
        : this.index.pubkeyRequest(entry.to, now),
      pubkeyRequests: this.index.pubkeyRequests(entry.to),
      work: this.#dispatch.isWorkingOn(entry.id) ? "running" : "none",
      policy,
      awakeSince: this.#agenda.awakeSince,
    };
    return { facts, recipient, sender };
  }

  #knownRecipient(entry: OutboxEntry, sender: Identity, recipient: Recipient): RecipientFact {
    const cost = (ttl: number) => sendingCost(entry, { sender, recipient, ttl }, this.options);
    const first = { key: "known", cost: cost(entry.ttl) } as const;
    return entry.attempts === 0 ? first : { ...first, nextTrials: cost(nextTtl(entry)).trials };
  }

  /** All actions but sending, which needs to know more. Returns the entry as it is then. */
  perform(entry: OutboxEntry, action: Action): OutboxEntry {
    switch (action.action) {
      case "wait":
        if (action.until !== null) this.#agenda.at(entry.id, action.until);
        return entry;
      case "request-pubkey":
        this.#request(entry.to, action.ttl);
        return entry;
      case "await-pubkey": {
        const pubkeyRequests = this.index.pubkeyRequests(entry.to);
        return this.save(entry, { state: "awaiting-pubkey", nextAction: action.until, pubkeyRequests });
      }
      case "put-off": {
        const started = Math.min(entry.started, this.options.clock());
        return this.save(entry, { started, nextAction: action.until });
      }
      case "fail":
        return this.save(entry, { state: "failed", failure: action.reason, nextAction: null });
      case "acknowledge":
        return this.save(entry, { state: "acknowledged", awaitsAcknowledgement: false, nextAction: null });
      case "cancel":
        return this.save(entry, { state: "cancelled", nextAction: null });
      case "stop":
        return this.save(entry, { state: "sent", awaitsAcknowledgement: false, nextAction: null });
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
        if (!signal.aborted) this.#postpone(address, this.index.to(address), error);
      }
    };
    this.#requests.start(address, work, () => undefined);
  }

  /** Publishes the request and makes all messages that need the key wait for the answer. */
  #requested(address: Address, { object, ttl }: SolvedObject): void {
    const { stores, publisher, clock } = this.options;
    const now = clock();
    const pubkeyRequests = this.index.pubkeyRequests(address) + 1;
    stores.transactions.run(() => {
      publisher.publish(object);
      for (const id of this.index.to(address)) {
        const entry = stores.outbox.get(id);
        if (!entry || this.#dispatch.isWorkingOn(id)) continue;
        if (entry.state === "sent" && (entry.nextAction ?? 0) > now) continue;
        const nextAction = answerTime(now, ttl);
        this.save(entry, { state: "awaiting-pubkey", nextAction, pubkeyRequests });
      }
    });
    this.#backoff.succeeded(address);
  }

  /** An error that should not be: try again later, so that nothing is lost. */
  #postpone(key: OutboxId | Address, ids: readonly OutboxId[], error: unknown): void {
    const { clock, logger } = this.options;
    const seconds = this.#backoff.failed(key);
    logger.error("sending was interrupted and will be tried again", { entries: ids, seconds, error });
    for (const id of ids) this.#agenda.at(id, clock() + seconds);
  }
}
