import { createHash } from "node:crypto";

/** Mail outside of the bridge: what a Maildir or an mbox file holds of each. */
export interface OutsideMail {
  /** Levels from the top; [] for the inbox. */
  readonly folder: readonly string[];
  /** RFC 5322 octets with CR LF. */
  readonly bytes: Uint8Array;
  /** IMAP flags. */
  readonly flags: readonly string[];
  /** Unix seconds of receipt, or null. */
  readonly time: number | null;
}

/** What could not be read, and why. */
export interface UnreadableMail {
  readonly place: string;
  readonly reason: string;
}

export type OutsideEntry = OutsideMail | UnreadableMail;

/** Octets of the largest mail that is moved. */
export const LARGEST_MAIL = 40_000_000;

const LF = 10;
const CR = 13;

/** Lone line feeds become CR LF (RFC 5322 section 2.3), as files of mail have them. */
export function withNetworkLineEnds(bytes: Uint8Array): Uint8Array {
  let missing = 0;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === LF && bytes[at - 1] !== CR) missing += 1;
  }
  if (missing === 0) return bytes;
  const result = new Uint8Array(bytes.length + missing);
  let to = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === LF && bytes[at - 1] !== CR) result[to++] = CR;
    result[to++] = byte;
  }
  return result;
}

/** CR LF becomes a lone line feed, as files of mail have it. */
export function withFileLineEnds(bytes: Uint8Array): Uint8Array {
  const result = new Uint8Array(bytes.length);
  let to = 0;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === CR && bytes[at + 1] === LF) continue;
    result[to++] = bytes[at] ?? 0;
  }
  return result.subarray(0, to);
}

/** Octets of the longest name of a file or folder that we make; file systems have 255, of which something stands behind. */
const LONGEST_NAME = 200;

/** The name, or where it is too long its beginning and what tells it from others: the same each time. */
export function shortName(name: string): string {
  if (Buffer.byteLength(name) <= LONGEST_NAME) return name;
  const mark = createHash("sha256").update(name).digest("hex").slice(0, 16);
  // A character has four octets at most.
  return `${[...name].slice(0, 40).join("")}-${mark}`;
}
