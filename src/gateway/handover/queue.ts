import { type Handover, type HandoverId, RELAY } from "./ports.js";
import { type Target, TargetWorker, type WorkerOptions } from "./worker.js";

/** A mail to be handed over. */
export type HandoverDraft = Pick<
  Handover,
  "target" | "user" | "sender" | "recipient" | "subject" | "messageId" | "wishes"
>;

/** The durable queue of mail for other mail systems: at least once, never lost. */
export interface HandoverQueue {
  /** Takes up what a former run of the program has left. */
  start(): void;
  /** Resolves when nothing is being handed over. */
  stop(): Promise<void>;
  /** Adds a mail within the caller's transaction; it is tried after the commit. */
  add(draft: HandoverDraft, bytes: Uint8Array): Handover;
  /** Newest first; without those that have arrived. */
  list(): readonly Handover[];
  get(id: HandoverId): Handover | null;
  /** Within the caller's transaction: at once again, for as long as a new one. Null when there is none that could be tried. */
  retry(id: HandoverId): Handover | null;
  /** Within the caller's transaction. Null when there is none, or it has arrived. */
  cancel(id: HandoverId): Handover | null;
}

export interface HandoverQueueOptions extends WorkerOptions {
  readonly targets: readonly Target[];
  /** A new random name of letters and digits. */
  readonly newId: () => string;
}

export function createHandoverQueue(options: HandoverQueueOptions): HandoverQueue {
  return new PersistedQueue(options);
}

class PersistedQueue implements HandoverQueue {
  readonly #options: HandoverQueueOptions;
  readonly #workers: ReadonlyMap<string, TargetWorker>;

  constructor(options: HandoverQueueOptions) {
    this.#options = options;
    this.#workers = new Map(
      options.targets.map((target) => [target.name, new TargetWorker(target, options)]),
    );
  }

  start(): void {
    const { handovers, log } = this.#options;
    for (const target of handovers.targets()) {
      if (!this.#workers.has(target))
        log.warn("mail waits for a delivery target that the configuration does not have", { target });
    }
    for (const worker of this.#workers.values()) worker.start();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => worker.stop()));
  }

  add(draft: HandoverDraft, bytes: Uint8Array): Handover {
    const { handovers, newId, clock } = this.#options;
    const now = clock();
    const handover: Handover = {
      ...draft,
      id: newId() as HandoverId,
      state: "waiting",
      attempts: 0,
      error: null,
      created: now,
      started: now,
      nextAttempt: now,
      warned: false,
    };
    handovers.add(handover, bytes);
    this.#wakeAfterCommit(draft.target);
    return handover;
  }

  list(): readonly Handover[] {
    return this.#options.handovers.list();
  }

  get(id: HandoverId): Handover | null {
    return this.#options.handovers.get(id);
  }

  retry(id: HandoverId): Handover | null {
    const { handovers, clock, observer } = this.#options;
    const handover = handovers.get(id);
    if (handover === null || handovers.read(id) === null) return null;
    const now = clock();
    const again: Handover = { ...handover, state: "waiting", started: now, nextAttempt: now, warned: false };
    handovers.update(again);
    observer(again);
    this.#workers.get(handover.target)?.forgetFailures();
    this.#wakeAfterCommit(handover.target);
    return again;
  }

  cancel(id: HandoverId): Handover | null {
    const { handovers, observer } = this.#options;
    const handover = handovers.get(id);
    if (handover === null || handover.state === "done") return null;
    const cancelled: Handover = { ...handover, state: "cancelled" };
    if (handover.target === RELAY) handovers.update(cancelled);
    else handovers.remove(id);
    observer(cancelled);
    return cancelled;
  }

  #wakeAfterCommit(target: string): void {
    this.#options.transactions.afterCommit(() => this.#workers.get(target)?.wake());
  }
}
