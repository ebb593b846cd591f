import { afterEach, beforeEach, expect, test } from "@jest/globals";
import {
  type AddressSecrets,
  addressSecrets,
  decodeAddress,
} from "../../../src/bitmessage/protocol/address.js";
import { fromHex, toHex } from "../../../src/bitmessage/protocol/bytes.js";
import { decrypt, encrypt } from "../../../src/bitmessage/protocol/ecies.js";
import { keyPair } from "../../../src/bitmessage/protocol/keys.js";
import { ObjectType, parseObjectHeader } from "../../../src/bitmessage/protocol/object.js";
import { compactSignature } from "../../../src/bitmessage/protocol/signature.js";
import { draft, Network, seededRandom, World } from "../../support/messaging/world.js";

/** What somebody who can read a message may make of it without its sender's private key. */

let network: Network;
let alice: World;
let bob: World;

beforeEach(() => {
  network = new Network();
  alice = new World(network, "alice");
  bob = new World(network, "bob");
});

afterEach(() => network.stop());

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const random = seededRandom("replays");

/** The other signature that fits: r and the order less s. */
function mirrored(der: Uint8Array): Uint8Array {
  const [r, s] = [0, 32].map((at) => BigInt(`0x${toHex(compactSignature(der).subarray(at, at + 32))}`));
  const numbers = [r!, ORDER - s!].flatMap((number) => {
    const digits = number.toString(16);
    const bytes = [...fromHex(digits.length % 2 === 0 ? digits : `0${digits}`)];
    const signed = bytes[0]! >= 0x80 ? [0, ...bytes] : bytes;
    return [2, signed.length, ...signed];
  });
  return Uint8Array.of(0x30, numbers.length, ...numbers);
}

/** Opens an object, turns its signature, which comes last, into the other one, and encrypts it anew. */
function replayed(object: Uint8Array, privateKey: Uint8Array, encryptedAt: number): Uint8Array {
  const plaintext = decrypt(object.subarray(encryptedAt), privateKey);
  const start = plaintext.findLastIndex(
    (octet, at) => octet === plaintext.length - at - 1 && plaintext[at + 1] === 0x30 && octet > 60,
  );
  const signature = mirrored(plaintext.subarray(start + 1));
  const turned = Uint8Array.of(...plaintext.subarray(0, start), signature.length, ...signature);
  return Uint8Array.of(
    ...object.subarray(0, encryptedAt),
    ...encrypt(turned, keyPair(privateKey).publicKey, random),
  );
}

test("a member of a chan cannot have another's message delivered a second time under the other signature that fits", async () => {
  const from = alice.secretIdentity("alice");
  const chan = alice.messaging.identities.joinChan({ user: "alice", passphrase: "chan" });
  bob.messaging.identities.joinChan({ user: "bob", passphrase: "chan" });
  alice.send(from, chan.address, "once");
  await network.settle();
  const [object] = network.ofType(ObjectType.msg);
  const { payloadOffset } = parseObjectHeader(object!);
  bob.receive(replayed(object!, chan.keys.encryption.privateKey, payloadOffset));
  await network.settle();
  expect(bob.bodies()).toEqual(["once"]);
});

test("nor a reader of broadcasts", async () => {
  const from = alice.secretIdentity("alice");
  bob.messaging.subscriptions.add({ user: "bob", address: from, label: "Alice" });
  alice.messaging.outbox.enqueue(draft(from, from, "once", { kind: "broadcast" }));
  await network.settle();
  const [object] = network.ofType(ObjectType.broadcast);
  const secrets: AddressSecrets = addressSecrets(decodeAddress(from));
  const { payloadOffset } = parseObjectHeader(object!);
  bob.receive(replayed(object!, secrets.privateKey, payloadOffset + 32));
  await network.settle();
  expect(bob.bodies()).toEqual(["once"]);
});
