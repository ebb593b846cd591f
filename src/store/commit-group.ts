import type { Transactions } from "../bitmessage/messaging/ports.js";
import type { GroupCommits } from "../gateway/ports.js";

interface Waiting {
  readonly work: () => void;
  readonly reject: (error: unknown) => void;
  /** After the commit. */
  readonly resolve: () => void;
}

/** Less than most disks take for what it saves. */
const LONGEST_WAIT_MILLISECONDS = 1;

/** Calls back when the time for waiting is over; returns how to cancel that. */
export type Patience = (over: () => void) => () => void;

const aMoment: Patience = (over) => {
  const timer = setTimeout(over, LONGEST_WAIT_MILLISECONDS);
  return () => clearTimeout(timer);
};

/**
 * One commit, and so one wait for the disk, for all that is asked for at a time: what is said to be coming, and as many as came the last
 * time, are waited for, but not for long. Who is alone waits for nobody. What fails in it fails alone, unless the commit itself fails.
 */
export class CommitGroup implements GroupCommits {
  #waiting: Waiting[] = [];
  #lastSize = 1;
  #isDue = false;
  /** While others are waited for. */
  #endPatience: (() => void) | null = null;

  constructor(
    private readonly transactions: Pick<Transactions, "run">,
    private readonly patience: Patience = aMoment,
  ) {}

  together<T>(work: () => T extends Promise<unknown> ? never : T, coming = 0): Promise<T> {
    return new Promise((resolve, reject) => {
      let result: T;
      this.#waiting.push({
        work: () => {
          result = this.transactions.run(work) as T;
        },
        resolve: () => resolve(result),
        reject,
      });
      if (coming > 0 || this.#waiting.length < this.#lastSize)
        this.#endPatience ??= this.patience(() => this.#commit());
      else this.#commitSoon();
    });
  }

  /** With those that come in this turn of the event loop. */
  #commitSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => this.#commit());
  }

  #commit(): void {
    this.#endPatience?.();
    this.#endPatience = null;
    this.#isDue = false;
    const group = this.#waiting;
    // Patience may have come to its end in the same turn.
    if (group.length === 0) return;
    this.#waiting = [];
    this.#lastSize = group.length;
    const settlements: (() => void)[] = [];
    try {
      this.transactions.run(() => {
        for (const one of group) settlements.push(attempt(one));
      });
    } catch (error) {
      for (const { reject } of group) reject(error);
      return;
    }
    for (const settle of settlements) settle();
  }
}

function attempt({ work, resolve, reject }: Waiting): () => void {
  try {
    work();
    return resolve;
  } catch (error) {
    return () => reject(error);
  }
}
