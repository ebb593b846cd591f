import type { OutboxObserver, OutboxStore, Timer, Transactions } from "../../bitmessage/messaging/ports.js";
import type { OutboxEntry } from "../../bitmessage/messaging/types.js";
import type { Logger } from "../../logger.js";
import type { MailCopies } from "../mailboxes/mail-copies.js";
import type {
  ReportKind,
  ReportStore,
  Submission,
  SubmissionRecipient,
  SubmissionStore,
  ThreadStore,
} from "../ports.js";
import type { GatewaySettings } from "../settings.js";

/** Tells what becomes of messages: keywords on the mail's copies, the Outbox, and which reports are due (MAIL-MAPPING section 6). */
export interface States {
  /** Hears of each change of the outbox, within its transaction. */
  readonly observe: OutboxObserver;
  /** Looks for delays at once and then again and again, until `stop`. */
  start(): void;
  stop(): void;
  /** Notes which delay reports are due now. */
  checkDelays(): void;
}

export interface StatesOptions {
  readonly submissions: SubmissionStore;
  readonly outbox: OutboxStore;
  readonly reports: ReportStore;
  readonly threads: ThreadStore;
  readonly copies: MailCopies;
  readonly transactions: Transactions;
  readonly settings: GatewaySettings;
  /** Unix seconds. */
  readonly clock: () => number;
  readonly timer: Timer;
  /** Called after the commit that made reports due. */
  readonly reportsDue: () => void;
  readonly log: Logger;
}

/** Seconds between two looks for delays, at most. */
const LONGEST_INTERVAL = 600;

export function createStates(options: StatesOptions): States {
  return new OutboxStates(options);
}

class OutboxStates implements States {
  readonly #options: StatesOptions;
  #cancelTimer: (() => void) | null = null;

  constructor(options: StatesOptions) {
    this.#options = options;
  }

  readonly observe: OutboxObserver = (entry, previous) => {
    try {
      this.#follow(entry, previous);
    } catch (error) {
      // An observer may not throw: the message's way through the network matters more than what shows it.
      this.#options.log.error("a state could not be shown", {
        outboxId: entry.id,
        state: entry.state,
        error,
      });
    }
  };

  start(): void {
    const { settings, timer } = this.#options;
    if (settings.delayWarning === 0) return;
    this.#cancelTimer = timer(Math.min(LONGEST_INTERVAL, settings.delayWarning), () => this.start());
    this.checkDelays();
  }

  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  checkDelays(): void {
    const { outbox, settings, clock, transactions } = this.#options;
    if (settings.delayWarning === 0) return;
    const latest = clock() - settings.delayWarning;
    transactions.run(() => {
      for (const entry of outbox.active()) {
        if (entry.state === "awaiting-pubkey" && entry.started <= latest) this.#report(entry, "delayed");
      }
    });
  }

  #follow(entry: OutboxEntry, previous: OutboxEntry | null): void {
    const { submissions, transactions, copies } = this.#options;
    // Whoever adds an entry shows it as well.
    if (previous === null) return;
    const submission = submissions.findByOutboxId(entry.id);
    if (submission === null) return;
    // A savepoint: what fails here is undone by itself.
    transactions.run(() => {
      if (entry.inventoryHash !== null && entry.inventoryHash !== previous.inventoryHash) {
        this.#rememberHash(submission, entry, entry.inventoryHash);
      }
      if (entry.state === previous.state && entry.awaitsAcknowledgement === previous.awaitsAcknowledgement)
        return;
      copies.refresh(submission.user, submission.messageId, entry);
      if (entry.state === "failed") this.#report(entry, "failed");
      if (entry.state === "acknowledged") this.#report(entry, "delivered");
    });
  }

  #rememberHash(submission: Submission, entry: OutboxEntry, hash: string): void {
    const { threads } = this.#options;
    const known = threads.findByMessageId(submission.user, submission.messageId);
    if (known !== null) threads.remember({ ...known, hash, correspondent: entry.to });
  }

  #report(entry: Pick<OutboxEntry, "id">, kind: ReportKind): void {
    const { submissions, reports, transactions, clock, reportsDue } = this.#options;
    const recipient = submissions
      .findByOutboxId(entry.id)
      ?.recipients.find(({ outboxId }) => outboxId === entry.id);
    if (recipient === undefined || !this.#isWanted(recipient, kind)) return;
    // One delay is told once; an end is told each time, since a message may be sent again after it.
    if (kind === "delayed" && reports.has(entry.id, kind)) return;
    reports.add({ outboxId: entry.id, kind, time: clock() });
    transactions.afterCommit(reportsDue);
  }

  /** RFC 3461 section 4.1; a failure is told unless that is forbidden, a delivery when it was asked for, by the mail or by the setting. */
  #isWanted({ notify }: SubmissionRecipient, kind: ReportKind): boolean {
    if (notify?.includes("NEVER")) return false;
    if (kind === "delivered")
      return notify?.includes("SUCCESS") ?? this.#options.settings.deliveredReports === "always";
    if (kind === "delayed") return notify?.includes("DELAY") ?? true;
    return true;
  }
}
