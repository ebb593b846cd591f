import { type RandomBytes, randomBelow } from "../protocol/random.js";
import { shuffle } from "./shuffle.js";

/** Outbound peers that own and foreign stem objects go on to (PROTOCOL.md section 8.2). */
const MAX_STEMS = 2;

/** Who gets whose stem objects: each source has one stem, chosen at random, until the stems are chosen anew. */
export class Stems<Target> {
  readonly #eligible = new Set<Target>();
  readonly #stems = new Set<Target>();
  readonly #children = new Map<Target | "ourselves", Target>();
  readonly #random: RandomBytes;

  constructor(random: RandomBytes) {
    this.#random = random;
  }

  /** A peer that may be a stem; it becomes one when there is a gap. */
  join(target: Target): void {
    this.#eligible.add(target);
    this.#fill();
  }

  leave(target: Target): void {
    this.#eligible.delete(target);
    this.#stems.delete(target);
    this.#children.delete(target);
    for (const [source, child] of this.#children) if (child === target) this.#children.delete(source);
    this.#fill();
  }

  reshuffle(): void {
    this.#stems.clear();
    this.#children.clear();
    this.#fill();
  }

  /** The stem of a source, never the source itself; null when there is none. */
  childOf(source: Target | "ourselves"): Target | null {
    const mapped = this.#children.get(source);
    if (mapped !== undefined) return mapped;
    const choices = [...this.#stems].filter((stem) => stem !== source);
    if (choices.length === 0) return null;
    const child = choices[randomBelow(choices.length, this.#random)]!;
    this.#children.set(source, child);
    return child;
  }

  #fill(): void {
    const others = shuffle(
      [...this.#eligible].filter((target) => !this.#stems.has(target)),
      this.#random,
    );
    for (const target of others.slice(0, MAX_STEMS - this.#stems.size)) this.#stems.add(target);
  }
}
