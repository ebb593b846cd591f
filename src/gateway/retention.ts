/** What is forgotten when it has had its time: each chore removes a piece, whole or not at all. */
import type { OutboxStore, Transactions } from "../bitmessage/messaging/ports.js";
import type { OutboxId } from "../bitmessage/messaging/types.js";
import type {
  AutomaticAnswerLog,
  EndedEntries,
  ExpungedNotes,
  ReportStore,
  Retained,
  SubmissionStore,
} from "./ports.js";
import type { Chore } from "./upkeep.js";

const DAY = 86_400;
/** Rows removed at a time. */
const PIECE = 200;

/** Days that a message which has come to its end can still be looked at and sent again. */
const ENDED_MESSAGES = 30 * DAY;
/** No object lives longer than 28 days and three hours; after that it cannot come in again. */
const DELIVERIES = 32 * DAY;
/** Whoever hears no acknowledgement sends again within 31 days (1.1 times 28), which starts this time anew. */
const SIGNATURES = 90 * DAY;
/** An answer to something older still names it where the correspondent's program does; PyBitmessage's do not. */
const THREADS = 730 * DAY;
/** Of each mailbox: enough for a mail program that has been away for long. */
const EXPUNGED = 20_000;
/** What counts against the limit of an hour. */
const AUTOMATIC_ANSWERS = DAY;

export interface RetentionOptions {
  readonly outbox: OutboxStore & EndedEntries;
  readonly submissions: SubmissionStore;
  readonly reports: ReportStore;
  readonly deliveryLog: Retained;
  readonly signatures: Retained;
  readonly threads: Retained;
  readonly expungedNotes: ExpungedNotes;
  readonly automaticAnswers: AutomaticAnswerLog;
  /** Those that have ended. */
  readonly handovers: Retained;
  readonly transactions: Transactions;
}

export function retentionChores(options: RetentionOptions): readonly Chore[] {
  const { deliveryLog, signatures, threads, expungedNotes, automaticAnswers, handovers } = options;
  return [
    new EndedMessages(options),
    forget("submissions without messages", ENDED_MESSAGES, {
      removeBefore: (time, limit) => removeEmptySubmissions(options, time, limit),
    }),
    forget("ended handovers", ENDED_MESSAGES, handovers),
    forget("deliveries", DELIVERIES, deliveryLog),
    forget("signatures", SIGNATURES, signatures),
    forget("threads", THREADS, threads),
    {
      name: "notes of expunged messages",
      doSome: () => (expungedNotes.forgetOldest(EXPUNGED, PIECE) > 0 ? "more" : "done"),
    },
    forget("automatic answers", AUTOMATIC_ANSWERS, automaticAnswers),
  ];
}

function forget(name: string, after: number, retained: Retained): Chore {
  return {
    name,
    doSome: (now) => (retained.removeBefore(now - after, PIECE) === PIECE ? "more" : "done"),
  };
}

function removeEmptySubmissions(
  { submissions, transactions }: RetentionOptions,
  time: number,
  limit: number,
): number {
  return transactions.run(() => {
    const ids = submissions.withoutRecipients(time, limit);
    for (const id of ids) submissions.remove(id);
    return ids.length;
  });
}

/** Messages that have come to their end, mail by mail: the states of all recipients are shown together. */
class EndedMessages implements Chore {
  readonly name = "ended messages";
  readonly #options: RetentionOptions;
  /** How many have been left in this round because others of their mail have not ended. */
  #left = 0;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  doSome(now: number): "more" | "done" {
    const { outbox, transactions } = this.#options;
    const before = now - ENDED_MESSAGES;
    const ids = outbox.endedBefore(before, { offset: this.#left, limit: PIECE });
    transactions.run(() => {
      const told = new Set(this.#options.reports.pending().map(({ outboxId }) => outboxId));
      for (const id of ids) if (!this.#remove(id, before, told)) this.#left++;
    });
    if (ids.length === PIECE) return "more";
    this.#left = 0;
    return "done";
  }

  /** True when it is gone, perhaps with an earlier one of its mail. */
  #remove(id: OutboxId, before: number, told: ReadonlySet<OutboxId>): boolean {
    const { outbox, submissions, reports } = this.#options;
    if (outbox.get(id) === null) return true;
    const submission = submissions.findByOutboxId(id);
    const ids = submission?.recipients.map(({ outboxId }) => outboxId) ?? [id];
    if (!ids.every((one) => !told.has(one) && this.#hasEnded(one, before))) return false;
    for (const one of ids) {
      outbox.remove(one);
      reports.forget(one);
    }
    if (submission !== null) submissions.remove(submission.id);
    return true;
  }

  #hasEnded(id: OutboxId, before: number): boolean {
    const entry = this.#options.outbox.get(id);
    if (entry === null) return true;
    const hasEnded = entry.state === "sent" ? !entry.awaitsAcknowledgement : ENDED.has(entry.state);
    return hasEnded && entry.changed < before;
  }
}

const ENDED: ReadonlySet<string> = new Set(["acknowledged", "failed", "cancelled"]);
