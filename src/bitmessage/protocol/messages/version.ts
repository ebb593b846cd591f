import { ByteReader, ByteWriter, toHex } from "../bytes.js";
import { ProtocolError, type ProtocolErrorCode } from "../errors.js";
import { decodeHost, encodeHost } from "../host.js";

/** Bits of the services field (PROTOCOL.md section 5.1). */
export const Services = { network: 1n, tls: 2n, pow: 4n, dandelion: 8n } as const;

export const PROTOCOL_VERSION = 3;
/** Seconds that a peer's clock may differ from ours. */
const MAX_TIME_OFFSET = 3600;
const MAX_USER_AGENT = 5000;
const MAX_STREAMS = 1000;
const MAX_SHOWN_USER_AGENT = 200;
const UNSPECIFIED_HOST = "127.0.0.1";

export interface NetworkAddress {
  services: bigint;
  /** IPv4, IPv6 or a version 2 onion name; anything else is written as 127.0.0.1 */
  host: string;
  port: number;
}

/** The payload of a version packet (PROTOCOL.md section 5.1). */
export interface VersionPacket {
  protocolVersion: number;
  services: bigint;
  /** Unix seconds, signed 64 bits */
  timestamp: bigint;
  receiver: NetworkAddress;
  sender: NetworkAddress;
  /** 8 bytes */
  nonce: Uint8Array;
  /** one letter per byte (Latin-1), so that any bytes survive; clean it before showing it */
  userAgent: string;
  /** streams over 2^53 are rounded */
  streams: number[];
}

/** @throws ProtocolError `wrong_length` unless the nonce has 8 bytes; `too_large` for a user agent over 5000 bytes */
export function encodeVersion(version: VersionPacket): Uint8Array {
  if (version.nonce.length !== 8) throw new ProtocolError("wrong_length", "the nonce has 8 bytes");
  const userAgent = Uint8Array.from(Buffer.from(version.userAgent, "latin1"));
  if (userAgent.length > MAX_USER_AGENT) throw new ProtocolError("too_large");
  const writer = new ByteWriter().u32(version.protocolVersion).u64(version.services).i64(version.timestamp);
  writeAddress(writer, version.receiver);
  writeAddress(writer, version.sender);
  writer.bytes(version.nonce).varBytes(userAgent).varint(version.streams.length);
  for (const stream of [...version.streams].sort((a, b) => a - b)) writer.varint(stream);
  return writer.finish();
}

/**
 * Bytes after the last field are ignored.
 * @throws ProtocolError `truncated`, `non_canonical_varint`, `too_large` (user agent over 5000 bytes), `too_many_entries` (over 1000 streams)
 */
export function decodeVersion(payload: Uint8Array): VersionPacket {
  const reader = new ByteReader(payload, 0, "non_canonical_varint");
  const protocolVersion = reader.u32();
  const services = reader.u64();
  const timestamp = reader.i64();
  const receiver = readAddress(reader);
  const sender = readAddress(reader);
  const nonce = reader.bytes(8).slice();
  const userAgent = Buffer.from(reader.varBytes(MAX_USER_AGENT)).toString("latin1");
  const count = reader.count(MAX_STREAMS, 1, "too_many_entries");
  const streams = Array.from({ length: count }, () => Number(reader.varint()));
  return { protocolVersion, services, timestamp, receiver, sender, nonce, userAgent, streams };
}

function writeAddress(writer: ByteWriter, address: NetworkAddress): void {
  writer.u64(address.services).bytes(shortHost(address.host)).u16(address.port);
}

function readAddress(reader: ByteReader): NetworkAddress {
  return { services: reader.u64(), host: decodeHost(reader.bytes(16)), port: reader.u16() };
}

// A version 3 onion name does not fit, and a DNS name has no bytes; nobody reads this field to any purpose.
function shortHost(host: string): Uint8Array {
  try {
    const raw = encodeHost(host);
    return raw.length === 16 ? raw : encodeHost(UNSPECIFIED_HOST);
  } catch {
    return encodeHost(UNSPECIFIED_HOST);
  }
}

/**
 * The checks on a peer's version that need no knowledge of other connections (PROTOCOL.md section 5.3, numbers 1, 2, 3 and 6, in this order).
 * @param context.now Unix seconds
 * @param context.ownNonces the nonces we have sent on current connections, as hexadecimal digits
 * @returns why the peer is refused, or null
 */
export function checkVersion(
  version: VersionPacket,
  context: { now: number; streams: readonly number[]; ownNonces: ReadonlySet<string> },
): ProtocolErrorCode | null {
  if (version.protocolVersion < PROTOCOL_VERSION) return "protocol_too_old";
  const offset = version.timestamp - BigInt(Math.floor(context.now));
  if (offset > MAX_TIME_OFFSET || offset < -MAX_TIME_OFFSET) return "time_offset";
  if (!version.streams.some((stream) => context.streams.includes(stream))) return "no_common_stream";
  if (context.ownNonces.has(toHex(version.nonce))) return "connected_to_self";
  return null;
}

/** What PyBitmessage takes for a user agent; it shows "/INVALID:0/" for anything else. */
const USER_AGENT = /^\/[a-zA-Z]+:[0-9]+\.?[\w\s()./:;-]*\/$/;

/** A user agent that is safe to log and to show: itself, or "/INVALID:0/" (PROTOCOL.md section 5.1). */
export function displayUserAgent(userAgent: string): string {
  const isFit =
    userAgent.length <= MAX_SHOWN_USER_AGENT &&
    USER_AGENT.test(userAgent) &&
    !/[\x00-\x1f\x7f-\xff]/.test(userAgent);
  return isFit ? userAgent : "/INVALID:0/";
}

/** Commands that are acceptable before both veracks have gone through (PROTOCOL.md section 5.2). */
const HANDSHAKE_COMMANDS: ReadonlySet<string> = new Set(["version", "verack", "error"]);

/** Why a command is refused in this phase of a connection, or null. */
export function checkCommandPhase(
  command: string,
  phase: "handshake" | "established",
): ProtocolErrorCode | null {
  if (phase === "established" || HANDSHAKE_COMMANDS.has(command)) return null;
  return "command_before_handshake";
}
