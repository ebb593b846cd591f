import type { OutboxStore, Transactions } from "../../bitmessage/messaging/ports.js";
import type { OutboxId } from "../../bitmessage/messaging/types.js";
import type { Logger } from "../../logger.js";
import { digestMessage } from "../../mail/imap/make-digest.js";
import type { AddressBook } from "../addresses.js";
import { type HandOn, receivedReport } from "../handover/received.js";
import type { MailCopies } from "../mailboxes/mail-copies.js";
import type { Folders } from "../mailboxes/mailboxes.js";
import type { MailboxStore, ReportStore, Submission, SubmissionStore } from "../ports.js";
import type { GatewaySettings } from "../settings.js";
import { composeReport, type Report } from "./report-mail.js";

/** Writes the delivery status reports that are due. */
export interface Reports {
  /** Writes what a former run of the program has left. */
  start(): void;
  /** Reports have become due. */
  wake(): void;
  /** Brings what is due into INBOX, each report once; resolves when nothing is left that can be written. */
  deliverDue(): Promise<void>;
  /** Resolves when none is being written. What is due then stays due. */
  stop(): Promise<void>;
}

export interface ReportsOptions {
  readonly reports: ReportStore;
  readonly submissions: SubmissionStore;
  readonly outbox: OutboxStore;
  readonly mailboxes: MailboxStore;
  readonly folders: Folders;
  readonly copies: MailCopies;
  readonly addresses: AddressBook;
  /** What sending that message takes, in words; null when that is not known. */
  readonly priceOf: (id: OutboxId) => string | null;
  /** To the delivery targets. */
  readonly handOn: HandOn;
  readonly transactions: Transactions;
  readonly settings: GatewaySettings;
  readonly log: Logger;
}

type Pending = ReturnType<ReportStore["pending"]>[number];

export function createReports(options: ReportsOptions): Reports {
  return new DueReports(options);
}

class DueReports implements Reports {
  readonly #options: ReportsOptions;
  #running: Promise<void> | null = null;
  #again: "yes" | "no" = "no";
  #stopped: "yes" | "no" = "no";

  constructor(options: ReportsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#stopped = "no";
    this.wake();
  }

  wake(): void {
    this.deliverDue().catch((error: unknown) =>
      this.#options.log.error("reports could not be read", { error }),
    );
  }

  async stop(): Promise<void> {
    this.#stopped = "yes";
    await this.#running;
  }

  deliverDue(): Promise<void> {
    this.#again = "yes";
    this.#running ??= this.#run();
    return this.#running;
  }

  async #run(): Promise<void> {
    try {
      // Not within the call that has to note that this is running.
      await Promise.resolve();
      while (this.#again === "yes") {
        this.#again = "no";
        for (const pending of this.#options.reports.pending()) {
          if (this.#stopped === "yes") return;
          await this.#deliver(pending);
        }
      }
    } finally {
      this.#running = null;
    }
  }

  /** Never rejects. */
  async #deliver(pending: Pending): Promise<void> {
    const { transactions, reports, log } = this.#options;
    try {
      const report = this.#read(pending);
      if (report === null) {
        transactions.run(() => reports.remove(pending.id));
        return;
      }
      const bytes = await this.#compose(report);
      this.#append(pending, report.submission, bytes);
    } catch (error) {
      // It stays pending, and the others get their turn.
      log.error("a delivery report could not be written", {
        outboxId: pending.outboxId,
        kind: pending.kind,
        error,
      });
    }
  }

  #append(pending: Pending, { user, from }: Submission, bytes: Uint8Array): void {
    const { transactions, reports, folders, mailboxes, handOn } = this.#options;
    const digest = digestMessage(bytes);
    transactions.run(() => {
      const internalDate = { seconds: pending.time, zone: 0 };
      mailboxes.append(folders.ensureInbox(user, from), [{ bytes, flags: [], internalDate, digest }], from);
      handOn(receivedReport(user, from, bytes));
      reports.remove(pending.id);
    });
  }

  /** Null when the mail is not known any more. */
  #read(pending: Pending): Report | null {
    const { submissions, outbox, copies } = this.#options;
    const submission = submissions.findByOutboxId(pending.outboxId);
    const recipient = submission?.recipients.find(({ outboxId }) => outboxId === pending.outboxId);
    if (submission === null || recipient === undefined) return null;
    const original = copies.read(submission.user, submission.messageId);
    const { kind, time } = pending;
    return { kind, time, submission, recipient, entry: outbox.get(pending.outboxId), original };
  }

  #compose(report: Report): Promise<Uint8Array> {
    const { addresses, settings } = this.#options;
    const { submission, recipient } = report;
    return composeReport(report, {
      domain: settings.domain,
      to: addresses.mailAddress(submission.from),
      recipient: addresses.mailAddress(recipient.address),
      recipientLabel: addresses.labelOf(submission.user, recipient.address),
      price: report.entry?.failure === "too-difficult" ? this.#options.priceOf(report.entry.id) : null,
    });
  }
}
