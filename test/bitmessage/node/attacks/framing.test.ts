/** Bytes that are no packets, before and after the handshake. The node must hang up on the attacker, and on nobody else. */
import { afterEach, describe, test } from "@jest/globals";
import { concatBytes, fromHex } from "../../../../src/bitmessage/protocol/bytes.js";
import { encodeVersion } from "../../../../src/bitmessage/protocol/messages/version.js";
import { encodePacket } from "../../../../src/bitmessage/protocol/packet.js";
import { expectUnharmed, underAttack } from "../../../support/node/attack.js";
import { stopNodes } from "../../../support/node/nodes.js";
import { RawPeer, versionOf } from "../../../support/node/raw-peer.js";

afterEach(stopNodes);

function header(command: string, length: number): Uint8Array {
  const packet = encodePacket(command, new Uint8Array(0)).slice(0, 24);
  new DataView(packet.buffer).setUint32(16, length);
  return packet;
}

const ENDLESS_VARINT = "ffffffffffffffffff";
const version = encodeVersion(versionOf());
/** The user agent's length stands 80 bytes into a version. */
const longUserAgent = concatBytes(version.subarray(0, 80), fromHex("fe7fffffff"), version.subarray(80));
const manyStreams = concatBytes(version.subarray(0, -2), fromHex("fe00027100"), new Uint8Array(1000));

const FOR_STRANGERS: [string, Uint8Array][] = [
  ["HTTP", new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a\r\n\r\n")],
  ["a TLS hello at the wrong time", fromHex(`160301${"00".repeat(200)}`)],
  ["zeros", new Uint8Array(5000)],
  ["a packet of 4 GiB", header("version", 0xffffffff)],
  ["a version of 1.6 MB, announced", header("version", 1_600_101)],
  ["a user agent of 2 GiB", encodePacket("version", longUserAgent)],
  ["160,000 streams", encodePacket("version", manyStreams)],
  ["a truncated version", encodePacket("version", version.subarray(0, 40))],
  ["an object before any introduction", encodePacket("object", new Uint8Array(100))],
  ["an inv before any introduction", encodePacket("inv", fromHex("00"))],
  ["verack first", encodePacket("verack", new Uint8Array(0))],
  [
    "a million error packets",
    concatBytes(...Array.from({ length: 25_000 }, () => encodePacket("error", fromHex("00000000")))),
  ],
];

describe("a stranger who sends", () => {
  test.each(FOR_STRANGERS)("%s is hung up on", async (_, bytes) => {
    const { node, honest } = await underAttack();
    const attacker = await RawPeer.connect(node);
    attacker.sendBytes(bytes);
    await attacker.closed;
    await expectUnharmed(node, honest);
  });
});

const FOR_PEERS: [string, Uint8Array][] = [
  ["an inv of 2^64 - 1 vectors", encodePacket("inv", fromHex(ENDLESS_VARINT))],
  ["a getdata of 2^64 - 1 vectors", encodePacket("getdata", fromHex(ENDLESS_VARINT))],
  ["an addr of 2^64 - 1 entries that are not there, and none", encodePacket("addr", fromHex("ff"))],
  [
    "an inv with one vector too many",
    encodePacket("inv", concatBytes(fromHex("fdc351"), new Uint8Array(50_001 * 32).subarray(0, 1_600_000))),
  ],
  [
    "a count in a longer form than needed",
    encodePacket("inv", concatBytes(fromHex("fd0001"), new Uint8Array(32))),
  ],
  ["half a vector", encodePacket("getdata", concatBytes(fromHex("01"), new Uint8Array(16)))],
  [
    "a wrong checksum",
    concatBytes(encodePacket("ping", new Uint8Array(0)).subarray(0, 20), fromHex("00000000")),
  ],
  ["an object packet over the limit", header("object", 1_600_101)],
  ["a ping of a megabyte", header("ping", 1_000_000)],
  [
    "another network's magic after good packets",
    concatBytes(encodePacket("ping", new Uint8Array(0)), fromHex("f9beb4d9".repeat(6))),
  ],
];

describe("a peer that sends", () => {
  test.each(FOR_PEERS)("%s is hung up on", async (_, bytes) => {
    const { node, honest } = await underAttack();
    const attacker = await RawPeer.established(node);
    attacker.sendBytes(bytes);
    await attacker.closed;
    await expectUnharmed(node, honest);
  });
});

test("a host that does so three times is not let in again; others are", async () => {
  const { node, honest } = await underAttack();
  const host = "127.250.250.9";
  for (let time = 0; time < 3; time++) {
    const attacker = await RawPeer.connect(node, host);
    attacker.sendBytes(new Uint8Array(24));
    await attacker.closed;
  }
  const again = await RawPeer.connect(node, host);
  await again.closed;
  await expectUnharmed(node, honest);
});
