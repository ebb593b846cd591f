/**
 * An nstring (RFC 9051 section 9) of a binary string: `NIL`, quoted, or a literal for what a quoted string cannot hold. NUL, which may
 * stand in neither, becomes `?`.
 */
export function formatNstring(text: string | null): string {
  return text === null ? "NIL" : formatString(text);
}

/** A string: quoted, or a literal when it has CR, LF or octets above 127. */
export function formatString(text: string): string {
  const safe = text.includes("\0") ? text.replaceAll("\0", "?") : text;
  if (/[\r\n\x80-\xff]/.test(safe)) return `{${safe.length}}\r\n${safe}`;
  return `"${/["\\]/.test(safe) ? safe.replace(/["\\]/g, "\\$&") : safe}"`;
}
