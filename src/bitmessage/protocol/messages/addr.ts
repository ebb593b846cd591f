import { ByteReader, ByteWriter } from "../bytes.js";
import { ProtocolError } from "../errors.js";
import { decodeHost, encodeHost, isPublicHost } from "../host.js";

/** Entries that one addr packet may have. */
const MAX_ADDR_ENTRIES = 1000;
/** Seconds during which a peer counts as alive. */
export const PEER_ALIVE = 10_800;
const ENTRY_LENGTH = 38;

/** One peer in an addr packet (PROTOCOL.md section 3.3). */
export interface AddrEntry {
  /** Unix seconds when the peer was last seen */
  time: number;
  stream: number;
  services: bigint;
  host: string;
  port: number;
}

/**
 * One addr payload (PROTOCOL.md section 4); split longer lists with `splitAddr`.
 * @throws ProtocolError `too_many_entries`; `invalid_host` for what has no 16-byte form
 */
export function encodeAddr(entries: readonly AddrEntry[]): Uint8Array {
  if (entries.length > MAX_ADDR_ENTRIES) throw new ProtocolError("too_many_entries");
  const writer = new ByteWriter().varint(entries.length);
  for (const entry of entries) {
    const host = encodeHost(entry.host);
    if (host.length !== 16) throw new ProtocolError("invalid_host");
    const time = BigInt(Math.floor(entry.time));
    writer.u64(time).u32(entry.stream).u64(entry.services).bytes(host).u16(entry.port);
  }
  return writer.finish();
}

/**
 * Bytes after the last entry are ignored.
 * @throws ProtocolError `truncated`, `non_canonical_varint`, `too_many_entries`
 */
export function decodeAddr(payload: Uint8Array): AddrEntry[] {
  const reader = new ByteReader(payload, 0, "non_canonical_varint");
  const count = reader.count(MAX_ADDR_ENTRIES, ENTRY_LENGTH, "too_many_entries");
  return Array.from({ length: count }, () => ({
    time: Number(reader.u64()),
    stream: reader.u32(),
    services: reader.u64(),
    host: decodeHost(reader.bytes(16)),
    port: reader.u16(),
  }));
}

/** Entries in portions of one packet each. */
export function splitAddr(entries: readonly AddrEntry[]): AddrEntry[][] {
  const portions: AddrEntry[][] = [];
  for (let start = 0; start < entries.length; start += MAX_ADDR_ENTRIES) {
    portions.push(entries.slice(start, start + MAX_ADDR_ENTRIES));
  }
  return portions;
}

/**
 * Whether a peer may be learned from an addr packet: our stream, a public host, a port, and a time in the past that is less
 * than three hours old (PROTOCOL.md section 9.1).
 * @param context.now Unix seconds
 */
export function isUsableAddrEntry(
  entry: AddrEntry,
  context: { now: number; streams: readonly number[] },
): boolean {
  const age = context.now - entry.time;
  return (
    context.streams.includes(entry.stream) &&
    entry.port !== 0 &&
    age > 0 &&
    age < PEER_ALIVE &&
    isPublicHost(entry.host)
  );
}
