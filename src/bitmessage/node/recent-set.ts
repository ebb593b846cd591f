/** A set that forgets its older members: it holds between half of `limit` and `limit` of the latest. */
export class RecentSet<T> {
  readonly #half: number;
  #young = new Set<T>();
  #old = new Set<T>();

  constructor(limit: number) {
    this.#half = Math.max(1, Math.floor(limit / 2));
  }

  has(member: T): boolean {
    return this.#young.has(member) || this.#old.has(member);
  }

  add(member: T): void {
    this.#young.add(member);
    if (this.#young.size < this.#half) return;
    this.#old = this.#young;
    this.#young = new Set();
  }
}
