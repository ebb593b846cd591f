import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  ackDataOf,
  ackTtl,
  buildAck,
  createAckData,
  encodeAckPacket,
  openAckPacket,
} from "../../../src/bitmessage/protocol/ack.js";
import { addressSecrets, decodeAddress, encodeAddress } from "../../../src/bitmessage/protocol/address.js";
import {
  broadcastTag,
  buildBroadcast,
  openBroadcast,
  openSubscribedBroadcast,
} from "../../../src/bitmessage/protocol/broadcast.js";
import { concatBytes } from "../../../src/bitmessage/protocol/bytes.js";
import { createTrialDecryptor } from "../../../src/bitmessage/protocol/ecies.js";
import { buildGetpubkey, openGetpubkey } from "../../../src/bitmessage/protocol/getpubkey.js";
import { buildMsg, msgCiphertext, openMsg, parseMsg } from "../../../src/bitmessage/protocol/msg.js";
import {
  ObjectType,
  objectTag,
  parseObjectHeader,
  withNonce,
} from "../../../src/bitmessage/protocol/object.js";
import { buildOnionpeer, openOnionpeer } from "../../../src/bitmessage/protocol/onionpeer.js";
import { encodePacket } from "../../../src/bitmessage/protocol/packet.js";
import {
  buildPubkey,
  openPubkey,
  pubkeyBlockOf,
  type SendingIdentity,
} from "../../../src/bitmessage/protocol/pubkey.js";
import { bytes, codeOf, damaged, flipped, seededRandom, sendingIdentity, survives } from "./support.js";

const expires = 1_735_693_200;
const random = seededRandom("objects");
const versions = [2, 3, 4];
const runs = { numRuns: 60 };

function addressOf(identity: SendingIdentity) {
  return decodeAddress(encodeAddress(identity.version, identity.stream, identity.keys.ripe));
}

function subscriptionTo(identity: SendingIdentity) {
  const address = addressOf(identity);
  return { address, secrets: addressSecrets(address) };
}

function complete(objectWithoutNonce: Uint8Array): Uint8Array {
  return withNonce(0x0102030405060708n, objectWithoutNonce);
}

describe("object headers", () => {
  test("any bytes are survived", () => {
    fc.assert(fc.property(bytes(60), (object) => survives(() => parseObjectHeader(object))));
  });

  test("the tag is there for the kinds that have one, and only if it is complete", () => {
    const kinds: [number, number, boolean][] = [
      [ObjectType.getpubkey, 3, false],
      [ObjectType.getpubkey, 4, true],
      [ObjectType.pubkey, 3, false],
      [ObjectType.pubkey, 4, true],
      [ObjectType.msg, 1, false],
      [ObjectType.broadcast, 4, false],
      [ObjectType.broadcast, 5, true],
      [42, 1, true],
    ];
    for (const [type, version, has] of kinds) {
      const object = new Uint8Array(22 + 40).fill(9);
      object.set([0, 0, 0, type, version, 1], 16);
      const header = parseObjectHeader(object);
      expect(objectTag(object, header)?.length).toBe(has ? 32 : undefined);
      expect(objectTag(object.subarray(0, 53), header)).toBeNull();
    }
  });
});

describe.each(versions)("keys of version %i", (version) => {
  const identity = {
    ...sendingIdentity("owner", version),
    behavior: 0x80000001,
    difficulty:
      version === 2
        ? { trialsPerByte: 1000n, extraBytes: 1000n }
        : { trialsPerByte: 1n, extraBytes: 70_000n },
  };
  const address = addressOf(identity);
  const object = complete(buildPubkey({ identity, expires, random }));

  test("are published and opened", () => {
    const opened = openPubkey(object, address);
    expect(opened.address).toBe(address.address);
    expect(opened.block).toEqual(pubkeyBlockOf(identity));
    expect(opened.tag).toEqual(addressSecrets(address).tag);
    if (version < 4) expect(openPubkey(object, null)).toEqual(opened);
    else expect(codeOf(() => openPubkey(object, null))).toBe("not_awaited");
  });

  test("can be signed for old software", () => {
    const old = complete(buildPubkey({ identity, expires, random, digest: "sha1" }));
    expect(openPubkey(old, address).address).toBe(address.address);
  });

  test("of somebody else are refused", () => {
    const other = addressOf(sendingIdentity("other", version));
    expect(codeOf(() => openPubkey(object, other))).toBe(version === 4 ? "not_awaited" : "ripe_mismatch");
  });

  test("are refused after any change, except in version 2, which nothing protects", () => {
    fc.assert(
      fc.property(fc.nat(object.length - 1), fc.integer({ min: 1, max: 255 }), (position, mask) => {
        const changed = flipped(object, position, mask);
        const code = codeOf(() => openPubkey(changed, address));
        if (position < 8 || (version === 2 && position < 26)) return;
        expect(code).not.toBe("no error");
      }),
      runs,
    );
    fc.assert(
      fc.property(fc.oneof(bytes(), damaged(object)), (bad) => survives(() => openPubkey(bad, address))),
      runs,
    );
  });

  test("are asked for", () => {
    const request = openGetpubkey(complete(buildGetpubkey({ address, expires })));
    const { tag } = addressSecrets(address);
    expect(request).toEqual({ version, stream: 1, ...(tag === null ? { ripe: address.ripe } : { tag }) });
    fc.assert(
      fc.property(bytes(220), (bad) => survives(() => openGetpubkey(bad))),
      runs,
    );
  });
});

