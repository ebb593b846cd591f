import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  ackFieldLength,
  ackObjectLength,
  broadcastLength,
  msgLength,
} from "../../../src/bitmessage/messaging/object-size.js";
import { buildAck, createAckData, encodeAckPacket } from "../../../src/bitmessage/protocol/ack.js";
import { decodeAddress, encodeAddress } from "../../../src/bitmessage/protocol/address.js";
import { buildBroadcast } from "../../../src/bitmessage/protocol/broadcast.js";
import { concatBytes } from "../../../src/bitmessage/protocol/bytes.js";
import { generateIdentityKeys } from "../../../src/bitmessage/protocol/keys.js";
import { buildMsg } from "../../../src/bitmessage/protocol/msg.js";
import { seededRandom } from "../../support/messaging/world.js";

const random = seededRandom("object-size");
const keys = generateIdentityKeys(random, { nullBytes: 1 });
const expires = 1_700_000_000;

const senders = fc.record({
  version: fc.constantFrom(2, 3, 4),
  stream: fc.constant(1),
  keys: fc.constant(keys),
  behavior: fc.constant(1),
  difficulty: fc.record({
    trialsPerByte: fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }),
    extraBytes: fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }),
  }),
});

/** A block of the cipher, and what a signature may be shorter. */
function expectBarelyAbove(predicted: number, actual: number): void {
  expect(predicted).toBeGreaterThanOrEqual(actual);
  expect(predicted - actual).toBeLessThanOrEqual(16);
}

describe("the size of an object by arithmetic", () => {
  test("of a message", () => {
    fc.assert(
      fc.property(senders, fc.uint8Array({ maxLength: 700 }), fc.nat(300), (sender, content, ackLength) => {
        const built = buildMsg({
          sender,
          recipient: {
            address: decodeAddress(encodeAddress(4, 1, keys.ripe)),
            encryptionKey: keys.encryption.publicKey,
          },
          encoding: 2,
          content,
          ack: new Uint8Array(ackLength),
          expires,
          random,
        });
        const size = { sender, encoding: 2, contentLength: content.length, stream: 1, ackLength };
        expectBarelyAbove(msgLength(size), built.length + 8);
      }),
      { numRuns: 60 },
    );
  });

  test("of a broadcast", () => {
    fc.assert(
      fc.property(senders, fc.uint8Array({ maxLength: 700 }), (sender, content) => {
        const built = buildBroadcast({ sender, encoding: 2, content, expires, random });
        const size = { sender, encoding: 2, contentLength: content.length };
        expectBarelyAbove(broadcastLength(size), built.length + 8);
      }),
      { numRuns: 60 },
    );
  });

  test("of an acknowledgement, exactly", () => {
    const ack = buildAck(createAckData(0, 1, random), expires);
    expect(ackObjectLength()).toBe(ack.length + 8);
    expect(ackFieldLength()).toBe(encodeAckPacket(concatBytes(new Uint8Array(8), ack)).length);
  });
});
