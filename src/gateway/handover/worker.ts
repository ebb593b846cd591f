import type { Timer, Transactions } from "../../bitmessage/messaging/ports.js";
import type { Logger } from "../../logger.js";
import { type Receipt, type Transport, TransportError } from "../../mail/transports/transport.js";
import { type Handover, type HandoverStore, RELAY } from "./ports.js";

/** When to try again and when to say so. Seconds. */
export interface HandoverPolicy {
  /** Before the second attempt; doubled each time, up to `longestWait`. */
  readonly firstWait: number;
  readonly longestWait: number;
  /** After which a report says that it takes longer; 0 for never. */
  readonly delayWarning: number;
  /** After which a mail is given up; 0 for never. */
  readonly giveUpAfter: number;
}

/** Writes reports about handovers; each function returned appends the report within the running transaction. */
export interface HandoverReports {
  failed(handover: Handover, reason: TransportError): Promise<() => void>;
  delayed(handover: Handover, reason: TransportError): Promise<() => void>;
  /** A relayed mail was taken by a server that will not report itself. */
  relayed(handover: Handover): Promise<() => void>;
}

export interface WorkerOptions {
  readonly handovers: HandoverStore;
  readonly transactions: Transactions;
  readonly reports: HandoverReports;
  readonly policy: HandoverPolicy;
  /** Hears of each change of state within its transaction. */
  readonly observer: (handover: Handover) => void;
  /** Unix seconds. */
  readonly clock: () => number;
  readonly timer: Timer;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly log: Logger;
}

const MISSING = { lasting: "permanent", about: "mail" } as const;

export interface Target {
  readonly name: string;
  readonly transport: Transport;
}

/**
 * Hands the mail of one target over, one after the other. An attempt is noted before it is made: a process that dies in it tries again,
 * and knows that the target may have the mail.
 */
export class TargetWorker {
  #running: Promise<void> | null = null;
  #cancelTimer: (() => void) | null = null;
  #stop: AbortController | null = null;
  /** Unix seconds before which the target is left alone. */
  #pausedUntil = 0;
  #failures = 0;

  constructor(
    private readonly target: Target,
    private readonly options: WorkerOptions,
  ) {}

  start(): void {
    this.#stop = new AbortController();
    this.wake();
  }

  /** Resolves when nothing runs any more; what was being tried is tried again after the next start. */
  async stop(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#stop?.abort();
    this.#stop = null;
    await this.#running;
  }

  /** A person has asked for it: the target may have come back. */
  forgetFailures(): void {
    this.#pausedUntil = 0;
    this.#failures = 0;
  }

