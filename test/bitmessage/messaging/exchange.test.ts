import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { encodeExtended } from "../../../src/bitmessage/protocol/content.js";
import { ObjectType, parseObjectHeader } from "../../../src/bitmessage/protocol/object.js";
import { DAY, Network, World } from "../../support/messaging/world.js";

let network: Network;
let alice: World;
let bob: World;

beforeEach(() => {
  network = new Network();
  alice = new World(network, "alice");
  bob = new World(network, "bob");
});

afterEach(() => network.stop());

describe("a message to somebody", () => {
  test("who is unknown: the key is asked for, comes, the message goes, the acknowledgement returns", async () => {
    const from = alice.secretIdentity("alice");
    const to = bob.secretIdentity("bob");
    const id = alice.send(from, to, "hello");
    await network.settle();
    expect(alice.changes).toEqual(["queued", "awaiting-pubkey", "proof-of-work", "sent", "acknowledged"]);
    expect(bob.mail).toMatchObject([
      { kind: "msg", from, to, users: ["bob"], chan: false, encoding: 2, content: { body: "hello" } },
    ]);
    const { getpubkey, pubkey, msg } = ObjectType;
    const types = network.objects.map((object) => parseObjectHeader(object).type);
    expect(types).toEqual([getpubkey, pubkey, msg, msg]);
    expect(alice.entry(id)).toMatchObject({ attempts: 1, pubkeyRequests: 1, nextAction: null });
  });

  test("who has published: nothing is asked", async () => {
    const from = alice.secretIdentity("alice");
    const to = bob.identity();
    await network.settle();
    const id = alice.send(from, to, "hello");
    await network.settle();
    expect(alice.state(id)).toBe("acknowledged");
    expect(network.ofType(ObjectType.getpubkey)).toHaveLength(0);
  });

  test("who answers: his key came with the message", async () => {
    const from = alice.secretIdentity("alice");
    const to = bob.identity();
    await network.settle();
    alice.send(from, to, "hello");
    await network.settle();
    const id = bob.send(to, from, "hello yourself");
    await network.settle();
    expect(bob.state(id)).toBe("acknowledged");
    expect(alice.bodies()).toEqual(["hello yourself"]);
    expect(network.ofType(ObjectType.getpubkey)).toHaveLength(0);
  });

  test("several at once to one unknown: one request", async () => {
    const from = alice.secretIdentity("alice");
    const to = bob.secretIdentity("bob");
    const ids = ["1", "2", "3"].map((body) => alice.send(from, to, body));
    await network.settle();
    expect(network.ofType(ObjectType.getpubkey)).toHaveLength(1);
    expect(ids.map((id) => alice.state(id))).toEqual(["acknowledged", "acknowledged", "acknowledged"]);
    expect([...bob.bodies()].sort()).toEqual(["1", "2", "3"]);
  });

  test.each([2, 3])("of address version %d", async (version) => {
    const from = alice.addIdentity({ version }, "a").address;
    const to = bob.addIdentity({ version }, "b").address;
    const id = alice.send(from, to, "old friends");
    await network.settle();
    expect(alice.state(id)).toBe("acknowledged");
    expect(bob.mail).toMatchObject([{ from, to }]);
  });

  test.each([2, 3])("of version %d whose key was seen in passing: nothing is asked", async (version) => {
    const to = bob.addIdentity({ version }, "b").address;
    bob.messaging.pubkeyPublisher.request(to);
    await network.settle();
    expect(alice.stores.pubkeys.get(to)).toMatchObject({ used: false });
    const id = alice.send(alice.secretIdentity("alice"), to, "seen you");
    await network.settle();
    expect(alice.state(id)).toBe("acknowledged");
    expect(network.ofType(ObjectType.getpubkey)).toHaveLength(0);
    expect(alice.stores.pubkeys.get(to)).toMatchObject({ used: true });
  });

  test("who sends no acknowledgements: sent, and that is all", async () => {
    const to = bob.addIdentity({ sendsAcknowledgements: false }, "b").address;
    const id = alice.send(alice.secretIdentity("alice"), to, "quiet");
    await network.settle();
    expect(alice.entry(id)).toMatchObject({ state: "sent", awaitsAcknowledgement: false, nextAction: null });
    expect(bob.bodies()).toEqual(["quiet"]);
    expect(alice.messaging.outbox.retry(id).state).toBe("sent");
  });

  test("without wanting an acknowledgement", async () => {
    const to = bob.identity();
    const id = alice.send(alice.secretIdentity("alice"), to, "no ack", { wantsAcknowledgement: false });
    await network.settle();
    expect(alice.entry(id)).toMatchObject({ state: "sent", awaitsAcknowledgement: false, ackData: null });
    expect(network.ofType(ObjectType.msg)).toHaveLength(1);
  });

  test("with attachments, and in an encoding of the future", async () => {
    const from = alice.secretIdentity("alice");
    const to = bob.identity();
    const file = {
      name: "a.txt",
      data: Uint8Array.of(1, 2),
      type: "text/plain",
      disposition: "attachment" as const,
    };
    const original = [{ kind: "file" as const, file: 0 }];
    const content = encodeExtended({ subject: "s", body: "b", files: [file], parents: [], original });
    alice.send(from, to, "", { encoding: 3, content });
    await network.settle();
    alice.send(from, to, "", { encoding: 9, content: Uint8Array.of(7) });
    await network.settle();
    expect(bob.mail.map((message) => message.content)).toMatchObject([
      { kind: "text", subject: "s", body: "b", files: [{ name: "a.txt" }], original },
      { kind: "placeholder", raw: Uint8Array.of(7) },
    ]);
  });
});

