import { ImapError } from "./error.js";

/** System flags in their canonical case (RFC 9051 section 2.3.2); \Recent is the session's own and is never set by a client. */
export const SYSTEM_FLAGS = ["\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft"] as const;

const canonical = new Map(SYSTEM_FLAGS.map((flag) => [flag.toLowerCase(), flag as string]));
const LONGEST_KEYWORD = 255;
const MOST_KEYWORDS = 200;

/** The flags of a client, system flags in canonical case, each once. ImapError BAD for system flags that cannot be set. */
export function canonicalFlags(flags: readonly string[], known?: ReadonlyMap<string, string>): string[] {
  const result = new Map<string, string>();
  for (const flag of flags) {
    const key = flag.toLowerCase();
    if (flag.startsWith("\\") && !canonical.has(key)) {
      throw new ImapError("BAD", null, `${flag} is not a flag that a client can set.`);
    }
    if (flag.length > LONGEST_KEYWORD) throw new ImapError("NO", "LIMIT", "That keyword is too long.");
    if (!result.has(key)) result.set(key, canonical.get(key) ?? known?.get(key) ?? flag);
  }
  if (result.size > MOST_KEYWORDS) throw new ImapError("NO", "LIMIT", "Too many keywords.");
  return [...result.values()];
}

export function hasFlag(flags: readonly string[], flag: string): boolean {
  if (flags.includes(flag)) return true;
  const key = flag.toLowerCase();
  return flags.some((one) => one.toLowerCase() === key);
}
