import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { OutboxId } from "../../../src/bitmessage/messaging/types.js";
import { ObjectType, parseObjectHeader } from "../../../src/bitmessage/protocol/object.js";
import { DAY, Network, World } from "../../support/messaging/world.js";

let network: Network;
let alice: World;
let bob: World;
let id: OutboxId;
/** Acknowledgements that have not come yet. */
let underway: Uint8Array[];

beforeEach(async () => {
  network = new Network();
  alice = new World(network, "alice", { policy: { giveUpAfter: 10 * DAY } });
  bob = new World(network, "bob");
  underway = [];
  const to = bob.identity();
  await network.settle();
  network.passes = (object, world) => {
    const isAck = parseObjectHeader(object).type === ObjectType.msg && object.length === 54;
    if (!isAck || world !== alice) return "through";
    underway.push(object);
    return "lost";
  };
  id = alice.send(alice.secretIdentity("alice"), to, "hello");
  await network.settle();
  expect([alice.state(id), underway.length]).toEqual(["sent", 1]);
});

afterEach(() => network.stop());

function hear(): Promise<void> {
  for (const object of underway) alice.receive(object);
  return network.settle();
}

test("nothing is given up before the network could answer, when the program was not there for long", async () => {
  alice.crash();
  network.time.now += 11 * DAY;
  await alice.restart();
  await network.settle();
  expect(alice.state(id)).toBe("sent");
  await hear();
  expect(alice.state(id)).toBe("acknowledged");
});

test("nor while a clock is wrong for a moment", async () => {
  await network.advance(DAY);
  network.time.now += 365 * DAY;
  alice.messaging.resume();
  await network.settle();
  expect(alice.state(id)).toBe("sent");
  network.time.setBack(365 * DAY);
  await network.settle();
  await network.advance(7200);
  expect(alice.state(id)).toBe("sent");
  await hear();
  expect(alice.state(id)).toBe("acknowledged");
});

test("but an hour later it is", async () => {
  alice.crash();
  network.time.now += 11 * DAY;
  await alice.restart();
  await network.advance(3599);
  expect(alice.state(id)).toBe("sent");
  await network.advance(1);
  expect(alice.entry(id)).toMatchObject({ state: "failed", failure: "given-up", attempts: 1 });
});
