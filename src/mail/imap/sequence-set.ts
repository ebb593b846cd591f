/** A set of sequence numbers or UIDs as a client wrote it (RFC 9051 `sequence-set`): `*` is kept until the mailbox is known. */
export interface SequenceSet {
  readonly ranges: readonly SequenceRange[];
  /** `$`: what the last SEARCH has saved (RFC 5182); `ranges` is empty. */
  readonly saved?: "saved-result";
}

export interface SequenceRange {
  readonly from: number | "*";
  readonly to: number | "*";
}

/** The ranges with numbers for `*`, each ascending, sorted, overlaps merged. `last` stands for `*`. */
export function resolveRanges(set: SequenceSet, last: number): [number, number][] {
  const ranges = set.ranges.map(({ from, to }): [number, number] => {
    const a = from === "*" ? last : from;
    const b = to === "*" ? last : to;
    return a <= b ? [a, b] : [b, a];
  });
  ranges.sort((a, b) => a[0] - b[0]);
  const merged: [number, number][] = [];
  for (const range of ranges) {
    const previous = merged.at(-1);
    if (previous && range[0] <= previous[1] + 1) previous[1] = Math.max(previous[1], range[1]);
    else merged.push(range);
  }
  return merged;
}

/** Numbers as `1:3,5`: consecutive ones joined, in the order given. Empty: the empty string. */
export function formatNumberSet(numbers: Iterable<number>): string {
  const parts: string[] = [];
  let from = 0;
  let to = 0;
  for (const number of numbers) {
    if (from > 0 && number === to + 1) {
      to = number;
      continue;
    }
    if (from > 0) parts.push(from === to ? `${from}` : `${from}:${to}`);
    from = number;
    to = number;
  }
  if (from > 0) parts.push(from === to ? `${from}` : `${from}:${to}`);
  return parts.join(",");
}

/** Index of the first element that is not less than `value`. */
export function lowerBound(ascending: ArrayLike<number>, value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
