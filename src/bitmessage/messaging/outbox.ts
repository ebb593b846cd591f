/** The persisted outbox: does what `next-action.ts` says, each change of state in one transaction with what belongs to it. */

import type { Logger } from "../../logger.js";
import type { Solver } from "../pow/solver.js";
import { type Address, type DecodedAddress, decodeAddress } from "../protocol/address.js";
import { toHex } from "../protocol/bytes.js";
import { ProtocolError } from "../protocol/errors.js";
import type { InventoryHash } from "../protocol/inventory-hash.js";
import { MAX_SENT_OBJECT } from "../protocol/object.js";
import type { Difficulty } from "../protocol/pow-target.js";
import type { RandomBytes } from "../protocol/random.js";
import type { Progress } from "./jobs.js";
import { MessagingError } from "./messaging-error.js";
import {
  afterAcknowledgement,
  afterCancellation,
  isActive,
  LONGEST_TTL,
  type SendingCost,
  SHORTEST_TTL,
} from "./next-action.js";
import { OutboxMachine } from "./outbox-machine.js";
import type { Clock, MessagingStores, OutboxObserver, Publisher, SendPolicy, Timer } from "./ports.js";
import { type Recipient, Recipients } from "./recipient.js";
import { sendingCost } from "./sending-cost.js";
import type { Draft, Identity, OutboxEntry, OutboxId, PastSending } from "./types.js";

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
   * Adds a message within the caller's transaction; work on it starts after the commit, or goes on where another program left it.
   * @throws MessagingError `unknown-identity`; ProtocolError for an address that is none
   */
  enqueue(draft: Draft, past?: PastSending): OutboxEntry;
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
  /** What the first try of a message takes; null while the recipient's key is not known, and when the sender is gone. @throws MessagingError `unknown-entry` */
  price(id: OutboxId): SendingCost | null;
  /** The same; also throws ProtocolError `object_too_large` above 262,144 bytes in all. */
  dryRun(draft: Draft): SendingCost;

  // For the inbox and the identities:

  /** Whether that is the ackdata (bytes 16 and on of an object of any type) of a message that waits for it. */
  awaits(ackData: Uint8Array): boolean;
  /** Its acknowledgement was heard; within the caller's transaction. False when nobody waits for it. */
  acknowledged(ackData: Uint8Array): boolean;
  /**
   * The object has been delivered to an own identity: if it is a message of ours, that is as good as an acknowledgement. Within the caller's
   * transaction.
   */
  arrived(hash: InventoryHash): void;
  /** The recipient with that tag of an active message. */
  recipientByTag(tag: Uint8Array): DecodedAddress | null;
  isRecipient(address: Address): boolean;
  /** A key of that address has come; within the caller's transaction. */
  pubkeyArrived(address: Address): void;
  /** Identities have been added or removed; after the commit. */
  identitiesChanged(): void;
}

export function createOutbox(options: OutboxOptions): Outbox {
  return new PersistedOutbox(options);
}

class PersistedOutbox implements Outbox {
  readonly #recipients: Recipients;
  readonly #machine: OutboxMachine;

  constructor(private readonly options: OutboxOptions) {
    this.#recipients = new Recipients(options);
    this.#machine = new OutboxMachine(options, this.#recipients);
  }

  start(): void {
    this.#machine.start();
  }

  stop(): Promise<void> {
    return this.#machine.stop();
  }

