/** Flags as they are kept: each once, system flags first and in one spelling, so that equal sets look equal. */

const SYSTEM = ["\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft"];
const RECENT = "\\recent";

/** Equal for flags that differ in the case of ASCII letters only (RFC 9051 section 9: flags are case-insensitive). */
export function flagKey(flag: string): string {
  return flag.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

const spellings = new Map(SYSTEM.map((flag) => [flagKey(flag), flag]));

/**
 * System flags in canonical case and order, then keywords by code unit in the spelling that the mailbox knows; \Recent is left out.
 * @param known spellings of the mailbox's keywords, by `flagKey`
 */
export function normalizeFlags(
  flags: readonly string[],
  known: ReadonlyMap<string, string>,
): readonly string[] {
  const system = new Set<string>();
  const keywords = new Map<string, string>();
  for (const flag of flags) {
    const key = flagKey(flag);
    const spelling = spellings.get(key);
    if (spelling) system.add(spelling);
    else if (key !== RECENT && !keywords.has(key)) keywords.set(key, known.get(key) ?? flag);
  }
  return [...SYSTEM.filter((flag) => system.has(flag)), ...[...keywords.values()].sort(byCodeUnit)];
}

export function isKeyword(flag: string): boolean {
  return !flag.startsWith("\\");
}

/** The flags after a change; both normalized with the same spellings. */
export function changeFlags(
  current: readonly string[],
  action: "add" | "remove" | "replace",
  flags: readonly string[],
): readonly string[] {
  if (action === "replace") return flags;
  if (action === "remove") return current.filter((flag) => !flags.includes(flag));
  return normalizeFlags([...current, ...flags], new Map());
}

export function sameFlags(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((flag, index) => flag === right[index]);
}

function byCodeUnit(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
