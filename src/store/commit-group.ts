import type { Transactions } from "../bitmessage/messaging/ports.js";
import type { GroupCommits } from "../gateway/ports.js";

interface Waiting {
  readonly work: () => void;
  readonly reject: (error: unknown) => void;
  /** After the commit. */
  readonly resolve: () => void;
}

/**
 * One commit, and so one wait for the disk, for all that is asked for while the last one was on its way. What fails in it fails alone,
 * unless the commit itself fails.
 */
export class CommitGroup implements GroupCommits {
  #waiting: Waiting[] = [];

  constructor(private readonly transactions: Pick<Transactions, "run">) {}

  together<T>(work: () => T extends Promise<unknown> ? never : T): Promise<T> {
    return new Promise((resolve, reject) => {
      let result: T;
      if (this.#waiting.length === 0) setImmediate(() => this.#commit());
      this.#waiting.push({
        work: () => {
          result = this.transactions.run(work) as T;
        },
        resolve: () => resolve(result),
        reject,
      });
    });
  }

  #commit(): void {
    const group = this.#waiting;
    this.#waiting = [];
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
