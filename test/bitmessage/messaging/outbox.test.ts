import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { OutboxId, OutboxState } from "../../../src/bitmessage/messaging/types.js";
import { ackDataOf } from "../../../src/bitmessage/protocol/ack.js";
import type { Address } from "../../../src/bitmessage/protocol/address.js";
import { ProtocolError } from "../../../src/bitmessage/protocol/errors.js";
import { inventoryHash } from "../../../src/bitmessage/protocol/inventory-hash.js";
import { ObjectType, parseObjectHeader } from "../../../src/bitmessage/protocol/object.js";
import { DAY, draft, Network, World } from "../../support/messaging/world.js";

let network: Network;
let alice: World;
let bob: World;
let from: Address;

beforeEach(() => {
  network = new Network();
  alice = new World(network, "alice");
  bob = new World(network, "bob");
  from = alice.secretIdentity("alice");
});

afterEach(() => network.stop());

/** Acknowledgements are the msg objects of the smallest size. */
function isAck(object: Uint8Array): boolean {
  return parseObjectHeader(object).type === ObjectType.msg && object.length === 54;
}

function lose(what: (object: Uint8Array) => boolean): void {
  network.passes = (object) => (what(object) ? "lost" : "through");
}

const ttlOf = (object: Uint8Array) => parseObjectHeader(object).expires - network.time.now;

/** Seconds from 300 below to 300 above. */
function expectAbout(seconds: number, wanted: number): void {
  expect(Math.abs(seconds - wanted)).toBeLessThanOrEqual(300);
}

/** Brings a message into a state in which it stays until something else happens. */
async function sendUntil(state: OutboxState): Promise<{ id: OutboxId; to: Address }> {
  const to = bob.secretIdentity("bob");
  const isKnown = state === "proof-of-work" || state === "sent";
  if (isKnown) {
    bob.messaging.pubkeyPublisher.request(to);
    await network.settle();
  }
  if (state === "queued" || state === "proof-of-work") alice.solver.hold();
  lose((object) => isAck(object) || parseObjectHeader(object).type === ObjectType.getpubkey);
  const id = alice.send(from, to, "hello");
  await network.settle();
  expect(alice.state(id)).toBe(state);
  return { id, to };
}

const ACTIVE = ["queued", "awaiting-pubkey", "proof-of-work", "sent"] as const;

describe("when no acknowledgement comes", () => {
  test("the message is sent again with twice the life time, as another object with the same ackdata", async () => {
    const { id } = await sendUntil("sent");
    const first = alice.entry(id);
    expectAbout((first.nextAction ?? 0) - network.time.now, 1.1 * 4 * DAY);
    const lives: number[] = [];
    const hashes = new Set([first.inventoryHash]);
    for (let attempt = 2; attempt <= 5; attempt++) {
      await network.advance((alice.entry(id).nextAction ?? 0) - network.time.now);
      expect(alice.entry(id)).toMatchObject({ state: "sent", attempts: attempt, ackData: first.ackData });
      lives.push((alice.entry(id).expires ?? 0) - network.time.now);
      hashes.add(alice.entry(id).inventoryHash);
    }
    for (const [index, days] of [8, 16, 28, 28].entries()) expectAbout(lives[index] ?? 0, days * DAY);
    expect(hashes.size).toBe(5);
    expect(network.ofType(ObjectType.msg).filter((object) => isAck(object))).toHaveLength(5);
    expect(bob.bodies()).toEqual(["hello"]);
  });

  test("the late acknowledgement of the first copy counts while the second is being made", async () => {
    const { id } = await sendUntil("sent");
    alice.solver.hold();
    await network.advance((alice.entry(id).nextAction ?? 0) - network.time.now);
    expect(alice.state(id)).toBe("proof-of-work");
    const ackData = alice.entry(id).ackData;
    const ack = network.objects.find(
      (object) => Buffer.compare(ackDataOf(object), ackData ?? new Uint8Array()) === 0,
    );
    if (ack) alice.receive(ack);
    await network.settle();
    expect(ack).toBeDefined();
    expect(alice.state(id)).toBe("acknowledged");
    alice.solver.release();
    const count = network.objects.length;
    await network.settle();
    expect(network.objects).toHaveLength(count);
  });

  test("patience ends by the policy", async () => {
    network.worlds.splice(0, 1);
    await alice.stop();
    alice = new World(network, "alice", { policy: { giveUpAfter: 10 * DAY } });
    from = alice.secretIdentity("alice");
    const { id } = await sendUntil("sent");
    await network.advance(10 * DAY - 1);
    expect(alice.entry(id)).toMatchObject({ state: "sent", attempts: 2 });
    await network.advance(1);
    expect(alice.entry(id)).toMatchObject({ state: "failed", failure: "given-up", nextAction: null });
    await network.advance(30 * DAY);
    expect(alice.entry(id).attempts).toBe(2);
    alice.messaging.outbox.retry(id);
    network.passes = () => "through";
    await network.settle();
    expect(alice.state(id)).toBe("acknowledged");
  });
});

