import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Priority, solveObject } from "../../../src/bitmessage/messaging/solve-object.js";
import type { Solver, WorkRequest } from "../../../src/bitmessage/pow/solver.js";
import type { Address } from "../../../src/bitmessage/protocol/address.js";
import { ObjectType, parseObjectHeader } from "../../../src/bitmessage/protocol/object.js";
import { Behavior } from "../../../src/bitmessage/protocol/pubkey.js";
import { DAY, Network, NO_WORK, seededRandom, World } from "../../support/messaging/world.js";

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

const quiet = { wantsAcknowledgement: false };

async function workOn(body: string) {
  const to = bob.identity();
  await network.settle();
  alice.solver.hold();
  const id = alice.send(from, to, body, quiet);
  await network.settle();
  expect(alice.state(id)).toBe("proof-of-work");
  return id;
}

const lifeOf = (object: Uint8Array) => parseObjectHeader(object).expires - network.time.now;

describe("work that takes longer than its message lives", () => {
  test("is done anew for a new life: nothing goes out that nobody takes, as after a long sleep of the machine", async () => {
    const id = await workOn("good morning");
    network.time.now += 5 * DAY;
    alice.solver.release();
    await network.settle();
    expect(alice.entry(id)).toMatchObject({ state: "sent", attempts: 1 });
    expect(network.ofType(ObjectType.msg).map((object) => lifeOf(object) > 3 * DAY)).toEqual([true]);
    expect(bob.bodies()).toEqual(["good morning"]);
  });

  test("so is what would live a moment only", async () => {
    await workOn("hello");
    network.time.now += 4 * DAY - 1000;
    alice.solver.release();
    await network.settle();
    expect(network.ofType(ObjectType.msg).map((object) => lifeOf(object) > 3 * DAY)).toEqual([true]);
  });

  test("and what was begun under a clock that has been set back since: the work is for a shorter life", async () => {
    const id = await workOn("hello");
    network.time.setBack(20 * DAY);
    alice.solver.release();
    await network.settle();
    expect(alice.entry(id)).toMatchObject({ state: "sent", attempts: 1 });
    expect(network.ofType(ObjectType.msg).map((object) => lifeOf(object) < 5 * DAY)).toEqual([true]);
  });

  test("ends when patience does", async () => {
    const impatient = new World(network, "impatient", { policy: { giveUpAfter: 10 * DAY } });
    const to = bob.identity();
    await network.settle();
    impatient.solver.hold();
    const id = impatient.send(impatient.secretIdentity("i"), to, "hello", quiet);
    await network.settle();
    network.time.now += 11 * DAY;
    impatient.solver.release();
    await network.settle();
    await network.advance(3600);
    expect(impatient.entry(id)).toMatchObject({ state: "failed", failure: "given-up" });
  });

  test("is ended while it lasts", async () => {
    let now = 1_700_000_000;
    const reports: number[] = [];
    const endless: Pick<Solver, "solve"> = {
      solve: async (request: WorkRequest) => {
        request.prepare();
        for (let trials = 0; trials < 100; trials++) {
          now += DAY;
          reports.push(trials);
          request.onProgress?.({ trials, expectedTrials: 1e18, share: 0 });
        }
        throw new Error("it was never ended");
      },
    };
    const order = {
      build: () => new Uint8Array(100),
      ttl: 4 * DAY,
      difficulty: NO_WORK,
      priority: 0,
      signal: new AbortController().signal,
    };
    const context = { solver: endless as Solver, clock: () => now, random: seededRandom("endless") };
    await expect(solveObject(order, context)).rejects.toMatchObject({ name: "OutdatedWork" });
    expect(reports.length).toBeLessThanOrEqual(5);
  });
});

describe("what nobody can pay", () => {
  test("is not begun, also without a limit", async () => {
    const difficulty = { trialsPerByte: 2n ** 64n - 1n, extraBytes: 2n ** 64n - 1n };
    const { address: to } = bob.addIdentity({ difficulty }, "b");
    alice.solver.hold();
    bob.messaging.pubkeyPublisher.request(to);
    await network.settle();
    const id = alice.send(from, to, "hello", { maximumWork: 0 });
    await network.settle();
    expect(alice.entry(id)).toMatchObject({ state: "failed", failure: "too-difficult" });
  });
});

describe("many dear messages", () => {
  test("leave room for those that are soon done", async () => {
    const difficulty = { trialsPerByte: 10n ** 7n, extraBytes: 1000n };
    const { address: dear } = bob.addIdentity({ difficulty }, "b");
    const cheap = bob.identity();
    bob.messaging.pubkeyPublisher.request(dear);
    await network.settle();
    alice.solver.hold();
    const before = alice.solver.priorities.length;
    const dearOnes = Array.from({ length: 40 }, (_, index) => alice.send(from, dear, `dear ${index}`, quiet));
    await network.settle();
    const id = alice.send(from, cheap, "cheap", quiet);
    await network.settle();
    expect(alice.state(id)).toBe("proof-of-work");
    const { message, largeMessage } = Priority;
    const dearWorks = Array.from({ length: 16 }, () => largeMessage);
    expect(alice.solver.priorities.slice(before)).toEqual([...dearWorks, message]);
    const working = () => dearOnes.filter((one) => alice.state(one) === "proof-of-work").length;
    expect(working()).toBe(16);
    for (const one of dearOnes.slice(0, 20)) alice.messaging.outbox.cancel(one);
    await network.settle();
    expect(working()).toBe(16);
  });
});

test("a recipient who acknowledges since the first try failed is believed", async () => {
  const { address, keys } = bob.addIdentity({}, "b");
  const { publicKey: signingKey } = keys.signing;
  const { publicKey: encryptionKey } = keys.encryption;
  const learn = (behavior: number) => {
    const block = { behavior, signingKey, encryptionKey, difficulty: NO_WORK };
    alice.stores.pubkeys.put({ address, block, received: 0, used: true });
  };
  learn(0);
  alice.solver.hold();
  const id = alice.send(from, address, "hello");
  await network.settle();
  alice.stores.beforeCommit = () => {
    throw new Error("disk full");
  };
  alice.solver.release();
  await network.settle();
  alice.stores.beforeCommit = () => undefined;
  expect(alice.entry(id)).toMatchObject({ state: "proof-of-work", ackData: null });
  learn(Behavior.doesAck);
  await network.advance(60);
  expect(alice.entry(id)).toMatchObject({ state: "acknowledged", attempts: 1 });
});
