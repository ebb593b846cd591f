import { concatBytes, toHex } from "../../bitmessage/protocol/bytes.js";
import { ProtocolError } from "../../bitmessage/protocol/errors.js";
import { encodeHost } from "../../bitmessage/protocol/host.js";
import {
  decodeAddr,
  encodeAddr,
  isUsableAddrEntry,
  splitAddr,
} from "../../bitmessage/protocol/messages/addr.js";
import { decodeError, encodeError } from "../../bitmessage/protocol/messages/error.js";
import { decodeInv, encodeInv } from "../../bitmessage/protocol/messages/inv.js";
import {
  checkCommandPhase,
  checkVersion,
  decodeVersion,
  encodeVersion,
  type NetworkAddress,
} from "../../bitmessage/protocol/messages/version.js";
import { encodePacket, type Packet, PacketReader } from "../../bitmessage/protocol/packet.js";
import { encodeVarint } from "../../bitmessage/protocol/varint.js";
import {
  bytesOf,
  expectEqual,
  expectField,
  expectRefusal,
  has,
  listOf,
  numberOf,
  partOf,
  textOf,
  type VectorCase,
  VectorFailure,
} from "./case.js";

const STREAMS = [1];
/** Payloads that our own encoder writes differently: it adds no surplus bytes. */
const READ_ONLY: ReadonlySet<string> = new Set(["version-trailing-bytes", "inv-trailing-bytes"]);

export function runWire(vector: VectorCase): void {
  if (has(vector, "transcript")) {
    for (const step of listOf(vector, "transcript")) runPacket({ ...step, id: vector["id"], valid: true });
  } else if (has(vector, "packets_count")) {
    runSplitting(vector);
  } else if (vector["valid"] === true) {
    runPacket(vector);
  } else {
    expectRefusal(refusal(vector), vector);
  }
}

function packetOf(vector: VectorCase): Uint8Array {
  if (!has(vector, "payload_recipe")) return bytesOf(vector, "packet");
  return encodePacket(textOf(vector, "command"), cookPayload(vector));
}

function cookPayload(vector: VectorCase): Uint8Array {
  const recipe = textOf(vector, "payload_recipe");
  const [, count = "0"] = /^varint (\d+) /.exec(recipe) ?? [];
  const [size, byte] = recipe.includes("zero bytes") ? [38, 0] : [32, 0x5a];
  const payload = concatBytes(encodeVarint(Number(count)), new Uint8Array(size * Number(count)).fill(byte));
  expectField(vector, "payload_length", payload.length);
  return payload;
}

/** All packets of a stream; read in one piece and in small ones, which must make no difference. */
function readAll(bytes: Uint8Array): Packet[] {
  const whole = readInPieces(bytes, bytes.length);
  const small = readInPieces(bytes, Math.max(7, Math.ceil(bytes.length / 500)));
  expectEqual("packets read piece by piece", describe(small), describe(whole));
  return whole;
}

function readInPieces(bytes: Uint8Array, size: number): Packet[] {
  const reader = new PacketReader();
  const packets: Packet[] = [];
  for (let start = 0; start < bytes.length; start += size) {
    reader.push(bytes.subarray(start, start + size));
    for (let packet = reader.next(); packet !== null; packet = reader.next()) packets.push(packet);
  }
  return packets;
}

function describe(packets: Packet[]): string {
  return packets.map(({ command, payload }) => `${command} ${toHex(payload)}`).join("\n");
}

function runPacket(vector: VectorCase): void {
  const bytes = packetOf(vector);
  const packets = readAll(bytes);
  expectEqual(
    "number of packets",
    packets.length,
    has(vector, "answers") ? listOf(vector, "answers").length : 1,
  );
  const { command, payload } = packets[0]!;
  expectField(vector, "command", command);
  expectField(vector, "payload", payload);
  if (/^[a-z]{1,11}$/.test(command) && packets.length === 1) {
    expectEqual("packet", encodePacket(command, payload), bytes);
  }
  const encoded = runPayload(vector, command, payload);
  if (encoded !== null && !READ_ONLY.has(String(vector["id"])))
    expectEqual("payload encoded", encoded, payload);
}