describe("when no key comes", () => {
  test("it is asked for again, each time for longer, and once for all messages", async () => {
    const { id, to } = await sendUntil("awaiting-pubkey");
    await network.advance(DAY);
    const second = alice.send(from, to, "again");
    // At once: nothing has to be kept anew a moment later.
    const { nextAction, pubkeyRequests } = alice.entry(id);
    const waiting = { state: "awaiting-pubkey", nextAction, pubkeyRequests };
    expect(alice.entry(second)).toMatchObject(waiting);
    await network.settle();
    expect(alice.entry(second)).toMatchObject(waiting);
    const lives = [ttlOf(network.ofType(ObjectType.getpubkey)[0] ?? new Uint8Array()) + DAY];
    for (let request = 2; request <= 6; request++) {
      await network.advance((alice.entry(id).nextAction ?? 0) - network.time.now);
      const requests = network.ofType(ObjectType.getpubkey);
      expect(requests).toHaveLength(request);
      lives.push(ttlOf(requests.at(-1) ?? new Uint8Array()));
    }
    for (const [index, days] of [2.5, 5, 10, 20, 28, 28].entries())
      expectAbout(lives[index] ?? 0, days * DAY);
    network.passes = () => "through";
    bob.messaging.pubkeyPublisher.request(to);
    await network.settle();
    expect([alice.state(id), alice.state(second)]).toEqual(["acknowledged", "acknowledged"]);
  });

  test("a key that comes while the request is being worked on makes it needless", async () => {
    const { id, to } = await sendUntil("queued");
    bob.messaging.pubkeyPublisher.request(to);
    network.passes = () => "through";
    await network.settle();
    alice.solver.release();
    await network.settle();
    expect(alice.state(id)).toBe("acknowledged");
    expect(network.ofType(ObjectType.getpubkey)).toHaveLength(0);
  });

  test("a message that joins those that wait when the key has just come goes out with them", async () => {
    const { id, to } = await sendUntil("awaiting-pubkey");
    network.passes = () => "through";
    bob.messaging.pubkeyPublisher.request(to);
    const { id: another } = await new Promise<{ id: OutboxId }>((resolve) => {
      const receive = alice.messaging.outbox.pubkeyArrived;
      alice.messaging.outbox.pubkeyArrived = (address) => {
        receive.call(alice.messaging.outbox, address);
        alice.stores.transactions.afterCommit(() => resolve({ id: alice.send(from, to, "late") }));
      };
      void network.settle();
    });
    await network.settle();
    expect([alice.state(id), alice.state(another)]).toEqual(["acknowledged", "acknowledged"]);
  });

  test("when the last message to somebody is cancelled, so is the request for his key", async () => {
    const { id, to } = await sendUntil("queued");
    const other = alice.send(from, to, "other");
    await network.settle();
    alice.messaging.outbox.cancel(id);
    await network.settle();
    expect(alice.solver.holding).toBe(1);
    alice.messaging.outbox.cancel(other);
    alice.solver.release();
    await network.settle();
    expect(network.objects).toEqual([]);
  });
});

