import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { ObjectType } from "../../../src/bitmessage/protocol/object.js";
import { Network, World } from "../../support/messaging/world.js";

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
    expect(alice.state(id)).toBe("acknowledged");
    expect(bob.bodies()).toEqual(["hello"]);
    expect(alice.changes).toEqual(["queued", "awaiting-pubkey", "proof-of-work", "sent", "acknowledged"]);
    expect(network.ofType(ObjectType.getpubkey)).toHaveLength(1);
  });
});
