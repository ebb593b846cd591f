/** Transactions over memory: what is changed is noted, so that it can be undone. */
import type { Transactions } from "../../bitmessage/messaging/ports.js";
import { EffectQueue, refusePromise } from "../effects.js";

export class MemoryTransactions implements Transactions {
  readonly #effects: EffectQueue;
  readonly #undo: (() => void)[] = [];
  #depth = 0;

  constructor(reportError: (error: unknown) => void) {
    this.#effects = new EffectQueue(reportError);
  }

  run<T>(work: () => T extends Promise<unknown> ? never : T): T {
    const undoMark = this.#undo.length;
    const effectMark = this.#effects.mark;
    this.#depth++;
    let result: T;
    try {
      result = work();
      refusePromise(result);
    } catch (error) {
      while (this.#undo.length > undoMark) this.#undo.pop()!();
      this.#effects.rollback(effectMark);
      throw error;
    } finally {
      this.#depth--;
    }
    if (this.#depth === 0) {
      this.#undo.length = 0;
      this.#effects.commit();
    }
    return result;
  }

  runUnsynced<T>(work: () => T extends Promise<unknown> ? never : T): T {
    return this.run(work);
  }

  afterCommit(effect: () => void): void {
    if (this.#depth === 0) this.#effects.run(effect);
    else this.#effects.add(effect);
  }

  /** Notes how to undo a change that has just been made. */
  changed(undo: () => void): void {
    if (this.#depth > 0) this.#undo.push(undo);
  }
}

/** A map whose changes are undone with their transaction. The order of its keys means nothing. */
export class Table<Key, Value> {
  readonly #rows = new Map<Key, Value>();

  constructor(private readonly transactions: MemoryTransactions) {}

  get(key: Key): Value | undefined {
    return this.#rows.get(key);
  }

  has(key: Key): boolean {
    return this.#rows.has(key);
  }

  values(): Value[] {
    return [...this.#rows.values()];
  }

  set(key: Key, value: Value): void {
    const old = this.#rows.get(key);
    const existed = this.#rows.has(key);
    this.#rows.set(key, value);
    this.transactions.changed(() => {
      if (existed) this.#rows.set(key, old as Value);
      else this.#rows.delete(key);
    });
  }

  delete(key: Key): boolean {
    const old = this.#rows.get(key);
    if (!this.#rows.delete(key)) return false;
    this.transactions.changed(() => this.#rows.set(key, old as Value));
    return true;
  }
}

/** Numbers that only grow; a number given out in a transaction that was undone is given out again. */
export class Sequence {
  #last: number;

  constructor(
    private readonly transactions: MemoryTransactions,
    start = 0,
  ) {
    this.#last = start;
  }

  next(atLeast = 0): number {
    const previous = this.#last;
    this.#last = Math.max(previous + 1, atLeast);
    this.transactions.changed(() => {
      this.#last = previous;
    });
    return this.#last;
  }
}