describe.each(versions)("messages from version %i", (version) => {
  const sender = sendingIdentity("sender", version);
  const recipient = sendingIdentity("recipient", 4);
  const content = new TextEncoder().encode("Subject:a\nBody:b");
  const to = { address: addressOf(recipient), encryptionKey: recipient.keys.encryption.publicKey };
  const ack = encodePacket("object", Uint8Array.of(1, 2, 3));
  const order = { sender, recipient: to, encoding: 2, content, ack, expires, random };
  const object = complete(buildMsg(order));
  const decryptor = createTrialDecryptor([recipient.keys.encryption]);
  const plaintext = decryptor.tryDecrypt(msgCiphertext(object))!.plaintext;

  test("are opened with the sender proven", () => {
    const opened = openMsg(object, plaintext, recipient.keys.ripe);
    expect(opened).toMatchObject({ encoding: 2, content, ack, senderVersion: version, senderStream: 1 });
    expect(opened.sender).toBe(addressOf(sender).address);
    expect(opened.senderBlock).toEqual(pubkeyBlockOf(sender));
    expect(opened.signatureHash).toHaveLength(32);
  });

  test("have the same signature hash when encrypted again, and another when sent again", () => {
    const hash = openMsg(object, plaintext, recipient.keys.ripe).signatureHash;
    const again = complete(buildMsg(order));
    const repeated = decryptor.tryDecrypt(msgCiphertext(again))!.plaintext;
    expect(again).not.toEqual(object);
    expect(openMsg(again, repeated, recipient.keys.ripe).signatureHash).toEqual(hash);
    const later = complete(buildMsg({ ...order, expires: expires + 1 }));
    const changed = decryptor.tryDecrypt(msgCiphertext(later))!.plaintext;
    expect(openMsg(later, changed, recipient.keys.ripe).signatureHash).not.toEqual(hash);
  });

  test("are refused for another recipient and in another object", () => {
    const forwarded = () => openMsg(object, plaintext, sender.keys.ripe);
    expect(codeOf(forwarded)).toBe("destination_ripe_mismatch");
    expect(codeOf(() => openMsg(flipped(object, 15), plaintext, recipient.keys.ripe))).toBe("bad_signature");
    expect(codeOf(() => msgCiphertext(flipped(object, 20, 3)))).toBe("unsupported_msg_version");
    expect(codeOf(() => msgCiphertext(flipped(object, 19)))).toBe("wrong_object_type");
  });

  test("are refused after any change of what is signed", () => {
    const { signedLength } = parseMsg(plaintext);
    fc.assert(
      fc.property(fc.nat(signedLength - 1), fc.integer({ min: 1, max: 255 }), (position, mask) => {
        const changed = flipped(plaintext, position, mask);
        expect(codeOf(() => openMsg(object, changed, recipient.keys.ripe))).not.toBe("no error");
      }),
      runs,
    );
    fc.assert(
      fc.property(fc.oneof(bytes(), damaged(plaintext)), (bad) => {
        survives(() => openMsg(object, bad, recipient.keys.ripe));
      }),
      runs,
    );
  });

  test("are not built for a key that is no point", () => {
    const off = { ...to, encryptionKey: flipped(to.encryptionKey, 64) };
    expect(codeOf(() => buildMsg({ ...order, recipient: off }))).toBe("invalid_point");
  });
});

