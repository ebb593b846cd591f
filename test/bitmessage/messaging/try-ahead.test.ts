/** The inbox with threads that try keys for it: whatever they do, each message comes exactly once to whom it is for. */
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { TrialPool } from "../../../src/bitmessage/messaging/trial-pool.js";
import type { Address } from "../../../src/bitmessage/protocol/address.js";
import { createTrialDecryptor } from "../../../src/bitmessage/protocol/ecies.js";
import { Network, World } from "../../support/messaging/world.js";

type TryAll = TrialPool["tryAll"];

const MESSAGES = 5;
let network: Network;
let alice: World;
let from: Address;
/** What the pool of bob's world does. */
let tryAll: TryAll;
let asked: number;
let portion: number;
let bob: World;

const tryHere: TryAll = async (privateKeys, ciphertexts) => {
  const decryptor = createTrialDecryptor(privateKeys.map((privateKey) => ({ privateKey })));
  return ciphertexts.map((ciphertext) => decryptor.tryDecrypt(ciphertext));
};

beforeEach(async () => {
  network = new Network();
  alice = new World(network, "alice");
  from = alice.identity();
  tryAll = tryHere;
  asked = 0;
  portion = 64;
  const trialPool: TrialPool = {
    portion: () => portion,
    tryAll: (keys, ciphertexts) => {
      asked += ciphertexts.length;
      return tryAll(keys, ciphertexts);
    },
    rest: async () => {},
    close: async () => {},
  };
  bob = new World(network, "bob", { trialPool });
});

afterEach(() => network.stop());

async function sendAll(to: readonly Address[]): Promise<string[]> {
  const bodies = Array.from({ length: MESSAGES }, (_, index) => `message ${index}`);
  for (const [index, body] of bodies.entries()) alice.send(from, to[index % to.length]!, body);
  await network.settle();
  return bodies;
}

test("their results are delivered, each once, and acknowledged", async () => {
  const bodies = await sendAll([bob.identity("one"), bob.identity("two")]);
  expect(asked).toBeGreaterThanOrEqual(MESSAGES);
  expect([...bob.bodies()].sort()).toEqual(bodies);
  await network.advance(600);
  expect(alice.changes.filter((state) => state === "acknowledged")).toHaveLength(MESSAGES);
  expect(bob.unprocessed()).toBe(0);
});

test("with many keys few messages are taken at a time, and still all of them", async () => {
  portion = 1;
  const most: number[] = [];
  tryAll = (keys, ciphertexts) => {
    most.push(ciphertexts.length);
    return tryHere(keys, ciphertexts);
  };
  const bodies = await sendAll([bob.identity()]);
  expect([...bob.bodies()].sort()).toEqual(bodies);
  expect(Math.max(...most)).toBe(1);
  expect(bob.unprocessed()).toBe(0);
});

test("without an answer all is done without them", async () => {
  tryAll = async () => null;
  const bodies = await sendAll([bob.identity()]);
  expect(asked).toBeGreaterThanOrEqual(MESSAGES);
  expect([...bob.bodies()].sort()).toEqual(bodies);
});

test("what was tried with keys that have changed meanwhile counts for nothing", async () => {
  const [first, second] = [bob.identity("first"), bob.identity("second")];
  await network.settle();
  let change = () => void bob.messaging.identities.disable("bob", first);
  tryAll = async (keys, ciphertexts) => {
    const results = await tryHere(keys, ciphertexts);
    if (results?.some((result) => result !== null)) {
      // Where there were two keys, there is one: what was the second is none, or another one.
      change();
      change = () => {};
    }
    return results;
  };
  alice.send(from, second, "to the second");
  await network.settle();
  expect(bob.stores.identities.get("bob", first)?.enabled).toBe(false);
  expect(bob.mail.map(({ to }) => to)).toEqual([second]);
});

test("a stop while they try leaves the messages for later", async () => {
  const to = bob.identity();
  await network.settle();
  let answer = () => {};
  const reached = new Promise<void>((resolve) => {
    tryAll = (keys, ciphertexts) => {
      resolve();
      return new Promise((later) => {
        answer = () => void tryHere(keys, ciphertexts).then(later);
      });
    };
  });
  alice.send(from, to, "hello");
  await reached;
  const stopped = bob.messaging.inbox.stop();
  answer();
  await stopped;
  expect(bob.mail).toEqual([]);
  expect(bob.unprocessed()).toBeGreaterThan(0);
  tryAll = tryHere;
  bob.messaging.inbox.start();
  await network.settle();
  expect(bob.bodies()).toEqual(["hello"]);
});
