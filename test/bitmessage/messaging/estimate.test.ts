/** What is told before anything is worked on must be what the work takes. */
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { WorkRequest } from "../../../src/bitmessage/pow/solver.js";
import type { Address } from "../../../src/bitmessage/protocol/address.js";
import { expectedTrials } from "../../../src/bitmessage/protocol/pow-target.js";
import { DAY, draft, Network, World } from "../../support/messaging/world.js";

let network: Network;
let alice: World;
let bob: World;
let from: Address;
/** Of each search that alice makes: the mean of trials that its target asks for, and what it took. */
let searches: { readonly expected: number; readonly taken: number }[];

beforeEach(() => {
  network = new Network();
  const minimum = { trialsPerByte: 1n, extraBytes: 100n };
  alice = new World(network, "alice", { minimum });
  bob = new World(network, "bob", { minimum });
  from = alice.secretIdentity("alice");
  searches = [];
  const solve = alice.solver.solve.bind(alice.solver);
  alice.solver.solve = async (request: WorkRequest) => {
    let expected = 0;
    const prepare = () => {
      const work = request.prepare();
      expected = Number(expectedTrials(work.target));
      return work;
    };
    const solution = await solve({ ...request, prepare });
    searches.push({ expected, taken: solution.trials });
    return solution;
  };
});

afterEach(() => network.stop());

const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);

test.each([
  ["a short text", 20, 4 * DAY],
  ["a long one", 5000, 4 * DAY],
  ["one that lives long", 500, 28 * DAY],
  ["one that lives an hour", 500, 3600],
])("%s: size and trials, the acknowledgement's included", async (_name, octets, ttl) => {
  const to = bob.identity();
  await network.settle();
  const message = draft(from, to, "x".repeat(octets), { ttl });
  const estimate = alice.messaging.outbox.estimate(message);
  searches.length = 0;
  const id = alice.messaging.outbox.enqueue(message).id;
  await network.settle();
  expect(alice.state(id)).toBe("acknowledged");
  const { inventoryHash } = alice.entry(id);
  const sizes = network.objects.map(({ length }) => length);
  expect(inventoryHash).not.toBeNull();
  expect(Math.abs(Math.max(...sizes) - estimate.objectLength)).toBeLessThanOrEqual(16);
  // The life of each differs from what was asked for by up to five minutes.
  const expected = sum(searches.map((search) => search.expected));
  expect(Math.abs(expected / estimate.trials - 1)).toBeLessThan(0.1);
});

test("the trials that searches take have the mean that was told", async () => {
  const to = bob.identity();
  await network.settle();
  const message = draft(from, to, "x");
  const told = alice.messaging.outbox.estimate(message).trials;
  searches.length = 0;
  const count = 60;
  for (let sent = 0; sent < count; sent++) alice.messaging.outbox.enqueue(draft(from, to, `${sent}`));
  await network.settle();
  const mean = sum(searches.map(({ taken }) => taken)) / count;
  // Four standard deviations of the mean of 60, or nearly.
  expect(Math.abs(mean / told - 1)).toBeLessThan(0.4);
}, 120_000);