describe.each(ACTIVE)("a message that is %s", (state) => {
  test("survives the end of the process", async () => {
    const { id, to } = await sendUntil(state);
    await alice.restart();
    alice.solver.release();
    await network.settle();
    network.passes = () => "through";
    bob.messaging.pubkeyPublisher.request(to);
    await network.advance(5 * DAY);
    expect(alice.state(id)).toBe("acknowledged");
    expect(bob.bodies()).toEqual(["hello"]);
  });

  test("can be cancelled", async () => {
    const { id, to } = await sendUntil(state);
    const cancelled = alice.messaging.outbox.cancel(id);
    expect(cancelled).toEqual(alice.entry(id));
    expect(alice.entry(id)).toMatchObject(
      state === "sent"
        ? { state: "sent", awaitsAcknowledgement: false, nextAction: null }
        : { state: "cancelled", nextAction: null },
    );
    expect(alice.messaging.outbox.progress(id)).toBeNull();
    const count = network.ofType(ObjectType.msg).length;
    alice.solver.release();
    network.passes = () => "through";
    bob.messaging.pubkeyPublisher.request(to);
    await network.advance(30 * DAY);
    expect(network.ofType(ObjectType.msg)).toHaveLength(count);
    expect(alice.messaging.outbox.cancel(id)).toEqual(cancelled);
  });

  test("fails when its sender's identity is removed, unless it has gone out", async () => {
    const { id } = await sendUntil(state);
    alice.messaging.identities.remove("alice", from);
    await network.settle();
    const expected = state === "sent" ? { state } : { state: "failed", failure: "identity-gone" };
    expect(alice.entry(id)).toMatchObject(expected);
    await network.advance(10 * DAY);
    expect(alice.entry(id)).toMatchObject({ state: "failed", failure: "identity-gone" });
    expect(alice.logged).toEqual([]);
  });
});

describe("what is refused or fails", () => {
  test("an address that is none, a sender who is nobody", () => {
    const { outbox } = alice.messaging;
    expect(() => outbox.enqueue(draft(from, "BM-nonsense" as Address, ""))).toThrow(ProtocolError);
    const stranger = bob.secretIdentity("bob");
    expect(() => outbox.enqueue(draft(stranger, from, ""))).toThrow(/not one of your identities/);
    expect(() => outbox.retry("none" as OutboxId)).toThrow(/no message none/);
    expect(outbox.cancel("none" as OutboxId)).toBeNull();
  });

  test("an object that would be too large, before any work", async () => {
    const to = bob.identity();
    await network.settle();
    const { outbox } = alice.messaging;
    const limit = 262_144;
    const short = draft(from, to, "", { ttl: 3600 });
    const room = limit - outbox.dryRun(short).objectLength;
    // Growing lengths take more bytes to write, and the cipher works in blocks.
    const fits = { ...short, content: new Uint8Array(short.content.length + room - 16) };
    expect(outbox.dryRun(fits).objectLength).toBeLessThanOrEqual(limit);
    const large = { ...short, content: new Uint8Array(short.content.length + room + 16) };
    expect(outbox.estimate(large).objectLength).toBeGreaterThan(limit);
    expect(() => outbox.dryRun(large)).toThrow(expect.objectContaining({ code: "object_too_large" }));
    const asked = alice.solver.priorities.length;
    const id = outbox.enqueue(large).id;
    await network.settle();
    expect(alice.entry(id)).toMatchObject({ state: "failed", failure: "too-large" });
    expect(alice.solver.priorities).toHaveLength(asked);
    const sent = outbox.enqueue(fits).id;
    await network.settle();
    expect(alice.state(sent)).toBe("acknowledged");
  });

  test("a recipient who demands too much, until the sender accepts it", async () => {
    const to = bob.addIdentity({ difficulty: { trialsPerByte: 20n, extraBytes: 1000n } }, "b").address;
    const id = alice.send(from, to, "dear", { maximumWork: 1000 });
    await network.settle();
    expect(alice.entry(id)).toMatchObject({ state: "failed", failure: "too-difficult" });
    const cost = alice.messaging.outbox.price(id)!;
    expect(cost).toEqual(alice.messaging.outbox.estimate(draft(from, to, "dear")));
    alice.messaging.outbox.retry(id, { maximumWork: Math.ceil(cost.trials) });
    await network.settle();
    expect(alice.state(id)).toBe("acknowledged");
    expect(bob.bodies()).toEqual(["dear"]);
  });

  test("what was agreed to holds for each try: a longer life that costs more is not given", async () => {
    const to = bob.addIdentity({ difficulty: { trialsPerByte: 20n, extraBytes: 1000n } }, "b").address;
    const id = alice.send(from, to, "dear", { maximumWork: 1000 });
    await network.settle();
    lose(isAck);
    alice.messaging.outbox.retry(id, { maximumWork: Math.ceil(alice.messaging.outbox.price(id)!.trials) });
    await network.settle();
    expect(alice.entry(id)).toMatchObject({ state: "sent", attempts: 1 });
    await network.advance(5 * DAY);
    expect(alice.entry(id)).toMatchObject({ state: "sent", attempts: 2 });
    expectAbout(alice.entry(id).expires! - network.time.now, 4 * DAY - (5 - 4.4) * DAY);
  });

  test("a key that is no point of the curve", async () => {
    const { address, keys } = bob.addIdentity({}, "b");
    const block = {
      behavior: 1,
      signingKey: keys.signing.publicKey,
      encryptionKey: new Uint8Array(65).fill(4),
      difficulty: { trialsPerByte: 1n, extraBytes: 1n },
    };
    alice.stores.pubkeys.put({ address, block, received: 0, used: true });
    const id = alice.send(from, address, "hello");
    await network.settle();
    expect(alice.entry(id)).toMatchObject({ state: "failed", failure: "bad-key" });
  });
});

