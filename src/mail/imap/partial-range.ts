/** A page of a result (RFC 9394): counted from its beginning or from its end. */
export interface PartialRange {
  readonly countedFrom: "beginning" | "end";
  /** From 1; not above `to`. */
  readonly from: number;
  readonly to: number;
}

/** The part of an ascending list that is in the range, ascending. */
export function takePartial<T>(all: readonly T[], { countedFrom, from, to }: PartialRange): readonly T[] {
  if (countedFrom === "beginning") return all.slice(from - 1, to);
  const end = all.length - from + 1;
  return end <= 0 ? [] : all.slice(Math.max(0, all.length - to), end);
}

/** `partial-range` as the answer names it. */
export function formatPartialRange({ countedFrom, from, to }: PartialRange): string {
  return countedFrom === "beginning" ? `${from}:${to}` : `-${from}:-${to}`;
}
