/** What sending costs, in words for people. */

/**
 * Such as "2400000000 trials, about 13 minutes on this machine".
 * @param speed trials per second of this machine, all threads together; 0 when that is not known
 */
export function priceText(trials: number, speed: number): string {
  return `${Math.round(trials)} trials${speed > 0 ? `, about ${durationText(trials / speed)} on this machine` : ""}`;
}

/** The whole number that `X-Bitmessage-Max-Work` takes to pay a price: a little more, since a key may change its length. */
export function acceptedWork(trials: number): number {
  return Math.ceil(trials * 1.1);
}

/** One unit, rounded up where it would be none. */
export function durationText(seconds: number): string {
  if (seconds < 100) return plural(seconds, "second");
  if (seconds < 100 * 60) return plural(seconds / 60, "minute");
  if (seconds < 48 * 3600) return plural(seconds / 3600, "hour");
  return plural(seconds / 86_400, "day");
}

function plural(amount: number, unit: string): string {
  const count = Math.max(1, Math.round(amount));
  return count === 1 ? `1 ${unit}` : `${count} ${unit}s`;
}
