import { ByteWriter } from "./bytes.js";
import { ProtocolError } from "./errors.js";
import { sha512 } from "./hash.js";
import { MAX_OBJECT_HEADER, MAX_OBJECT_PAYLOAD } from "./object.js";

/** The first four bytes of every packet of the public network, E9 BE B4 D9; a private network has its own. */
const MAGIC = 0xe9beb4d9;
const HEADER_LENGTH = 24;
/** Bytes of the largest payload of any command (PROTOCOL.md section 2). */
export const MAX_PAYLOAD = 1_600_100;
const COMMAND_LENGTH = 12;

/** What a command's payload can need at most; commands that are not named here may use `MAX_PAYLOAD`. */
const PAYLOAD_LIMITS: ReadonlyMap<string, number> = new Map([
  ["version", 65_536],
  ["verack", 65_536],
  ["ping", 65_536],
  ["pong", 65_536],
  ["portcheck", 65_536],
  ["addr", 65_536],
  ["error", 131_072],
  ["object", MAX_OBJECT_HEADER + MAX_OBJECT_PAYLOAD],
]);

export interface Packet {
  /** at most 12 letters; empty for a malformed command field, to be ignored and counted against the peer */
  command: string;
  payload: Uint8Array;
}

/**
 * Frames a payload (PROTOCOL.md section 2).
 * @param command 1 to 11 lower-case ASCII letters; all 12 would be legal, but some nodes refuse that
 * @throws ProtocolError `invalid_argument` for another command, `payload_too_long`
 */
export function encodePacket(command: string, payload: Uint8Array, magic = MAGIC): Uint8Array {
  if (!/^[a-z0-9]{1,11}$/.test(command)) throw new ProtocolError("invalid_argument", "not a command");
  if (payload.length > MAX_PAYLOAD) throw new ProtocolError("payload_too_long");
  const name = new Uint8Array(COMMAND_LENGTH);
  new TextEncoder().encodeInto(command, name);
  return new ByteWriter()
    .u32(magic)
    .bytes(name)
    .u32(payload.length)
    .bytes(sha512(payload).subarray(0, 4))
    .bytes(payload)
    .finish();
}

/** The text of the 12-byte command field at that offset; empty when something follows its first NUL. */
function decodeCommand(bytes: Uint8Array, offset: number): string {
  let command = "";
  const end = offset + COMMAND_LENGTH;
  let at = offset;
  for (; at < end && bytes[at] !== 0; at++) command += String.fromCharCode(bytes[at]!);
  for (; at < end; at++) if (bytes[at] !== 0) return "";
  return command;
}

/**
 * Reads exactly one packet that fills the bytes completely, as an acknowledgement inside a message does.
 * @throws ProtocolError `truncated`, `bad_magic`, `bad_command_padding`, `payload_too_long`, `too_long`, `bad_checksum`
 */
export function decodePacket(bytes: Uint8Array): Packet {
  if (bytes.length < HEADER_LENGTH) throw new ProtocolError("truncated");
  const { command, length, checksum } = decodeHeader(bytes);
  if (bytes.length - HEADER_LENGTH < length) throw new ProtocolError("truncated");
  if (bytes.length - HEADER_LENGTH > length) throw new ProtocolError("too_long");
  if (command === "") throw new ProtocolError("bad_command_padding");
  const payload = bytes.slice(HEADER_LENGTH);
  requireChecksum(payload, checksum);
  return { command, payload };
}

interface PacketHeader {
  command: string;
  length: number;
  checksum: number;
}

/** The header that stands at that offset, all of it. */
function decodeHeader(bytes: Uint8Array, offset = 0, magic = MAGIC): PacketHeader {
  if (readUint32(bytes, offset) !== magic) throw new ProtocolError("bad_magic");
  const command = decodeCommand(bytes, offset + 4);
  const length = readUint32(bytes, offset + 16);
  if (length > (PAYLOAD_LIMITS.get(command) ?? MAX_PAYLOAD)) throw new ProtocolError("payload_too_long");
  return { command, length, checksum: readUint32(bytes, offset + 20) };
}

function readUint32(bytes: Uint8Array, offset: number): number {
  return (
    ((bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!) >>>
    0
  );
}

function requireChecksum(payload: Uint8Array, checksum: number): void {
  if (readUint32(sha512(payload), 0) !== checksum) throw new ProtocolError("bad_checksum");
}

const SMALL_BUFFER = 4096;

/**
 * Cuts a stream of bytes into packets (PROTOCOL.md section 2). After an error the stream cannot be used any more: close the
 * connection. Bytes that arrive are copied, so a chunk may be reused by its owner; after each `push` call `next` until it
 * gives null.
 */
export class PacketReader {
  #buffer = new Uint8Array(SMALL_BUFFER);
  #start = 0;
  #end = 0;
  #header: PacketHeader | null = null;
  readonly #magic: number;

  constructor(magic = MAGIC) {
    this.#magic = magic;
  }

  push(chunk: Uint8Array): void {
    this.#makeRoom(chunk.length);
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** Bytes that have arrived and belong to no packet yet: after a handshake they belong to TLS. */
  rest(): Uint8Array {
    return this.#buffer.slice(this.#start, this.#end);
  }

  /**
   * The next complete packet, or null until more bytes come.
   * @throws ProtocolError `bad_magic`; `payload_too_long` as soon as the header is there; `bad_checksum`
   */
  next(): Packet | null {
    if (this.#header === null) {
      if (this.#end - this.#start < HEADER_LENGTH) return null;
      this.#header = decodeHeader(this.#buffer, this.#start, this.#magic);
      this.#start += HEADER_LENGTH;
    }
    const { command, length, checksum } = this.#header;
    if (this.#end - this.#start < length) return null;
    const payload = this.#buffer.slice(this.#start, this.#start + length);
    this.#start += length;
    this.#header = null;
    if (this.#start === this.#end) this.#reset();
    requireChecksum(payload, checksum);
    return { command, payload };
  }

  #reset(): void {
    this.#start = 0;
    this.#end = 0;
    // Thousands of quiet connections must not each keep the memory of their largest packet.
    if (this.#buffer.length > 65_536) this.#buffer = new Uint8Array(SMALL_BUFFER);
  }

  /**
   * Grows by doubling, but not beyond the packet that has begun, and moves bytes only when half is free, so that each byte is copied a bounded
   * number of times.
   */
  #makeRoom(length: number): void {
    const used = this.#end - this.#start;
    if (this.#buffer.length - this.#end >= length) return;
    if (used + length <= this.#buffer.length / 2) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
    } else {
      const bytes = this.#buffer.subarray(this.#start, this.#end);
      const enough = Math.max(used + length, this.#header?.length ?? Number.POSITIVE_INFINITY);
      this.#buffer = new Uint8Array(Math.max(this.#buffer.length, Math.min(2 * (used + length), enough)));
      this.#buffer.set(bytes);
    }
    this.#start = 0;
    this.#end = used;
  }
}
