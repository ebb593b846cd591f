import { afterEach, describe, expect, test } from "@jest/globals";
import { DEFAULT_TIMINGS } from "../../../src/bitmessage/node/timings.js";
import { designedStemLength, firstSight, spreadTimes, stemLengths } from "../../support/network/figures.js";
import { type NetworkOptions, SimulatedNetwork } from "../../support/network/network.js";
import { modelFirstSight } from "../../support/network/stem-model.js";
import { seededRandom } from "../../support/seeded-random.js";

const SCALE = 0.01;
let network: SimulatedNetwork | null = null;

afterEach(async () => {
  await network?.stop();
  network = null;
});

async function start(options: Partial<NetworkOptions> = {}): Promise<SimulatedNetwork> {
  const random = seededRandom("network");
  const latency = [0.02, 0.2] as const;
  const plan = { count: 9, outbound: 3, latency, scale: SCALE, dandelion: 90, random };
  network = await SimulatedNetwork.start({ ...plan, ...options });
  return network;
}

describe("a network of nine nodes", () => {
  test("hands every object to every node, first along a stem", async () => {
    const nine = await start();
    const hashes = nine.nodes.flatMap(({ index }) => [nine.publish(index), nine.publish(index)]);
    await nine.untilEverywhere(hashes);
    expect(spreadTimes(nine, hashes, 100, SCALE).every((seconds) => seconds < 600)).toBe(true);
    const lengths = stemLengths(nine, hashes);
    expect(lengths.filter((length) => length > 0).length).toBeGreaterThan(hashes.length / 2);
    for (const hash of hashes) {
      const first = nine.sightings.find((sighting) => sighting.hash === hash)!;
      const others = nine.sightings.filter((sighting) => sighting.hash === hash && sighting !== first);
      expect(first.from).toBe(nine.origins.get(hash));
      // Until its stem has heard of it, nobody else has.
      expect(others.every(({ time }) => time >= first.time)).toBe(true);
    }
    expect(firstSight(nine, hashes, new Set([0])).recall).toBeLessThan(1);
  });

  test("loses nothing when a third of it is killed and comes back", async () => {
    const nine = await start();
    const before = nine.nodes.map(({ index }) => nine.publish(index));
    const victims = [1, 4, 7];
    await Promise.all(victims.map((index) => nine.kill(index)));
    const meanwhile = [0, 2, 3].map((index) => nine.publish(index));
    await nine.untilEverywhere(meanwhile);
    for (const index of victims) await nine.restart(index);
    const after = victims.map((index) => nine.publish(index));
    await nine.untilEverywhere([...before, ...meanwhile, ...after]);
  });

  test("without Dandelion there are no stems", async () => {
    const nine = await start({ dandelion: 0 });
    const hashes = nine.nodes.map(({ index }) => nine.publish(index));
    await nine.untilEverywhere(hashes);
    expect(stemLengths(nine, hashes).every((length) => length === 0)).toBe(true);
  });
});

test.each([
  [10, 2.7, 3.3],
  [90, 6.5, 7.8],
])(
  "with deadlines of %d seconds at least stems have %d to %d steps, where lots alone would allow eight",
  (least, fewest, most) => {
    const random = seededRandom("design");
    const lengths = Array.from({ length: 5000 }, () =>
      designedStemLength({ nodes: 10_000, percent: 90, least }, random),
    );
    const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
    expect(mean).toBeGreaterThan(fewest);
    expect(mean).toBeLessThan(most);
  },
);

test("spies who are a tenth of a large network learn hardly more of origins by first sight than nobody can keep from them", () => {
  const { stemLeast: least, stemMean: mean } = DEFAULT_TIMINGS;
  const model = { nodes: 1000, outbound: 8, percent: 90, mean, spies: 0.1, objects: 4000 };
  const ours = modelFirstSight({ ...model, least }, seededRandom("first sight"));
  // Dandelion (Venkatakrishnan, Fanti, Viswanath 2017): no protocol has less than the share of the spies.
  expect(ours.recall).toBeLessThan(0.13);
  expect(ours.stemSeconds.mean).toBeLessThan(35);
  const early = modelFirstSight({ ...model, least: 10 }, seededRandom("first sight"));
  expect(early.recall).toBeGreaterThan(0.2);
});
