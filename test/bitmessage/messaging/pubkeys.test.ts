import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Recipients } from "../../../src/bitmessage/messaging/recipient.js";
import type { Identity } from "../../../src/bitmessage/messaging/types.js";
import {
  type Address,
  addressSecrets,
  decodeAddress,
  encodeAddress,
} from "../../../src/bitmessage/protocol/address.js";
import { generateIdentityKeys, type IdentityKeys, ripeOf } from "../../../src/bitmessage/protocol/keys.js";
import { encodeObjectHeader, ObjectType, withNonce } from "../../../src/bitmessage/protocol/object.js";
import { buildPubkey } from "../../../src/bitmessage/protocol/pubkey.js";
import { DAY, Network, NO_WORK, seededRandom, World } from "../../support/messaging/world.js";

let network: Network;
let alice: World;
let from: Address;
const random = seededRandom("pubkeys");

beforeEach(() => {
  network = new Network();
  alice = new World(network, "alice");
  from = alice.secretIdentity("alice");
});

afterEach(() => network.stop());

function pubkey(keys: IdentityKeys, version = 4): Uint8Array {
  const identity = { version, stream: 1, keys, behavior: 1, difficulty: NO_WORK };
  return withNonce(0n, buildPubkey({ identity, expires: network.time.now + DAY, random }));
}

/** An address whose encryption key is no point, as only malice makes one. */
function unusable(): { keys: IdentityKeys; address: Address } {
  const keys = generateIdentityKeys(random, { nullBytes: 1 });
  const publicKey = new Uint8Array(65).fill(4);
  const ripe = ripeOf(keys.signing.publicKey, publicKey);
  return {
    keys: { ...keys, encryption: { ...keys.encryption, publicKey }, ripe },
    address: encodeAddress(4, 1, ripe),
  };
}

describe("somebody waits for a key", () => {
  test("and one comes that nobody can encrypt to: the message fails", async () => {
    const { keys, address } = unusable();
    const id = alice.send(from, address, "hello");
    await network.settle();
    expect(alice.state(id)).toBe("awaiting-pubkey");
    alice.receive(pubkey(keys));
    await network.settle();
    expect(alice.entry(id)).toMatchObject({ state: "failed", failure: "bad-key" });
  });

  test("and what comes under its tag is not his: the waiting goes on", async () => {
    const keys = generateIdentityKeys(random, { nullBytes: 1 });
    const address = encodeAddress(4, 1, keys.ripe);
    const id = alice.send(from, address, "hello");
    await network.settle();
    const tag = addressSecrets(decodeAddress(address)).tag ?? new Uint8Array();
    const header = encodeObjectHeader({
      expires: network.time.now + DAY,
      type: ObjectType.pubkey,
      version: 4,
      stream: 1,
    });
    for (const length of [0, 100, 300, 350, 378]) {
      alice.receive(withNonce(0n, new Uint8Array([...header, ...tag, ...random(length)])));
    }
    const changed = pubkey(keys);
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    alice.receive(changed);
    await network.settle();
    expect(alice.state(id)).toBe("awaiting-pubkey");
    expect(alice.unprocessed()).toBe(0);
    expect(alice.logged).toEqual([]);
    alice.receive(pubkey(keys));
    await network.settle();
    expect(alice.state(id)).toBe("sent");
  });

  test("and it lies in the inventory among rubbish, looked at long ago", async () => {
    const keys = generateIdentityKeys(random, { nullBytes: 1 });
    const address = encodeAddress(4, 1, keys.ripe);
    const changed = pubkey(keys);
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    alice.receive(changed);
    alice.receive(pubkey(keys));
    await network.settle();
    expect(alice.unprocessed()).toBe(0);
    const id = alice.send(from, address, "hello");
    await network.settle();
    expect(alice.state(id)).toBe("sent");
    expect(network.ofType(ObjectType.getpubkey)).toEqual([]);
  });

  test("and it lies there under much that somebody has put under its tag: all is tried, little at a time, each once", async () => {
    const keys = generateIdentityKeys(random, { nullBytes: 1 });
    const address = encodeAddress(4, 1, keys.ripe);
    const { tag } = addressSecrets(decodeAddress(address));
    const rubbish = (number: number) => {
      const expires = network.time.now + DAY + number;
      const header = encodeObjectHeader({ expires, type: ObjectType.pubkey, version: 4, stream: 1 });
      return withNonce(0n, new Uint8Array([...header, ...tag!, ...random(350)]));
    };
    const objects = Array.from({ length: 300 }, (_, number) => rubbish(number));
    for (const object of [...objects, pubkey(keys)]) alice.receive(object);
    await network.settle();
    const { clock } = network.time;
    const pubkeys = { ...alice.stores.pubkeys, put: () => undefined };
    const recipients = new Recipients({ stores: { ...alice.stores, pubkeys }, minimum: NO_WORK, clock });
    const found: string[] = [];
    while (found.at(-1) !== "known" && found.length < 100) found.push(recipients.find(address).key);
    expect(found).toEqual([...Array.from({ length: 6 }, () => "searched"), "known"]);
    const id = alice.send(from, address, "hello");
    await network.settle();
    expect(alice.state(id)).toBe("sent");
    expect(network.ofType(ObjectType.getpubkey)).toEqual([]);
  });

  test("of version 3: any pubkey of that address will do, forged ones do not count", async () => {
    const keys = generateIdentityKeys(random, { nullBytes: 1 });
    const id = alice.send(from, encodeAddress(3, 1, keys.ripe), "hello");
    const forged = pubkey(keys, 3);
    forged[23] = (forged[23] ?? 0) ^ 2;
    alice.receive(forged);
    await network.settle();
    expect(alice.state(id)).toBe("awaiting-pubkey");
    alice.receive(pubkey(keys, 3));
    await network.settle();
    expect(alice.state(id)).toBe("sent");
  });
});

