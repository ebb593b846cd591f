/** What has happened since the start and is kept nowhere else. */
import type { OutboxEntry, ReceivedMessage } from "../../bitmessage/messaging/types.js";
import type { Solver } from "../../bitmessage/pow/solver.js";
import { Histogram } from "./histogram.js";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;
const DELIVERY_BOUNDS = [
  10,
  30,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  15 * MINUTE,
  HOUR,
  4 * HOUR,
  DAY,
  4 * DAY,
  28 * DAY,
];

export class Tally {
  /** Seconds from acceptance to acknowledgement. */
  readonly deliveryTimes = new Histogram(DELIVERY_BOUNDS);
  readonly accepted: Record<OutboxEntry["kind"], number> = { msg: 0, broadcast: 0 };
  readonly received: Record<ReceivedMessage["kind"], number> = { msg: 0, broadcast: 0 };
  readonly ended = { acknowledged: 0, failed: 0, cancelled: 0 };
  trials = 0;

  /** A change of the outbox that has been kept. */
  sent(entry: OutboxEntry, previous: OutboxEntry | null): void {
    if (previous === null) this.accepted[entry.kind] += 1;
    if (entry.state === previous?.state) return;
    if (entry.state !== "acknowledged" && entry.state !== "failed" && entry.state !== "cancelled") return;
    this.ended[entry.state] += 1;
    if (entry.state === "acknowledged")
      this.deliveryTimes.observe(Math.max(0, entry.changed - entry.created));
  }

  delivered({ kind }: ReceivedMessage): void {
    this.received[kind] += 1;
  }

  /** The same solver; its trials are counted while it works. */
  count(solver: Solver): Solver {
    return {
      status: () => solver.status(),
      close: () => solver.close(),
      solve: async (request) => {
        let known = 0;
        const reached = (trials: number) => {
          this.trials += Math.max(0, trials - known);
          known = Math.max(known, trials);
        };
        const solution = await solver.solve({
          ...request,
          prepare: () => request.prepare(),
          onProgress(progress) {
            reached(progress.trials);
            request.onProgress?.(progress);
          },
        });
        reached(solution.trials);
        return solution;
      },
    };
  }
}
