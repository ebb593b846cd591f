import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { LONGEST_TTL } from "../../../src/bitmessage/messaging/next-action.js";
import type { Identity } from "../../../src/bitmessage/messaging/types.js";
import { buildAck, createAckData, encodeAckPacket } from "../../../src/bitmessage/protocol/ack.js";
import { decodeAddress } from "../../../src/bitmessage/protocol/address.js";
import { encodeSimple } from "../../../src/bitmessage/protocol/content.js";
import { encrypt } from "../../../src/bitmessage/protocol/ecies.js";
import { buildGetpubkey } from "../../../src/bitmessage/protocol/getpubkey.js";
import { buildMsg } from "../../../src/bitmessage/protocol/msg.js";
import { encodeObjectHeader, ObjectType, withNonce } from "../../../src/bitmessage/protocol/object.js";
import { isWorkSufficient } from "../../../src/bitmessage/protocol/pow-target.js";
import { DAY, Network, NO_WORK, seededRandom, World } from "../../support/messaging/world.js";

let network: Network;
let alice: World;
let bob: World;

beforeEach(() => {
  network = new Network();
  alice = new World(network, "alice");
  bob = new World(network, "bob");
});

afterEach(() => network.stop());

const random = seededRandom("inbox");

/** With so much work as everybody asks for in these tests. */
function worked(objectWithoutNonce: Uint8Array): Uint8Array {
  for (let nonce = 0n; ; nonce++) {
    const object = withNonce(nonce, objectWithoutNonce);
    if (isWorkSufficient(object, { now: network.time.now, difficulty: NO_WORK, minimum: NO_WORK }))
      return object;
  }
}

/** A message made by hand. */
function message(
  from: Identity,
  to: Identity,
  change: { ack?: Uint8Array; content?: Uint8Array; encoding?: number; ttl?: number } = {},
) {
  const object = buildMsg({
    sender: { ...from, behavior: 1 },
    recipient: { address: decodeAddress(to.address), encryptionKey: to.keys.encryption.publicKey },
    encoding: change.encoding ?? 2,
    content: change.content ?? encodeSimple({ subject: "s", body: "by hand" }),
    ack: change.ack ?? new Uint8Array(0),
    expires: network.time.now + (change.ttl ?? DAY),
    random,
  });
  return worked(object);
}

/** Any plaintext, encrypted to somebody. */
function sealed(plaintext: Uint8Array, to: Identity): Uint8Array {
  const expires = network.time.now + DAY;
  const header = encodeObjectHeader({ expires, type: ObjectType.msg, version: 1, stream: 1 });
  return withNonce(
    0n,
    new Uint8Array([...header, ...encrypt(plaintext, to.keys.encryption.publicKey, random)]),
  );
}