describe("trying again by hand", () => {
  test("asks for the key at once", async () => {
    const keys = generateIdentityKeys(random, { nullBytes: 1 });
    const id = alice.send(from, encodeAddress(4, 1, keys.ripe), "hello");
    await network.settle();
    await network.advance(60);
    alice.messaging.outbox.retry(id);
    await network.settle();
    expect(network.ofType(ObjectType.getpubkey)).toHaveLength(2);
    expect(alice.entry(id)).toMatchObject({ state: "awaiting-pubkey", pubkeyRequests: 2 });
  });

  test("sends what is not acknowledged at once, and what was cancelled", async () => {
    const bob = new World(network, "bob");
    const to = bob.addIdentity({}, "b");
    bob.messaging.pubkeyPublisher.request(to.address);
    await network.settle();
    network.passes = (_object, world) => (world === alice ? "lost" : "through");
    const id = alice.send(from, to.address, "hello");
    await network.settle();
    expect(alice.entry(id)).toMatchObject({ state: "sent", attempts: 1 });
    network.passes = () => "through";
    alice.messaging.outbox.retry(id);
    await network.settle();
    expect(alice.entry(id)).toMatchObject({ state: "acknowledged", attempts: 2 });
    alice.solver.hold();
    const cancelled = alice.send(from, to.address, "second thoughts");
    await network.settle();
    alice.messaging.outbox.cancel(cancelled);
    alice.solver.release();
    alice.messaging.outbox.retry(cancelled);
    await network.settle();
    expect(alice.state(cancelled)).toBe("acknowledged");
    expect(bob.bodies()).toEqual(["hello", "second thoughts"]);
  });
});

test("an identity whose key was last published in the future, by a clock that was wrong, answers all the same", async () => {
  const bob = new World(network, "bob");
  const { address } = bob.messaging.identities.create({ user: "bob", label: "" });
  await network.settle();
  const identity = bob.stores.identities.get("bob", address)!;
  bob.stores.identities.save({ ...identity, lastPubkeySent: network.time.now + 10 * 365 * DAY });
  network.time.now += 60 * DAY;
  const id = alice.send(from, address, "hello");
  await network.settle();
  expect(alice.state(id)).toBe("acknowledged");
});

test("friends need only the least work, strangers what the identity demands", async () => {
  const bob = new World(network, "bob");
  const difficulty = { trialsPerByte: 5n, extraBytes: 7n };
  const demanding = alice.addIdentity({ difficulty }, "demanding");
  const friend: Identity = bob.addIdentity({}, "friend");
  const stranger = bob.addIdentity({}, "stranger");
  for (const { address } of [friend, stranger]) bob.messaging.pubkeyPublisher.request(address);
  alice.stores.contacts.save({ user: "alice", address: friend.address, label: "friend", blocked: false });
  await network.settle();
  alice.send(demanding.address, friend.address, "to a friend");
  await network.settle();
  expect(bob.stores.pubkeys.get(demanding.address)?.block.difficulty).toEqual(NO_WORK);
  alice.send(demanding.address, stranger.address, "to a stranger");
  await network.settle();
  expect(bob.stores.pubkeys.get(demanding.address)?.block.difficulty).toEqual(difficulty);
});