/** Checks the fields of a payload, and gives it encoded again. */
function runPayload(vector: VectorCase, command: string, payload: Uint8Array): Uint8Array | null {
  const fields: VectorCase = has(vector, "fields") ? partOf(vector, "fields") : {};
  switch (command) {
    case "version":
      return runVersion(vector, fields, payload);
    case "addr":
      return runAddr(vector, fields, payload);
    case "inv":
    case "dinv":
    case "getdata": {
      const hashes = decodeInv(payload);
      expectField(fields, "vectors", hashes);
      expectField(fields, "count", hashes.length);
      expectField(fields, "first", hashes[0]);
      expectField(fields, "last", hashes.at(-1));
      return encodeInv(hashes);
    }
    case "error": {
      const error = decodeError(payload);
      expectField(fields, "fatal", error.severity);
      expectField(fields, "ban_time", error.banTime);
      expectField(fields, "inventory_vector", error.hash ?? "");
      expectField(fields, "error_text", error.text);
      return encodeError(error);
    }
    default:
      return null;
  }
}

function runVersion(vector: VectorCase, fields: VectorCase, payload: Uint8Array): Uint8Array {
  const version = decodeVersion(payload);
  expectField(fields, "version", version.protocolVersion);
  expectField(fields, "services", version.services);
  expectField(fields, "timestamp", version.timestamp);
  expectField(fields, "nonce", version.nonce);
  expectField(fields, "user_agent", version.userAgent);
  expectField(fields, "streams", version.streams.map(String));
  if (has(fields, "addr_recv")) expectNetworkAddress(partOf(fields, "addr_recv"), version.receiver);
  if (has(fields, "addr_from")) expectNetworkAddress(partOf(fields, "addr_from"), version.sender);
  if (has(vector, "now")) {
    const now = numberOf(vector, "now");
    expectEqual("verdict", checkVersion(version, { now, streams: STREAMS, ownNonces: new Set() }), null);
  }
  return encodeVersion(version);
}

function expectNetworkAddress(fields: VectorCase, address: NetworkAddress): void {
  expectField(fields, "services", address.services);
  expectField(fields, "host", address.host);
  expectField(fields, "port", address.port);
  expectField(fields, "raw", encodeHost(address.host));
}

function runAddr(vector: VectorCase, fields: VectorCase, payload: Uint8Array): Uint8Array {
  const entries = decodeAddr(payload);
  const expected = has(fields, "entries") ? listOf(fields, "entries") : [];
  expectEqual("number of entries", entries.length, expected.length);
  entries.forEach((entry, index) => {
    const wanted = expected[index]!;
    expectField(wanted, "host", entry.host);
    expectField(wanted, "port", entry.port);
    expectField(wanted, "stream", entry.stream);
    expectField(wanted, "services", entry.services);
    expectField(wanted, "time", entry.time);
    if (!has(wanted, "keep")) return;
    const now = numberOf(vector, "now");
    expectEqual("age", now - entry.time, wanted["age"]);
    expectEqual(`keep ${entry.host}`, isUsableAddrEntry(entry, { now, streams: STREAMS }), wanted["keep"]);
  });
  return encodeAddr(entries);
}

function runSplitting(vector: VectorCase): void {
  const entry = { time: 1_735_689_600, stream: 1, services: 1n, host: "31.170.154.234", port: 8444 };
  const portions = splitAddr(new Array(numberOf(vector, "count")).fill(entry));
  const lengths = portions.map((portion) => encodePacket("addr", encodeAddr(portion)).length);
  expectEqual("packet_lengths", lengths, vector["packet_lengths"]);
  expectEqual("packets_count", portions.length, vector["packets_count"]);
}

/** Why a connection would refuse these bytes; null when it would not. */
function refusal(vector: VectorCase): string | null {
  try {
    const [packet] = readAll(packetOf(vector));
    if (packet === undefined) return "truncated";
    const { command, payload } = packet;
    if (command === "") return "bad_command_padding";
    const phase = vector["reason"] === "command_before_handshake" ? "handshake" : "established";
    const early = checkCommandPhase(command, phase);
    if (early !== null || command !== "version") {
      runPayload({ id: vector["id"] }, command, payload);
      return early;
    }
    const own = has(vector, "own_nonce") ? [textOf(vector, "own_nonce")] : [];
    const version = decodeVersion(payload);
    const now = has(vector, "now") ? numberOf(vector, "now") : Number(version.timestamp);
    return checkVersion(version, { now, streams: STREAMS, ownNonces: new Set(own) });
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error instanceof VectorFailure ? error : new VectorFailure(`unexpected ${String(error)}`);
  }
}