describe("who is let in", () => {
  test("a blocked sender too, to where junk goes, but he hears nothing, unless he sends again and is not blocked then", async () => {
    const from = alice.secretIdentity("alice");
    const to = bob.identity();
    await network.settle();
    bob.stores.contacts.save({ user: "bob", address: from, label: "pest", blocked: true });
    const id = alice.send(from, to, "let me in");
    await network.settle();
    expect(bob.bodies()).toEqual(["let me in"]);
    expect(bob.unprocessed()).toBe(0);
    expect(alice.state(id)).toBe("sent");
    bob.stores.contacts.remove("bob", from);
    await network.advance(5 * DAY);
    expect(bob.bodies()).toEqual(["let me in"]);
    expect(alice.state(id)).toBe("acknowledged");
  });

  test("not who did less work than demanded, unless he is known", async () => {
    const difficulty = { trialsPerByte: 10n ** 12n, extraBytes: 1000n };
    const to = bob.addIdentity({ difficulty }, "b");
    const from = alice.addIdentity({}, "a");
    bob.receive(message(from, to));
    await network.settle();
    expect(bob.mail).toEqual([]);
    bob.stores.contacts.save({ user: "bob", address: from.address, label: "friend", blocked: false });
    bob.receive(message(from, to));
    await network.settle();
    expect(bob.bodies()).toEqual(["by hand"]);
  });

  test("anybody to a chan and to version 2, which demand nothing", async () => {
    const difficulty = { trialsPerByte: 10n ** 12n, extraBytes: 1000n };
    const from = alice.addIdentity({}, "a");
    bob.receive(message(from, bob.addIdentity({ difficulty, chan: true }, "chan")));
    bob.receive(message(from, bob.addIdentity({ difficulty, version: 2 }, "old")));
    await network.settle();
    expect(bob.bodies()).toEqual(["by hand", "by hand"]);
  });

  test("nobody to an identity that is disabled, until it is enabled", async () => {
    const from = alice.addIdentity({}, "a");
    const to = bob.addIdentity({}, "b");
    bob.messaging.identities.disable("bob", to.address);
    bob.receive(message(from, to));
    await network.settle();
    expect(bob.mail).toEqual([]);
    bob.messaging.identities.enable("bob", to.address);
    bob.receive(message(from, to));
    await network.settle();
    expect(bob.bodies()).toEqual(["by hand"]);
  });

  test("the key of a proven sender is kept even when his message is dropped", async () => {
    const from = alice.addIdentity({}, "a");
    const to = bob.addIdentity({ difficulty: { trialsPerByte: 10n ** 12n, extraBytes: 1000n } }, "b");
    bob.receive(message(from, to));
    await network.settle();
    expect(bob.stores.pubkeys.get(from.address)).toMatchObject({ used: true });
  });
});

describe("hostile and useless objects", () => {
  test("random plaintexts, cut messages and forged ones are dropped", async () => {
    const from = alice.addIdentity({}, "a");
    const to = bob.addIdentity({}, "b");
    const other = bob.addIdentity({}, "c");
    for (const length of [0, 1, 169, 170, 500]) bob.receive(sealed(random(length), to));
    bob.receive(message(from, to).subarray(0, 200));
    bob.receive(Uint8Array.of(1, 2, 3));
    bob.receive(message(from, { ...to, keys: { ...to.keys, encryption: other.keys.encryption } }));
    const forged = {
      ...from,
      keys: { ...from.keys, signing: { ...from.keys.signing, privateKey: random(32) } },
    };
    bob.receive(message(forged, to));
    bob.receive(message(from, to, { encoding: 3, content: random(100) }));
    await network.settle();
    expect(bob.mail).toEqual([]);
    expect(bob.unprocessed()).toBe(0);
    expect(bob.logged).toEqual([]);
  });

  test("an object of any type may be cut anywhere", async () => {
    const from = alice.secretIdentity("alice");
    const to = bob.secretIdentity("bob");
    alice.send(from, to, "hello");
    bob.messaging.subscriptions.add({ user: "bob", address: from, label: "news" });
    alice.send(from, from, "news", { kind: "broadcast" });
    await network.settle();
    const mail = bob.mail.length;
    for (const object of [...network.objects]) {
      for (let length = 0; length < object.length; length += 7) bob.receive(object.slice(0, length));
    }
    await network.settle();
    expect(bob.mail).toHaveLength(mail);
    expect(bob.unprocessed()).toBe(0);
    expect(bob.logged).toEqual([]);
  });

  test("encoding 0 shows nothing and is not acknowledged", async () => {
    const from = alice.secretIdentity("alice");
    const to = bob.identity();
    await network.settle();
    const id = alice.send(from, to, "", { encoding: 0 });
    await network.settle();
    expect(bob.mail).toEqual([]);
    expect(alice.state(id)).toBe("sent");
  });

  test("the same object under another nonce is not delivered again", async () => {
    const to = bob.addIdentity({ version: 2 }, "b");
    const object = message(alice.addIdentity({}, "a"), to);
    bob.receive(object);
    bob.receive(withNonce(2n ** 63n, object.subarray(8)));
    await network.settle();
    expect(bob.bodies()).toEqual(["by hand"]);
  });
});