describe("accidents", () => {
  test("a caller whose transaction fails has sent nothing", async () => {
    const to = bob.identity();
    await network.settle();
    const { transactions } = alice.stores;
    const failing = () =>
      transactions.run((): void => {
        alice.send(from, to, "never");
        throw new Error("out of order");
      });
    expect(failing).toThrow("out of order");
    await network.settle();
    expect(alice.stores.outbox.list()).toEqual([]);
    expect(bob.mail).toEqual([]);
  });

  test("work starts after the commit of the caller", async () => {
    const to = bob.identity();
    await network.settle();
    const asked = alice.solver.priorities.length;
    alice.stores.transactions.run((): void => {
      alice.send(from, to, "soon");
      expect(alice.solver.priorities).toHaveLength(asked);
    });
    await network.settle();
    expect(bob.bodies()).toEqual(["soon"]);
  });

  test("a full disk and a broken engine delay, but lose and double nothing", async () => {
    const to = bob.identity();
    await network.settle();
    alice.solver.hold();
    const id = alice.send(from, to, "patience");
    await network.settle();
    alice.solver.release();
    alice.stores.beforeCommit = () => {
      throw new Error("disk full");
    };
    await network.settle();
    expect(alice.entry(id)).toMatchObject({ state: "proof-of-work", attempts: 0 });
    expect(bob.mail).toEqual([]);
    alice.stores.beforeCommit = () => undefined;
    alice.solver.failure = new Error("engine broken");
    await network.advance(60);
    alice.solver.failure = null;
    await network.advance(3600);
    expect(alice.state(id)).toBe("acknowledged");
    expect(bob.bodies()).toEqual(["patience"]);
    expect(alice.logged.length).toBeGreaterThan(0);
  });

  test("stopping waits until all is quiet, and nothing starts any more", async () => {
    const { id } = await sendUntil("proof-of-work");
    await alice.messaging.stop();
    alice.solver.release();
    await network.advance(10 * DAY);
    expect(alice.state(id)).toBe("proof-of-work");
    alice.messaging.start();
    await network.settle();
    expect(alice.entry(id).attempts).toBe(1);
  });
});

describe("what can be seen of the work", () => {
  test("progress while it lasts, by stages", async () => {
    const { id } = await sendUntil("proof-of-work");
    const progress = alice.messaging.outbox.progress(id);
    expect(progress?.share).toBeGreaterThan(0);
    expect(progress?.share).toBeLessThan(1);
    expect(progress?.trials).toBe(10);
    alice.solver.release();
    await network.settle();
    expect(alice.messaging.outbox.progress(id)).toBeNull();
  });

  test("acknowledgements first, then keys, then small messages, then large ones", async () => {
    const to = bob.identity();
    await network.settle();
    const before = alice.solver.priorities.length;
    const content = new Uint8Array(20_000);
    alice.send(from, to, "", { content });
    alice.send(from, to, "small");
    alice.identity("another");
    await network.settle();
    expect([...alice.solver.priorities.slice(before)].sort()).toEqual([0, 0, 1, 2, 3]);
  });

  test("many at once all arrive, each once", async () => {
    const to = bob.identity();
    await network.settle();
    const bodies = Array.from({ length: 80 }, (_, index) => `message ${index}`);
    const ids = bodies.map((body) => alice.send(from, to, body));
    for (const id of ids.slice(0, 5)) alice.messaging.outbox.cancel(id);
    await network.settle();
    expect([...bob.bodies()].sort()).toEqual(bodies.slice(5).sort());
    expect(new Set(ids.slice(5).map((id) => alice.state(id)))).toEqual(new Set(["acknowledged"]));
  });

  test("the object on the network is that of the entry", async () => {
    const { id } = await sendUntil("sent");
    const { inventoryHash: hash, expires } = alice.entry(id);
    const object = network.objects.find((candidate) => inventoryHash(candidate) === hash);
    expect(object && parseObjectHeader(object).expires).toBe(expires);
  });
});
