/**
 * What is to happen after a commit: in the order of the commits, each effect in the order it was asked for, none after a
 * rollback. Effects of a transaction that an effect starts come after the remaining effects of the earlier commit.
 */
export class EffectQueue {
  readonly #pending: (() => void)[] = [];
  readonly #committed: (() => void)[] = [];
  #draining = false;

  constructor(private readonly reportError: (error: unknown) => void) {}

  /** How many effects the running transaction has asked for so far: the place to roll back to. */
  get mark(): number {
    return this.#pending.length;
  }

  add(effect: () => void): void {
    this.#pending.push(effect);
  }

  /** Drops the effects asked for since the mark. */
  rollback(mark: number): void {
    this.#pending.length = mark;
  }

  /** The transaction has been committed: runs its effects. */
  commit(): void {
    for (const effect of this.#pending) this.#committed.push(effect);
    this.#pending.length = 0;
    if (this.#draining) return;
    this.#draining = true;
    let begun = 0;
    try {
      for (const effect of this.#committed) {
        begun++;
        this.run(effect);
      }
    } finally {
      this.#committed.splice(0, begun);
      this.#draining = false;
    }
  }

  /** Runs an effect; what it throws is reported, since the commit has happened already. */
  run(effect: () => void): void {
    try {
      effect();
    } catch (error) {
      this.reportError(error);
    }
  }
}

/** Refuses the result of an asynchronous function: the transaction would be over before its work is. */
export function refusePromise(result: unknown): void {
  if (typeof (result as { then?: unknown } | null | undefined)?.then !== "function") return;
  (result as Promise<unknown>).then(undefined, () => undefined);
  throw new TypeError("the work of a transaction may not be asynchronous");
}