describe("acknowledgements inside messages", () => {
  const field = (expires: number, stream = 1) =>
    encodeAckPacket(worked(buildAck(createAckData(0, stream, random), expires)));

  test.each([
    ["is none", () => Uint8Array.of(1, 2, 3)],
    ["expires too late", () => field(network.time.now + 40 * DAY)],
    ["has expired", () => field(network.time.now - DAY)],
    ["is of another stream", () => field(network.time.now + DAY, 5)],
    ["is followed by something", () => new Uint8Array([...field(network.time.now + DAY), 0])],
  ])("one that %s is not announced, the message is delivered", async (_name, ack) => {
    bob.receive(message(alice.addIdentity({}, "a"), bob.addIdentity({}, "b"), { ack: ack() }));
    await network.settle();
    expect(bob.bodies()).toEqual(["by hand"]);
    expect(network.objects).toEqual([]);
  });

  test("one that is in order is announced", async () => {
    const ack = field(network.time.now + DAY);
    bob.receive(message(alice.addIdentity({}, "a"), bob.addIdentity({}, "b"), { ack }));
    await network.settle();
    expect(network.objects).toEqual([ack.slice(24)]);
  });

  test("one without enough work is not announced", async () => {
    const strict = new World(network, "strict", { minimum: { trialsPerByte: 10n ** 12n, extraBytes: 1n } });
    const to = strict.addIdentity({ version: 2 }, "b");
    strict.receive(message(alice.addIdentity({}, "a"), to, { ack: field(network.time.now + DAY) }));
    await network.settle();
    expect(strict.bodies()).toEqual(["by hand"]);
    expect(network.objects).toEqual([]);
  });
});

describe("requests for keys", () => {
  let nonce = 0n;

  function request(of: Identity, change: { stream?: number } = {}): Uint8Array {
    const expires = network.time.now + DAY + network.objects.length;
    return withNonce(
      nonce++,
      buildGetpubkey({ address: { ...decodeAddress(of.address), ...change }, expires }),
    );
  }

  test("are answered once in 28 days, however many come", async () => {
    const identity = bob.addIdentity({}, "b");
    for (let count = 0; count < 20; count++) bob.receive(request(identity));
    await network.settle();
    expect(network.ofType(ObjectType.pubkey)).toHaveLength(1);
    await network.advance(LONGEST_TTL - 1);
    bob.receive(request(identity));
    await network.settle();
    expect(network.ofType(ObjectType.pubkey)).toHaveLength(1);
    await network.advance(1);
    bob.receive(request(identity));
    await network.settle();
    expect(network.ofType(ObjectType.pubkey)).toHaveLength(2);
  });

  test("are answered by version 2 and 3 as well, by no disabled identity", async () => {
    for (const version of [2, 3]) bob.receive(request(bob.addIdentity({ version }, "b")));
    const disabled = bob.addIdentity({}, "c");
    bob.messaging.identities.disable("bob", disabled.address);
    bob.receive(request(disabled));
    await network.settle();
    expect(network.ofType(ObjectType.pubkey)).toHaveLength(2);
  });

  test("the answer survives a crash in the middle of its work", async () => {
    const identity = bob.addIdentity({}, "b");
    bob.solver.hold();
    bob.receive(request(identity));
    await network.settle();
    expect(bob.stores.identities.get("bob", identity.address)).toMatchObject({ pubkeyPending: true });
    await bob.restart();
    bob.solver.release();
    await network.settle();
    expect(network.ofType(ObjectType.pubkey)).toHaveLength(1);
    expect(bob.stores.identities.get("bob", identity.address)).toMatchObject({ pubkeyPending: false });
  });

  test("the answer is not given when the identity goes meanwhile", async () => {
    const identity = bob.addIdentity({}, "b");
    bob.solver.hold();
    bob.receive(request(identity));
    await network.settle();
    bob.messaging.identities.remove("bob", identity.address);
    bob.solver.release();
    await network.settle();
    expect(network.objects).toEqual([]);
  });
});

