import { DELIMITER } from "./mailbox-name.js";

/**
 * A `list-mailbox` pattern (RFC 9051 section 6.3.9): `*` is anything, `%` anything but the delimiter. INBOX matches in any case.
 * Matching takes time proportional to the square of the name's length at most, whatever the pattern is.
 */
export function matchesPattern(pattern: string, name: string): boolean {
  const normal = pattern.replace(/[*%]+/g, (run) => (run.includes("*") ? "*" : "%"));
  // What stands for itself must be in the name.
  if (normal.replace(/[*%]/g, "").length > name.length) return false;
  return matches(normal, name) || (/^inbox(\/|$)/i.test(name) && matches(foldInbox(normal), name));
}

function foldInbox(pattern: string): string {
  return pattern
    .replace(/^inbox/i, "INBOX")
    .replace(/^([a-z]{1,5})(?=[*%])/i, (start) => start.toUpperCase());
}

function matches(pattern: string, name: string): boolean {
  // reachable[i]: the pattern read so far matches the first i characters.
  let reachable = new Uint8Array(name.length + 1);
  reachable[0] = 1;
  for (const character of pattern) {
    const next = new Uint8Array(name.length + 1);
    if (character === "*" || character === "%") {
      let open = 0;
      for (let i = 0; i <= name.length; i++) {
        if (i > 0 && character === "%" && name.startsWith(DELIMITER, i - 1)) open = 0;
        if (reachable[i]) open = 1;
        next[i] = open;
      }
    } else {
      for (let i = 0; i + character.length <= name.length; i++) {
        if (reachable[i] && name.startsWith(character, i)) next[i + character.length] = 1;
      }
    }
    reachable = next;
  }
  return reachable[name.length] === 1;
}
