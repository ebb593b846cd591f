import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { concatBytes, toHex } from "../../../src/bitmessage/protocol/bytes.js";
import type { InventoryHash } from "../../../src/bitmessage/protocol/inventory-hash.js";
import {
  type AddrEntry,
  decodeAddr,
  encodeAddr,
  splitAddr,
} from "../../../src/bitmessage/protocol/messages/addr.js";
import { decodeError, encodeError } from "../../../src/bitmessage/protocol/messages/error.js";
import { decodeInv, encodeInv, splitInv } from "../../../src/bitmessage/protocol/messages/inv.js";
import {
  checkCommandPhase,
  checkVersion,
  decodeVersion,
  displayUserAgent,
  encodeVersion,
  type VersionPacket,
} from "../../../src/bitmessage/protocol/messages/version.js";
import {
  decodePacket,
  encodePacket,
  MAX_PAYLOAD,
  type Packet,
  PacketReader,
} from "../../../src/bitmessage/protocol/packet.js";
import { bytes, codeOf, damaged, flipped, survives } from "./support.js";

const packets = fc.record({ command: fc.stringMatching(/^[a-z]{1,11}$/), payload: bytes(200) });

function drain(reader: PacketReader): Packet[] {
  const found: Packet[] = [];
  for (let packet = reader.next(); packet !== null; packet = reader.next()) found.push(packet);
  return found;
}

describe("PacketReader", () => {
  test("gives the packets back however the stream is cut", () => {
    fc.assert(
      fc.property(
        fc.array(packets, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 97 })),
        (sent, sizes) => {
          const stream = concatBytes(...sent.map(({ command, payload }) => encodePacket(command, payload)));
          const reader = new PacketReader();
          const received: Packet[] = [];
          let offset = 0;
          for (const size of [...sizes, stream.length]) {
            reader.push(stream.subarray(offset, offset + size));
            offset += size;
            received.push(...drain(reader));
          }
          expect(received).toEqual(sent);
          expect(reader.rest()).toHaveLength(0);
        },
      ),
    );
  });

  test("keeps what follows the last packet, for TLS", () => {
    const reader = new PacketReader();
    reader.push(concatBytes(encodePacket("verack", new Uint8Array(0)), Uint8Array.of(0x16, 3, 1)));
    expect(reader.next()?.command).toBe("verack");
    expect(reader.rest()).toEqual(Uint8Array.of(0x16, 3, 1));
  });

  test("does not hold on to the chunk it was given", () => {
    const chunk = encodePacket("ping", Uint8Array.of(1, 2, 3));
    const reader = new PacketReader();
    reader.push(chunk);
    chunk.fill(0);
    expect(reader.next()).toEqual({ command: "ping", payload: Uint8Array.of(1, 2, 3) });
  });

  test.each([
    ["bad_magic", flipped(encodePacket("ping", new Uint8Array(0)), 0)],
    ["bad_checksum", flipped(encodePacket("ping", Uint8Array.of(1)), 24)],
    ["bad_checksum", flipped(encodePacket("ping", new Uint8Array(0)), 20)],
  ])("ends with %s", (code, stream) => {
    const reader = new PacketReader();
    reader.push(stream);
    expect(codeOf(() => reader.next())).toBe(code);
  });

  test.each([
    ["inv", MAX_PAYLOAD + 1],
    ["object", 262_183],
    ["addr", 65_537],
    ["unknown", MAX_PAYLOAD + 1],
    ["ping", 0xffffffff],
  ])("refuses a %s of %i bytes as soon as it is announced", (command, length) => {
    const header = encodePacket(command, new Uint8Array(0));
    new DataView(header.buffer).setUint32(16, length);
    const reader = new PacketReader();
    reader.push(header);
    expect(codeOf(() => reader.next())).toBe("payload_too_long");
  });

  test("gives a malformed command as an empty one and goes on", () => {
    const reader = new PacketReader();
    reader.push(flipped(encodePacket("ping", new Uint8Array(0)), 15));
    reader.push(encodePacket("pong", new Uint8Array(0)));
    expect(drain(reader).map(({ command }) => command)).toEqual(["", "pong"]);
  });

  test("takes a large packet byte by byte in linear time", () => {
    const stream = encodePacket("inv", new Uint8Array(300_000));
    const reader = new PacketReader();
    let found = 0;
    for (let offset = 0; offset < stream.length; offset++) {
      reader.push(stream.subarray(offset, offset + 1));
      found += drain(reader).length;
    }
    expect(found).toBe(1);
  });

  test("survives any bytes", () => {
    fc.assert(
      fc.property(fc.oneof(bytes(), damaged(encodePacket("ping", new Uint8Array(40)))), (stream) => {
        const reader = new PacketReader();
        reader.push(stream);
        survives(() => drain(reader));
        survives(() => decodePacket(stream));
      }),
    );
  });
});

test("only proper commands and payloads are framed", () => {
  for (const command of ["", "PING", "twelveletter", "a b", "a\0"]) {
    expect(codeOf(() => encodePacket(command, new Uint8Array(0)))).toBe("invalid_argument");
  }
  expect(codeOf(() => encodePacket("inv", new Uint8Array(MAX_PAYLOAD + 1)))).toBe("payload_too_long");
});