describe("when a delivery fails", () => {
  test("it is tried again later, and others do not wait for it", async () => {
    const from = alice.addIdentity({}, "a");
    const to = bob.addIdentity({}, "b");
    let failures = 0;
    bob.beforeDelivery = ({ content }) => {
      if (content.kind !== "text" || content.body !== "poison" || failures >= 3) return;
      failures++;
      throw new Error("cannot compose");
    };
    bob.receive(message(from, to, { content: encodeSimple({ subject: "", body: "poison" }) }));
    bob.receive(message(from, to));
    await network.settle();
    expect(bob.bodies()).toEqual(["by hand"]);
    expect(bob.unprocessed()).toBe(1);
    await network.advance(60 + 120 + 240);
    expect(bob.bodies()).toEqual(["by hand", "poison"]);
    expect(bob.unprocessed()).toBe(0);
    expect(bob.logged).toHaveLength(3);
  });

  test("all together: everything waits, nothing is lost", async () => {
    const from = alice.addIdentity({}, "a");
    const to = bob.addIdentity({}, "b");
    const tried = new Set<string>();
    bob.beforeDelivery = (received) => {
      tried.add(received.hash);
      throw new Error("disk full");
    };
    for (let count = 0; count < 40; count++) bob.receive(message(from, to, { ttl: DAY + count }));
    await network.settle();
    expect(bob.unprocessed()).toBe(40);
    bob.beforeDelivery = () => undefined;
    bob.messaging.inbox.wake();
    await network.settle();
    expect(bob.mail).toHaveLength(0);
    await network.advance(3600);
    expect(bob.mail).toHaveLength(40);
  });

  test("a store that does not answer makes the inbox pause, not stop", async () => {
    bob.stores.beforeCommit = () => {
      throw new Error("locked");
    };
    for (let count = 0; count < 10; count++) bob.receive(random(100));
    await network.settle();
    expect(bob.unprocessed()).toBe(10);
    bob.stores.beforeCommit = () => undefined;
    await network.advance(60);
    expect(bob.unprocessed()).toBe(0);
  });

  test("nothing is delivered twice when the process dies while it is", async () => {
    const from = alice.addIdentity({}, "a");
    const to = bob.addIdentity({}, "b");
    let die = 3;
    bob.beforeDelivery = async () => {
      if (die-- > 0) await bob.restart();
    };
    for (let count = 0; count < 6; count++) bob.receive(message(from, to, { ttl: DAY + count }));
    await network.settle();
    await network.advance(3600);
    expect(bob.mail).toHaveLength(6);
    expect(bob.unprocessed()).toBe(0);
  });
});

describe("stopping", () => {
  test("leaves what was not looked at for the next start", async () => {
    const from = alice.addIdentity({}, "a");
    const to = bob.addIdentity({}, "b");
    let deliveries = 0;
    let stopped: Promise<void> | null = null;
    bob.beforeDelivery = () => {
      if (++deliveries === 2) stopped = bob.messaging.inbox.stop();
    };
    for (let count = 0; count < 5; count++) bob.receive(message(from, to, { ttl: DAY + count }));
    await network.settle();
    await stopped;
    expect(bob.mail).toHaveLength(2);
    expect(bob.unprocessed()).toBe(3);
    bob.messaging.inbox.start();
    await network.settle();
    expect(bob.mail).toHaveLength(5);
  });
});

describe("keys seen in passing", () => {
  test("are forgotten after 28 days", async () => {
    const identity = alice.addIdentity({ version: 3 }, "a");
    alice.messaging.pubkeyPublisher.request(identity.address);
    await network.settle();
    expect(bob.stores.pubkeys.get(identity.address)).not.toBeNull();
    await network.advance(30 * DAY);
    expect(bob.stores.pubkeys.get(identity.address)).toBeNull();
  });
});