  /** Something may be due. */
  wake(): void {
    if (this.#running !== null || this.#stop === null) return;
    const { signal } = this.#stop;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#running = this.#run(signal)
      .catch((error: unknown) => {
        this.options.log.error("a delivery target failed", { target: this.target.name, error });
        this.#pausedUntil = this.options.clock() + this.options.policy.firstWait;
      })
      .then(() => {
        this.#running = null;
        if (signal.aborted) return;
        // Something may have come since the last look.
        if (this.#due() === null) this.#wait();
        else this.wake();
      })
      .catch((error: unknown) => this.options.log.error("a delivery target stands still", { error }));
  }

  async #run(signal: AbortSignal): Promise<void> {
    for (let due = this.#due(); due !== null && !signal.aborted; due = this.#due()) {
      await this.#attempt(due, signal);
    }
  }

  #due(): Handover | null {
    const { handovers, clock } = this.options;
    const now = clock();
    if (now < this.#pausedUntil) return null;
    const next = handovers.next(this.target.name);
    return next !== null && next.nextAttempt <= now ? next : null;
  }

  #wait(): void {
    const { handovers, clock, timer } = this.options;
    const next = handovers.next(this.target.name);
    if (next === null) return;
    const seconds = Math.max(next.nextAttempt, this.#pausedUntil) - clock();
    this.#cancelTimer = timer(Math.max(1, seconds), () => {
      this.#cancelTimer = null;
      this.wake();
    });
  }

  async #attempt(due: Handover, signal: AbortSignal): Promise<void> {
    const { handovers, transactions, clock } = this.options;
    const bytes = handovers.read(due.id);
    const attempts = due.attempts + 1;
    const tried: Handover = { ...due, attempts, nextAttempt: clock() + this.#backoff(attempts) };
    transactions.run(() => handovers.update(tried));
    if (bytes === null) {
      // Such as in a database that was damaged: what waits behind it goes on.
      await this.#refused(tried, new TransportError("the mail itself is missing", MISSING));
      return;
    }
    const { id, sender, recipient, subject, messageId, wishes } = tried;
    const mail = { id, attempt: attempts, sender, recipient, subject, messageId, bytes };
    try {
      const receipt = await this.target.transport.deliver({ ...mail, notification: wishes }, signal);
      await this.#taken(tried, receipt);
    } catch (error) {
      if (signal.aborted) return;
      await this.#refused(tried, this.#asTransportError(error));
    }
  }

  async #taken(tried: Handover, receipt: Receipt): Promise<void> {
    const { handovers, transactions, reports, observer, log } = this.options;
    this.forgetFailures();
    const isReportDue = receipt.reports === "nobody" && tried.wishes?.notify?.includes("SUCCESS") === true;
    const report = isReportDue ? await reports.relayed(tried) : () => {};
    transactions.run(() => {
      if (handovers.get(tried.id)?.state === "waiting") report();
      // Of a delivery target nobody asks any more; a relayed mail's copies show what became of it.
      if (tried.target !== RELAY) handovers.remove(tried.id);
      else if (handovers.get(tried.id) !== null) handovers.update({ ...tried, state: "done", error: null });
      handovers.clearTold(tried.target, tried.user);
      observer({ ...tried, state: "done", error: null });
    });
    log.debug("mail handed over", { id: tried.id, target: tried.target });
  }

  async #refused(tried: Handover, error: TransportError): Promise<void> {
    const { handovers, transactions, clock, log } = this.options;
    const { id, target, attempts } = tried;
    log.warn("mail not handed over", { id, target, attempts, lasting: error.lasting, reason: error.message });
    if (error.about === "target") {
      this.#failures++;
      this.#pausedUntil = clock() + this.#backoff(this.#failures);
    } else this.forgetFailures();
    if (error.lasting === "permanent") await this.#fail(tried, error);
    else {
      transactions.run(() => {
        const now = handovers.get(id);
        if (now?.state === "waiting") handovers.update({ ...now, error: error.message });
      });
    }
    await this.#lookAtAge(error);
  }

  /** What has waited too long: the target is the same for all. */
  async #lookAtAge(error: TransportError): Promise<void> {
    const { handovers, policy, clock } = this.options;
    const { giveUpAfter, delayWarning } = policy;
    if (giveUpAfter > 0) {
      for (const old of handovers.startedBefore(this.target.name, clock() - giveUpAfter))
        await this.#fail(old, error);
    }
    if (delayWarning === 0) return;
    for (const old of handovers.startedBefore(this.target.name, clock() - delayWarning)) {
      if (!old.warned) await this.#warn(old, error);
    }
  }

  async #fail(handover: Handover, reason: TransportError): Promise<void> {
    const { handovers, transactions, reports, observer, log } = this.options;
    const report = await this.#unlessTold(handover, "failed", () => reports.failed(handover, reason));
    transactions.run(() => {
      if (handovers.get(handover.id)?.state !== "waiting") return;
      const failed: Handover = { ...handover, state: "failed", error: reason.message };
      handovers.update(failed);
      report();
      observer(failed);
    });
    log.warn("mail given up", { id: handover.id, target: handover.target });
  }

  async #warn(handover: Handover, reason: TransportError): Promise<void> {
    const { handovers, transactions, reports } = this.options;
    const report = await this.#unlessTold(handover, "delayed", () => reports.delayed(handover, reason));
    transactions.run(() => {
      const now = handovers.get(handover.id);
      if (now?.state !== "waiting") return;
      handovers.update({ ...now, warned: true });
      report();
    });
  }

  /** Each relayed mail has its reports; of a delivery target that is down, one report says it for all mails of a user. */
  async #unlessTold(
    { target, user }: Handover,
    trouble: "delayed" | "failed",
    compose: () => Promise<() => void>,
  ): Promise<() => void> {
    const { handovers } = this.options;
    if (target === RELAY) return compose();
    if (handovers.wasTold(target, user, trouble)) return () => {};
    const append = await compose();
    return () => {
      append();
      handovers.markTold(target, user, trouble);
    };
  }

  /** Seconds, a quarter more or less by chance, so that not all come back at once. */
  #backoff(attempts: number): number {
    const { policy, random } = this.options;
    const wait = Math.min(policy.longestWait, policy.firstWait * 2 ** Math.min(attempts - 1, 30));
    return Math.ceil(wait * (0.75 + random() / 2));
  }

  #asTransportError(error: unknown): TransportError {
    if ((error as Error | null)?.name === "TransportError") return error as TransportError;
    this.options.log.error("a transport failed", { target: this.target.name, error });
    return new TransportError("an error of this program, which its log tells", {
      lasting: "temporary",
      about: "mail",
    });
  }
}