  enqueue(draft: Draft, past?: PastSending): OutboxEntry {
    const { stores, clock, random, observer } = this.options;
    this.#senderOf(draft);
    const now = clock();
    const isMsg = draft.kind === "msg";
    const fresh: OutboxEntry = {
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
      state: past?.state ?? "queued",
      failure: null,
      awaitsAcknowledgement: past?.state === "sent",
      ackData: past?.ackData ?? null,
      attempts: past?.attempts ?? 0,
      pubkeyRequests: 0,
      created: past?.created ?? now,
      started: now,
      changed: now,
      nextAction: past?.nextAction ?? null,
      expires: null,
      inventoryHash: null,
    };
    return stores.transactions.run(() => {
      const entry = past ? fresh : this.#machine.joinRequest(fresh);
      stores.outbox.add(entry);
      observer(entry, null);
      stores.transactions.afterCommit(() => this.#machine.add(entry));
      return entry;
    });
  }

  cancel(id: OutboxId): OutboxEntry | null {
    const entry = this.options.stores.outbox.get(id);
    return entry && this.#machine.perform(entry, afterCancellation(entry));
  }

  retry(id: OutboxId, change: { readonly maximumWork?: number } = {}): OutboxEntry {
    const { clock } = this.options;
    const entry = this.#existing(id);
    const ended = entry.state === "failed" || entry.state === "cancelled";
    if (!ended && (!isActive(entry) || entry.state === "proof-of-work")) return entry;
    return this.#machine.save(entry, {
      ...change,
      state: "queued",
      failure: null,
      started: clock(),
      nextAction: null,
    });
  }

  progress(id: OutboxId): Progress | null {
    return this.#machine.progress(id);
  }

  estimate(draft: Draft): SendingCost {
    const sender = this.#senderOf(draft);
    const recipient: Recipient = draft.kind === "msg" ? this.#recipients.find(draft.to) : { key: "unknown" };
    return sendingCost(draft, { sender, recipient, ttl: this.#ttl(draft) }, this.options);
  }

  price(id: OutboxId): SendingCost | null {
    const entry = this.#existing(id);
    const [sender] = this.options.stores.identities.owners(entry.from);
    if (!sender) return null;
    const recipient: Recipient = entry.kind === "msg" ? this.#recipients.find(entry.to) : { key: "unknown" };
    if (entry.kind === "msg" && recipient.key !== "known") return null;
    return sendingCost(entry, { sender, recipient, ttl: entry.ttl }, this.options);
  }

  dryRun(draft: Draft): SendingCost {
    const cost = this.estimate(draft);
    if (cost.objectLength <= MAX_SENT_OBJECT) return cost;
    const text = `the object would have ${cost.objectLength} bytes, at most ${MAX_SENT_OBJECT} are possible`;
    throw new ProtocolError("object_too_large", text);
  }

  awaits(ackData: Uint8Array): boolean {
    return this.#machine.index.findByAck(ackData) !== null;
  }

  acknowledged(ackData: Uint8Array): boolean {
    const id = this.#machine.index.findByAck(ackData);
    const entry = id && this.options.stores.outbox.get(id);
    if (!entry) return false;
    const action = afterAcknowledgement(entry);
    this.#machine.perform(entry, action);
    return action.action === "acknowledge";
  }

  arrived(hash: InventoryHash): void {
    const entry = this.options.stores.outbox.findByInventoryHash(hash);
    if (entry?.state === "sent" && entry.wantsAcknowledgement)
      this.#machine.perform(entry, { action: "acknowledge" });
  }

  recipientByTag(tag: Uint8Array): DecodedAddress | null {
    return this.#machine.index.recipientByTag(tag);
  }

  isRecipient(address: Address): boolean {
    return this.#machine.index.to(address).length > 0;
  }

  pubkeyArrived(address: Address): void {
    this.options.stores.transactions.afterCommit(() => this.#machine.keyArrived(address));
  }

  identitiesChanged(): void {
    this.#machine.lookAtAll();
  }

  #existing(id: OutboxId): OutboxEntry {
    const entry = this.options.stores.outbox.get(id);
    if (!entry) throw new MessagingError("unknown-entry", `there is no message ${id} in the outbox`);
    return entry;
  }

  #senderOf(draft: Pick<Draft, "from">): Identity {
    const [identity] = this.options.stores.identities.owners(draft.from);
    if (!identity)
      throw new MessagingError("unknown-identity", `${draft.from} is not one of your identities`);
    return identity;
  }

  #ttl(draft: Pick<Draft, "ttl">): number {
    const wanted = draft.ttl ?? this.options.policy.ttl;
    return Math.floor(Math.min(LONGEST_TTL, Math.max(SHORTEST_TTL, wanted)));
  }
}
