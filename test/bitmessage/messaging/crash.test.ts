import { setImmediate } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { randomBelow } from "../../../src/bitmessage/protocol/random.js";
import { DAY, Network, seededRandom, World } from "../../support/messaging/world.js";

test.each([1, 2, 3])(
  "processes that die at random moments lose and double nothing (seed %d)",
  async (seed) => {
    const random = seededRandom(`crash ${seed}`);
    const network = new Network();
    const worlds = [new World(network, "alice"), new World(network, "bob")] as const;
    const [alice, bob] = worlds;
    const from = alice.secretIdentity("alice");
    const to = bob.secretIdentity("bob");
    const bodies = Array.from({ length: 25 }, (_, index) => `message ${index}`);
    const ids = bodies.map((body) => alice.send(from, to, body));
    const back = bodies.map((body) => bob.send(to, from, body));
    for (let crash = 0; crash < 30; crash++) {
      for (let turns = randomBelow(12, random); turns > 0; turns--) await setImmediate();
      await worlds[crash % 2]?.restart();
    }
    await network.advance(40 * DAY);
    expect([...bob.bodies()].sort()).toEqual([...bodies].sort());
    expect([...alice.bodies()].sort()).toEqual([...bodies].sort());
    expect(new Set(ids.map((id) => alice.state(id)))).toEqual(new Set(["acknowledged"]));
    expect(new Set(back.map((id) => bob.state(id)))).toEqual(new Set(["acknowledged"]));
    await network.stop();
  },
);
