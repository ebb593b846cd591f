/** One transaction over all SQLite stores. */
import type { Transactions } from "../bitmessage/messaging/ports.js";
import type { Database } from "./database.js";
import { EffectQueue, refusePromise } from "./effects.js";

type Work<T> = () => T extends Promise<unknown> ? never : T;

/** Nested calls are savepoints of the outer transaction: one that throws undoes its own work, and the outer one decides about the rest. */
export class SqliteTransactions implements Transactions {
  readonly #effects: EffectQueue;
  readonly #rollbackListeners: (() => void)[] = [];
  readonly #statements;
  #depth = 0;
  /** Why the database rolled the whole transaction back by itself; null when it has not. */
  #lost: { readonly reason: unknown } | null = null;

  constructor(
    private readonly database: Database,
    reportError: (error: unknown) => void,
    private readonly reportFailure: (error: unknown) => void = () => {},
  ) {
    this.#effects = new EffectQueue(reportError);
    this.#statements = {
      begin: database.prepare("BEGIN IMMEDIATE"),
      commit: database.prepare("COMMIT"),
      rollback: database.prepare("ROLLBACK"),
      savepoint: database.prepare("SAVEPOINT inner"),
      release: database.prepare("RELEASE inner"),
      rollbackTo: database.prepare("ROLLBACK TO inner"),
    };
  }

  run<T>(work: Work<T>): T {
    return this.#depth === 0 ? this.#outer(work) : this.#inner(work);
  }

  /**
   * The same without waiting for the disk: a loss of power, though no crash, may undo it, unless a transaction that does wait has
   * followed. For what can be had again, such as what the network keeps.
   */
  runUnsynced<T>(work: Work<T>): T {
    if (this.#depth > 0) return this.#inner(work);
    let result: T;
    this.database.pragma("synchronous = NORMAL");
    try {
      result = this.#whole(work);
    } finally {
      this.database.pragma("synchronous = FULL");
    }
    this.#effects.commit();
    return result;
  }

  afterCommit(effect: () => void): void {
    if (this.#depth === 0) this.#effects.run(effect);
    else this.#effects.add(effect);
  }

  /** Calls the listener whenever work was undone: what was remembered of the database may be wrong. */
  onRollback(listener: () => void): void {
    this.#rollbackListeners.push(listener);
  }

  #outer<T>(work: Work<T>): T {
    const result = this.#whole(work);
    this.#effects.commit();
    return result;
  }

  #whole<T>(work: Work<T>): T {
    this.#statements.begin.run();
    this.#lost = null;
    let result: T;
    try {
      result = this.#perform(work);
      this.#refuseLost();
      this.#statements.commit.run();
    } catch (error) {
      if (this.database.inTransaction) this.#statements.rollback.run();
      this.#undone(0);
      this.reportFailure(error);
      throw error;
    }
    return result;
  }

  #refuseLost(): void {
    if (this.#lost !== null) throw this.#lost.reason;
  }

  #inner<T>(work: Work<T>): T {
    if (!this.database.inTransaction) throw new Error("the transaction was rolled back by the database");
    const mark = this.#effects.mark;
    this.#statements.savepoint.run();
    try {
      const result = this.#perform(work);
      this.#statements.release.run();
      return result;
    } catch (error) {
      // A full disk or a failed write rolls back the whole transaction by itself.
      if (this.database.inTransaction) {
        this.#statements.rollbackTo.run();
        this.#statements.release.run();
      } else this.#lost ??= { reason: error };
      this.#undone(mark);
      throw error;
    }
  }

  #perform<T>(work: Work<T>): T {
    this.#depth++;
    try {
      const result = work();
      refusePromise(result);
      return result as T;
    } finally {
      this.#depth--;
    }
  }

  #undone(mark: number): void {
    this.#effects.rollback(mark);
    for (const listener of this.#rollbackListeners) listener();
  }
}
