/** Where the marks of a plot's axes stand. */

/** What values are counted in: where a round number lies. */
export type Unit = "count" | "bytes" | "duration";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;
/** Times whose half is as round. */
const ROUND_TIMES = [
  10,
  MINUTE,
  2 * MINUTE,
  4 * MINUTE,
  10 * MINUTE,
  20 * MINUTE,
  HOUR,
  2 * HOUR,
  4 * HOUR,
  8 * HOUR,
  12 * HOUR,
  DAY,
  2 * DAY,
  4 * DAY,
  10 * DAY,
  20 * DAY,
];
const ROUND = [1, 2, 4, 6, 8, 10];
const FINER = [1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10];

/** The least value at or above the given one that is round, and whose half is. */
export function roundUp(value: number, unit: Unit): number {
  if (unit === "duration") return ROUND_TIMES.find((round) => round >= value) ?? Math.ceil(value / DAY) * DAY;
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = (value > 10 ? FINER : ROUND).find((round) => round * power >= value * 0.999999) ?? 10;
  return factor * power;
}

/** Whole hours or days of this machine's zone between two times (Unix seconds), three to seven of them. */
export function timeMarks(from: number, until: number): number[] {
  const step = [HOUR, 2 * HOUR, 6 * HOUR, DAY].find((one) => (until - from) / one <= 7) ?? 7 * DAY;
  const midnight = new Date(from * 1000).setHours(0, 0, 0, 0) / 1000;
  const marks: number[] = [];
  for (let time = midnight; time <= until; time += step) if (time >= from) marks.push(time);
  return marks;
}