const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const hosts = fc.oneof(fc.ipV4(), fc.constant("2001:db8::1"), fc.constant("quzwelsuziwqgpt2.onion"));
const networkAddresses = fc.record({ services: u64, host: hosts, port: fc.nat(65_535) });
const versions: fc.Arbitrary<VersionPacket> = fc.record({
  protocolVersion: fc.nat(),
  services: u64,
  timestamp: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  receiver: networkAddresses,
  sender: networkAddresses,
  nonce: bytes(8, 8),
  userAgent: bytes(100).map((data) => Buffer.from(data).toString("latin1")),
  streams: fc.array(fc.nat(), { maxLength: 10 }).map((streams) => streams.sort((a, b) => a - b)),
});
const hashes = fc.array(
  bytes(32, 32).map((hash) => toHex(hash) as InventoryHash),
  { maxLength: 20 },
);
const entries: fc.Arbitrary<AddrEntry[]> = fc.array(
  fc.record({ time: fc.nat(), stream: fc.nat(), services: u64, host: hosts, port: fc.nat(65_535) }),
  { maxLength: 20 },
);

describe("payloads", () => {
  test("version round trip", () => {
    fc.assert(
      fc.property(versions, (version) => expect(decodeVersion(encodeVersion(version))).toEqual(version)),
    );
  });

  test("addr round trip", () => {
    fc.assert(fc.property(entries, (list) => expect(decodeAddr(encodeAddr(list))).toEqual(list)));
  });

  test("inv round trip", () => {
    fc.assert(fc.property(hashes, (list) => expect(decodeInv(encodeInv(list))).toEqual(list)));
  });

  test("error round trip", () => {
    const hash = fc.option(bytes(32, 32).map((data) => toHex(data) as InventoryHash));
    fc.assert(
      fc.property(
        fc.nat(3),
        fc.nat(),
        hash,
        fc.string({ unit: "grapheme" }),
        (severity, banTime, vector, text) => {
          const error = { severity, banTime, hash: vector, text };
          expect(decodeError(encodeError(error))).toEqual(error);
        },
      ),
    );
  });

  test("any bytes are survived by every parser", () => {
    const [version] = fc.sample(versions, { numRuns: 1, seed: 1 });
    const valid = [
      encodeVersion(version!),
      encodeAddr(fc.sample(entries, { numRuns: 1, seed: 3 })[0]!),
      encodeInv(fc.sample(hashes, { numRuns: 1, seed: 3 })[0]!),
      encodeError({ severity: 1, banTime: 2, hash: null, text: "text" }),
    ];
    fc.assert(
      fc.property(fc.oneof(bytes(), ...valid.map(damaged)), (payload) => {
        for (const decode of [decodeVersion, decodeAddr, decodeInv, decodeError])
          survives(() => decode(payload));
      }),
    );
  });

  test("too many entries are neither written nor read", () => {
    const entry: AddrEntry = { time: 1, stream: 1, services: 1n, host: "1.2.3.4", port: 1 };
    const hash = "00".repeat(32) as InventoryHash;
    expect(codeOf(() => encodeAddr(new Array(1001).fill(entry)))).toBe("too_many_entries");
    expect(codeOf(() => encodeInv(new Array(50_001).fill(hash)))).toBe("too_many_entries");
    expect(splitAddr(new Array(2001).fill(entry)).map((part) => part.length)).toEqual([1000, 1000, 1]);
    expect(splitInv(new Array(50_000).fill(hash)).map((part) => part.length)).toEqual([49_999, 1]);
  });

  test("names that have no bytes are written as the local host in version, and refused in addr", () => {
    const [version] = fc.sample(versions, { numRuns: 1, seed: 1 });
    const sent = { ...version!, receiver: { services: 1n, host: "node.example", port: 8444 } };
    expect(decodeVersion(encodeVersion(sent)).receiver.host).toBe("127.0.0.1");
    const entry: AddrEntry = { time: 1, stream: 1, services: 1n, host: "node.example", port: 1 };
    expect(codeOf(() => encodeAddr([entry]))).toBe("invalid_host");
  });
});

describe("the handshake's checks", () => {
  const version: VersionPacket = {
    protocolVersion: 3,
    services: 1n,
    timestamp: 1_000_000n,
    receiver: { services: 1n, host: "1.2.3.4", port: 8444 },
    sender: { services: 1n, host: "127.0.0.1", port: 8444 },
    nonce: new Uint8Array(8).fill(5),
    userAgent: "/x:1/",
    streams: [1],
  };
  const context = { now: 1_000_000, streams: [1], ownNonces: new Set<string>() };

  test("take a good version", () => {
    expect(checkVersion(version, context)).toBeNull();
    expect(checkVersion({ ...version, protocolVersion: 4 }, { ...context, now: 1_003_600.9 })).toBeNull();
  });

  test("name the first fault in their order", () => {
    const own = { ...context, ownNonces: new Set(["0505050505050505"]) };
    expect(checkVersion({ ...version, protocolVersion: 2, streams: [] }, own)).toBe("protocol_too_old");
    expect(checkVersion({ ...version, timestamp: 996_399n, streams: [] }, own)).toBe("time_offset");
    expect(checkVersion({ ...version, timestamp: -(2n ** 63n) }, own)).toBe("time_offset");
    expect(checkVersion({ ...version, streams: [2] }, own)).toBe("no_common_stream");
    expect(checkVersion(version, own)).toBe("connected_to_self");
  });

  test("let only three commands through before the end", () => {
    expect(checkCommandPhase("inv", "handshake")).toBe("command_before_handshake");
    expect(checkCommandPhase("verack", "handshake")).toBeNull();
    expect(checkCommandPhase("inv", "established")).toBeNull();
  });

  test("user agents are shown only when they look like one", () => {
    expect(displayUserAgent("/PyBitmessage:0.6.3.2/")).toBe("/PyBitmessage:0.6.3.2/");
    for (const text of [
      "",
      "/x:1/\n",
      "/x:1/\r\nINFO fake",
      "<b>",
      "/x:1\u00e4/",
      "/x:1/".padEnd(5000, "("),
    ]) {
      expect(displayUserAgent(text)).toBe("/INVALID:0/");
    }
  });
});
