/** Mailbox names: modified UTF-7 on the wire (RFC 3501 section 5.1.3), or UTF-8 for clients that have asked for it; text with `/` inside. */
import { isUtf8 } from "node:buffer";
import { ImapError } from "./error.js";

export const DELIMITER = "/";
const LONGEST_NAME = 1000;

/** Text to modified UTF-7. */
export function encodeMailboxName(name: string): string {
  return name.replace(/&|[^\x20-\x7e]+/g, (part) => {
    if (part === "&") return "&-";
    const utf16 = Buffer.from(part, "utf16le").swap16();
    return `&${utf16.toString("base64").replace(/=+$/, "").replaceAll("/", ",")}-`;
  });
}

/** Modified UTF-7 to text; null when it is not well formed: 8-bit octets, bad base64, ASCII or lone surrogates inside, needless shifts. */
export function decodeMailboxName(encoded: string): string | null {
  if (!/^[\x20-\x7e]*$/.test(encoded)) return null;
  let valid = true;
  const name = encoded.replace(/&([^-]*)(-?)/g, (_, shifted: string, end: string) => {
    if (end === "") valid = false;
    if (shifted === "") return "&";
    if (!/^[A-Za-z0-9+,]+$/.test(shifted)) valid = false;
    const octets = Buffer.from(shifted.replaceAll(",", "/"), "base64");
    if (octets.length % 2 === 1) {
      valid = false;
      return "";
    }
    return octets.swap16().toString("utf16le");
  });
  return valid && encodeMailboxName(name) === encoded && !/\p{Surrogate}/u.test(name) ? name : null;
}

/** How names are written on the wire: RFC 3501, or RFC 6855 and RFC 9051. */
export type NameForm = "modified-utf-7" | "utf-8";

/** A name as octets. */
export function writeMailboxName(name: string, form: NameForm): string {
  return form === "utf-8" ? Buffer.from(name, "utf8").toString("latin1") : encodeMailboxName(name);
}

/** Octets to a name; null when they are not well formed. */
export function readMailboxName(octets: string, form: NameForm): string | null {
  if (form === "modified-utf-7") return decodeMailboxName(octets);
  const bytes = Buffer.from(octets, "latin1");
  return isUtf8(bytes) ? bytes.toString("utf8") : null;
}

/**
 * INBOX in any case is `INBOX`, also as the parent of others; a trailing delimiter is dropped (RFC 9051 section 6.3.4); text is Net-Unicode
 * (RFC 5198), so that a name is the same however a keyboard or a file system wrote it.
 */
export function canonicalMailboxName(name: string): string {
  const normal = name.normalize("NFC");
  const trimmed = normal.length > 1 && normal.endsWith(DELIMITER) ? normal.slice(0, -1) : normal;
  return /^inbox(?=\/|$)/i.test(trimmed) ? `INBOX${trimmed.slice(5)}` : trimmed;
}

/** ImapError NO [CANNOT] for names that cannot be made. */
export function checkNewMailboxName(name: string): void {
  const parts = name.split(DELIMITER);
  if (name === "" || parts.some((part) => part === ""))
    throw cannot("A mailbox name must not have empty parts.");
  if (parts.some((part) => part === "." || part === "..")) throw cannot("A mailbox name must not be . or ..");
  if (/[\x00-\x1f\x7f\u0080-\u009f\u2028\u2029]/.test(name))
    throw cannot("A mailbox name must not have control characters.");
  if (Buffer.byteLength(name) > LONGEST_NAME || parts.length > 30)
    throw cannot("That mailbox name is too long.");
}

function cannot(text: string): ImapError {
  return new ImapError("NO", "CANNOT", text);
}

/** The names above a name: `a/b/c` has `a` and `a/b`. */
export function parentsOf(name: string): string[] {
  const parts = name.split(DELIMITER);
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join(DELIMITER));
}