describe("nobody else in between", () => {
  test("to an own identity: no acknowledgement on the network, one delivery, known to have come", async () => {
    const from = alice.secretIdentity("one");
    const to = alice.secretIdentity("two");
    const id = alice.send(from, to, "note to self");
    await network.settle();
    expect(alice.entry(id)).toMatchObject({ state: "acknowledged", awaitsAcknowledgement: false });
    expect(alice.mail).toMatchObject([{ from, to, hash: alice.entry(id).inventoryHash }]);
    expect(network.objects).toHaveLength(1);
  });

  test("the least work is enough from one own identity to another that demands much", async () => {
    const difficulty = { trialsPerByte: 10n ** 12n, extraBytes: 1n };
    const to = alice.addIdentity({ difficulty }, "demanding").address;
    alice.send(alice.secretIdentity("one"), to, "let me in");
    await network.settle();
    expect(alice.bodies()).toEqual(["let me in"]);
  });
});

describe("a chan", () => {
  test("all members read what one writes, himself included, and nobody acknowledges", async () => {
    const chan = alice.messaging.identities.joinChan({ user: "alice", passphrase: "general" });
    expect(chan).toMatchObject({ address: "BM-2cW67GEKkHGonXKZLCzouLLxnLym3azS8r", label: "[chan] general" });
    bob.messaging.identities.joinChan({ user: "bob", passphrase: "general" });
    const id = alice.send(chan.address, chan.address, "hello all");
    await network.settle();
    expect(alice.entry(id)).toMatchObject({ state: "sent", awaitsAcknowledgement: false });
    for (const world of [alice, bob]) {
      expect(world.mail).toMatchObject([
        { from: chan.address, to: chan.address, chan: true, users: [world.name] },
      ]);
    }
    expect(network.objects).toHaveLength(1);
  });

  test("a request for its key is not answered", async () => {
    const chan = bob.messaging.identities.joinChan({ user: "bob", passphrase: "general" });
    const id = alice.send(alice.secretIdentity("alice"), chan.address, "who are you?");
    await network.settle();
    expect(alice.state(id)).toBe("awaiting-pubkey");
    expect(network.ofType(ObjectType.pubkey)).toHaveLength(0);
  });
});

describe("a broadcast", () => {
  test.each([2, 3, 4])("from an address of version %d reaches who follows, once", async (version) => {
    const from = alice.addIdentity({ version }, "speaker").address;
    bob.messaging.subscriptions.add({ user: "bob", address: from, label: "news" });
    const id = alice.send(from, from, "news", { kind: "broadcast" });
    await network.settle();
    expect(alice.entry(id)).toMatchObject({ state: "sent", awaitsAcknowledgement: false, attempts: 1 });
    expect(bob.mail).toMatchObject([{ kind: "broadcast", from, to: from, users: ["bob"] }]);
    expect(alice.mail).toEqual([]);
    await network.advance(100 * DAY);
    expect(network.ofType(ObjectType.broadcast)).toHaveLength(1);
  });

  test("does not reach who does not follow, or not any more", async () => {
    const from = alice.secretIdentity("speaker");
    const carol = new World(network, "carol");
    const { subscriptions } = bob.messaging;
    subscriptions.add({ user: "bob", address: from, label: "news" });
    subscriptions.disable("bob", from);
    alice.send(from, from, "one", { kind: "broadcast" });
    await network.settle();
    subscriptions.enable("bob", from);
    await network.settle();
    expect(bob.bodies()).toEqual(["one"]);
    subscriptions.remove("bob", from);
    alice.send(from, from, "two", { kind: "broadcast" });
    await network.settle();
    expect(bob.bodies()).toEqual(["one"]);
    expect(carol.mail).toEqual([]);
  });

  test("that came before he was followed is found in the inventory, and not delivered again", async () => {
    const from = alice.secretIdentity("speaker");
    alice.send(from, from, "early", { kind: "broadcast" });
    await network.settle();
    expect(bob.unprocessed()).toBe(0);
    bob.messaging.subscriptions.add({ user: "bob", address: `  ${from}`, label: "news" });
    await network.settle();
    bob.messaging.subscriptions.add({ user: "bob", address: from, label: "renamed" });
    await network.settle();
    expect(bob.bodies()).toEqual(["early"]);
    expect(bob.messaging.subscriptions.list()).toMatchObject([{ user: "bob", label: "renamed" }]);
  });

  test("carries the key of who speaks", async () => {
    const from = alice.secretIdentity("speaker");
    bob.messaging.subscriptions.add({ user: "bob", address: from, label: "news" });
    alice.send(from, from, "news", { kind: "broadcast" });
    await network.settle();
    const id = bob.send(bob.secretIdentity("bob"), from, "well said");
    await network.settle();
    expect(bob.state(id)).toBe("acknowledged");
    expect(network.ofType(ObjectType.getpubkey)).toHaveLength(0);
  });
});
