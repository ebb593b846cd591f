import { isIPv4, isIPv6 } from "node:net";
import { concatBytes, equalBytes, fromHex, toHex } from "./bytes.js";
import { ProtocolError } from "./errors.js";

const IPV4_PREFIX = fromHex("00000000000000000000ffff");
const ONION_PREFIX = fromHex("fd87d87eeb43");
const ONION_V2 = /^([a-z2-7]{16})\.onion$/;
const ONION_V3 = /^([a-z2-7]{56})\.onion$/;
const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

/**
 * A host as it goes over the wire: 16 bytes for an IPv4 or IPv6 address or a version 2 onion name, 41 for a version 3 onion
 * name, which fits onionpeer objects only (PROTOCOL.md section 3.3).
 * @throws ProtocolError `invalid_host` for names of any other kind
 */
export function encodeHost(text: string): Uint8Array {
  const host = text.toLowerCase();
  if (isIPv4(host)) return concatBytes(IPV4_PREFIX, Uint8Array.from(host.split("."), Number));
  const onion = ONION_V2.exec(host) ?? ONION_V3.exec(host);
  if (onion?.[1] !== undefined) return concatBytes(ONION_PREFIX, decodeBase32(onion[1]));
  if (isIPv6(host) && !host.includes("%")) return parseIPv6(host);
  throw new ProtocolError("invalid_host");
}

/**
 * The text of a host as it came over the wire: dotted IPv4, IPv6 as RFC 5952 writes it, or an onion name.
 * @param raw 16 bytes, or 41 for a version 3 onion name
 * @throws ProtocolError `invalid_host` for another length
 */
export function decodeHost(raw: Uint8Array): string {
  const isOnion = equalBytes(raw.subarray(0, 6), ONION_PREFIX);
  if (isOnion && (raw.length === 16 || raw.length === 41)) return `${encodeBase32(raw.subarray(6))}.onion`;
  if (raw.length !== 16) throw new ProtocolError("invalid_host");
  if (equalBytes(raw.subarray(0, 12), IPV4_PREFIX)) return Array.from(raw.subarray(12)).join(".");
  return formatIPv6(raw);
}

function decodeBase32(letters: string): Uint8Array {
  const bytes = new Uint8Array((letters.length * 5) / 8);
  let pending = 0;
  let bits = 0;
  let offset = 0;
  for (const letter of letters) {
    pending = ((pending << 5) | BASE32.indexOf(letter)) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes[offset++] = (pending >> bits) & 0xff;
  }
  return bytes;
}

function encodeBase32(bytes: Uint8Array): string {
  let text = "";
  let pending = 0;
  let bits = 0;
  for (const byte of bytes) {
    pending = ((pending << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += BASE32[(pending >> bits) & 31];
    }
  }
  return text;
}

/** @param text what `isIPv6` takes, without a zone */
function parseIPv6(text: string): Uint8Array {
  const [head = "", tail] = text.split("::");
  const before = parseGroups(head);
  const after = tail === undefined ? [] : parseGroups(tail);
  const bytes = new Uint8Array(16);
  bytes.set(before, 0);
  bytes.set(after, 16 - after.length);
  return bytes;
}

function parseGroups(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (group.includes(".")) return group.split(".").map(Number);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

function formatIPv6(raw: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, index) => (raw[2 * index]! << 8) | raw[2 * index + 1]!);
  const { start, length } = longestZeroRun(groups);
  const write = (part: number[]) => part.map((group) => group.toString(16)).join(":");
  if (length < 2) return write(groups);
  return `${write(groups.slice(0, start))}::${write(groups.slice(start + length))}`;
}

function longestZeroRun(groups: number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  return best;
}

/** Ranges that are never learned from the network (PROTOCOL.md section 3.3): bytes, and how many of their bits count. */
const RESERVED: readonly { prefix: Uint8Array; bits: number }[] = [
  ...[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "224.0.0.0/4",
    "240.0.0.0/4",
  ].map(range),
  ...["::/128", "::1/128", "fe80::/10", "fc00::/7", "ff00::/8"].map(range),
];
/** The ranges of local networks: the only ones from which local discovery takes peers (PROTOCOL.md section 9.4). */
const PRIVATE: readonly { prefix: Uint8Array; bits: number }[] = [
  "10.0.0.0/8",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "::1/128",
  "fe80::/10",
  "fc00::/7",
].map(range);

function range(text: string): { prefix: Uint8Array; bits: number } {
  const [host = "", bits = ""] = text.split("/");
  return { prefix: encodeHost(host), bits: Number(bits) + (isIPv4(host) ? 96 : 0) };
}

function isWithin(raw: Uint8Array, { prefix, bits }: { prefix: Uint8Array; bits: number }): boolean {
  for (let bit = 0; bit < bits; bit += 8) {
    const mask = bits - bit >= 8 ? 0xff : (0xff << (8 - (bits - bit))) & 0xff;
    if (((raw[bit / 8]! ^ prefix[bit / 8]!) & mask) !== 0) return false;
  }
  return true;
}

/** The bytes of a host, or null for what is neither an address nor an onion name, such as a DNS name. */
function rawHost(host: string): Uint8Array | null {
  try {
    return encodeHost(host);
  } catch {
    return null;
  }
}

function isOnionHost(raw: Uint8Array): boolean {
  // The prefix of onion names lies inside fc00::/7, so it is tested first.
  return equalBytes(raw.subarray(0, 6), ONION_PREFIX);
}

/** Whether a host may be learned from the network: a public IP address or an onion name (PROTOCOL.md section 3.3). */
export function isPublicHost(host: string): boolean {
  const raw = rawHost(host);
  if (raw === null) return false;
  return isOnionHost(raw) || !RESERVED.some((range) => isWithin(raw, range));
}

/** Whether a host is an address of this machine or of a local network. */
export function isPrivateHost(host: string): boolean {
  const raw = rawHost(host);
  return raw !== null && !isOnionHost(raw) && PRIVATE.some((range) => isWithin(raw, range));
}

/**
 * What one customer of a network has at least, in hexadecimal digits: an IPv4 address, the first 64 bits of a public IPv6 address. Anything
 * else is the host itself.
 */
export function customerOf(host: string): string {
  const raw = rawHost(host);
  if (raw === null || isOnionHost(raw) || PRIVATE.some((range) => isWithin(raw, range))) return host;
  return toHex(equalBytes(raw.subarray(0, 12), IPV4_PREFIX) ? raw : raw.subarray(0, 8));
}

/**
 * The network that a host belongs to; of each there is at most one outbound connection (PROTOCOL.md section 7.3). IPv4: the
 * first 16 bits and IPv6: the first 32 bits, in hexadecimal digits; addresses of local networks form one group per kind,
 * "IPv4" and "IPv6"; anything else is its own group.
 */
export function networkGroup(host: string): string {
  const raw = rawHost(host);
  if (raw === null || isOnionHost(raw)) return host.toLowerCase();
  const isV4 = equalBytes(raw.subarray(0, 12), IPV4_PREFIX);
  if (PRIVATE.some((range) => isWithin(raw, range))) return isV4 ? "IPv4" : "IPv6";
  return toHex(isV4 ? raw.subarray(12, 14) : raw.subarray(0, 4));
}