describe.each(versions)("broadcasts from version %i", (version) => {
  const sender = sendingIdentity("announcer", version);
  const content = new TextEncoder().encode("Subject:news\nBody:all");
  const object = complete(buildBroadcast({ sender, encoding: 2, content, expires, random }));
  const own = subscriptionTo(sender);
  const others = versions.map((other) => subscriptionTo(sendingIdentity("stranger", other)));

  test("reach the subscriber", () => {
    const { subscription, broadcast } = openSubscribedBroadcast(object, [...others, own]);
    expect(subscription).toBe(own);
    expect(broadcast).toMatchObject({ encoding: 2, content, senderVersion: version });
    expect(broadcast.sender).toBe(own.address.address);
    expect(openBroadcast(object, own)).toEqual(broadcast);
    expect(broadcastTag(object)).toEqual(own.secrets.tag);
  });

  test("reach nobody else", () => {
    const reason = version === 4 ? "not_subscribed" : "no_key_decrypts";
    expect(codeOf(() => openSubscribedBroadcast(object, others))).toBe(reason);
    expect(codeOf(() => openSubscribedBroadcast(object, []))).toBe(reason);
  });

  test("are refused after any change", () => {
    fc.assert(
      fc.property(fc.integer({ min: 8, max: object.length - 1 }), (position) => {
        expect(codeOf(() => openBroadcast(flipped(object, position), own))).not.toBe("no error");
      }),
      runs,
    );
    fc.assert(
      fc.property(fc.oneof(bytes(), damaged(object)), (bad) => {
        survives(() => openSubscribedBroadcast(bad, [own, ...others]));
      }),
      runs,
    );
  });
});

describe("acknowledgements", () => {
  test.each([0, 1, 2] as const)("of level %i are recognised when they come back", (level) => {
    const ackData = createAckData(level, 1, random);
    const withoutNonce = buildAck(ackData, expires);
    const object = complete(withoutNonce);
    expect(ackDataOf(object)).toEqual(ackData);
    const header = parseObjectHeader(object);
    expect(header).toMatchObject({
      expires,
      stream: 1,
      type: level === 1 ? 0 : 2,
      version: level === 1 ? 4 : 1,
    });
    expect(openAckPacket(encodeAckPacket(object))).toEqual(object);
  });

  test("of level 2 vary in length as messages do", () => {
    const lengths = Array.from({ length: 30 }, () => createAckData(2, 1, random).length - 6);
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(118 + 234);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(118 + 816);
    expect(new Set(lengths).size).toBeGreaterThan(5);
  });

  test("live 1, 7 or 28 days", () => {
    const day = 86_400;
    expect([0, day - 1, day, 7 * day - 1, 7 * day, 28 * day].map(ackTtl)).toEqual(
      [1, 1, 7, 7, 28, 28].map((days) => days * day),
    );
  });

  test("in any other form are refused", () => {
    const packet = encodeAckPacket(random(60));
    const bad = [
      new Uint8Array(0),
      packet.subarray(0, 83),
      concatBytes(packet, Uint8Array.of(0)),
      flipped(packet, 0),
      flipped(packet, 30),
      encodePacket("ping", random(60)),
    ];
    for (const field of bad) expect(codeOf(() => openAckPacket(field))).toBe("bad_ack");
    fc.assert(
      fc.property(fc.oneof(bytes(), damaged(packet)), (field) => survives(() => openAckPacket(field))),
    );
  });
});

describe("onionpeer objects", () => {
  const v3 = "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion";

  test.each(["quzwelsuziwqgpt2.onion", v3])("carry %s", (host) => {
    const object = complete(buildOnionpeer({ host, port: 8444, stream: 1, expires }));
    expect(openOnionpeer(object)).toEqual({ host, port: 8444 });
    expect(parseObjectHeader(object).version).toBe(host === v3 ? 3 : 2);
    fc.assert(fc.property(damaged(object), (bad) => survives(() => openOnionpeer(bad))));
  });

  test.each([0, 65_536])("do not carry port %i", (port) => {
    const object = complete(buildOnionpeer({ host: "1.2.3.4", port, stream: 1, expires }));
    expect(codeOf(() => openOnionpeer(object))).toBe("out_of_range");
  });
});
