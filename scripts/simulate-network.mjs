// Runs real nodes with a topology and latencies on 127.0.0.0/8 and prints how objects spread, what churn costs, how long Dandelion's
// stems are, and how often spies guess where an object comes from. Needs a build (npm run build).
// node scripts/simulate-network.mjs [--nodes 50] [--outbound 4] [--scale 0.05] [--rounds 6] [--dandelion 90] [--stem-least 90] [--seed NAME]
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    nodes: { type: "string", default: "50" },
    outbound: { type: "string", default: "4" },
    scale: { type: "string", default: "0.05" },
    rounds: { type: "string", default: "6" },
    dandelion: { type: "string", default: "90" },
    "stem-least": { type: "string" },
    seed: { type: "string", default: "simulation" },
  },
});
const built = (path) =>
  import(pathToFileURL(join(resolve(process.env.DIST ?? "dist"), "test/support", path)).href);
const { SimulatedNetwork } = await built("network/network.js");
const { designedStemLength, firstSight, spreadTimes, stemLengths } = await built("network/figures.js");
const { modelFirstSight } = await built("network/stem-model.js");
const { seededRandom } = await built("seeded-random.js");

const [count, rounds, scale] = [Number(values.nodes), Number(values.rounds), Number(values.scale)];
const { DEFAULT_TIMINGS } = await import(
  pathToFileURL(join(resolve(process.env.DIST ?? "dist"), "src/bitmessage/node/timings.js")).href
);
const stemLeast = Number(values["stem-least"] ?? DEFAULT_TIMINGS.stemLeast);
const random = seededRandom(values.seed);
const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length;
const say = (text) => process.stdout.write(`${text}\n`);

function quantiles(list) {
  const sorted = [...list].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))].toFixed(1);
  return `mean ${mean(list).toFixed(1)}, median ${at(0.5)}, 90 % ${at(0.9)}, greatest ${at(1)}`;
}

function distribution(lengths) {
  const shares = Array.from(
    { length: 11 },
    (_, length) => lengths.filter((value) => (length === 10 ? value >= 10 : value === length)).length,
  );
  const cells = shares.map((share, length) => `${length}: ${((100 * share) / lengths.length).toFixed(0)} %`);
  return `mean ${mean(lengths).toFixed(2)}; ${cells.join(", ")} (10 or more)`;
}

const network = await SimulatedNetwork.start({
  count,
  outbound: Number(values.outbound),
  latency: [0.02, 0.2],
  scale,
  dandelion: Number(values.dandelion),
  random,
  // Each round has stems of its own.
  timings: {
    stemReshuffle: 120,
    stemLeast,
  },
});
const sleep = (seconds) => new Promise((done) => setTimeout(done, seconds * scale * 1000));
say(`${count} nodes, ${values.outbound} outbound each, 20 to 200 ms a link, dandelion ${values.dandelion}`);
say(`times in seconds of the network, each ${scale} s`);

const all = [];
const figures = [];
for (let round = 0; round < rounds; round++) {
  await sleep(120);
  const hashes = network.nodes.map(({ index }) => network.publish(index));
  await network.untilEverywhere(hashes);
  // Other spies in each round.
  const spies = new Set(
    Array.from({ length: Math.round(count / 10) }, (_, spy) => (round * 7 + spy * 11) % count),
  );
  const honest = hashes.filter((hash) => !spies.has(network.origins.get(hash)));
  figures.push(firstSight(network, honest, spies));
  all.push(...hashes);
}
for (const percent of [50, 90, 100]) {
  say(`time to ${percent} % of nodes: ${quantiles(spreadTimes(network, all, percent, scale))}`);
}
if (values.dandelion !== "0") {
  say(`stem steps, measured: ${distribution(stemLengths(network, all))}`);
  const designed = Array.from({ length: 20_000 }, () =>
    designedStemLength({ nodes: count, percent: Number(values.dandelion), least: stemLeast }, random),
  );
  say(`stem steps, designed: ${distribution(designed)}`);
}
const share = 0.1;
const bound = ((2 * share ** 2) / (1 - share)) * Math.log(2 / share);
say(`spies with 10 % of the nodes, by first sight, ${rounds} rounds of ${count - count / 10} objects:`);
say(`  recall ${mean(figures.map(({ recall }) => recall)).toFixed(3)} (no protocol has less than ${share})`);
say(
  `  precision ${mean(figures.map(({ precision }) => precision)).toFixed(3)} (no protocol has less than ${(share ** 2).toFixed(3)}; ` +
    `Dandelion on a line, Venkatakrishnan and others 2017: ${bound.toFixed(3)})`,
);

const model = {
  nodes: 1000,
  outbound: 8,
  percent: Number(values.dandelion),
  least: stemLeast,
  mean: 30,
  spies: share,
};
if (values.dandelion !== "0") {
  const { recall, stemSeconds } = modelFirstSight({ ...model, objects: 20_000 }, random);
  say(
    `the same by lot in a network of ${model.nodes} nodes with ${model.outbound} outbound each: recall ${recall.toFixed(3)}, ` +
      `stems of ${stemSeconds.mean.toFixed(0)} s on average, nine of ten within ${stemSeconds.ninety.toFixed(0)} s`,
  );
}

const before = network.nodes.map(({ index }) => network.publish(index));
const victims = network.nodes.filter(({ index }) => index % 3 === 1).map(({ index }) => index);
await Promise.all(victims.map((index) => network.kill(index)));
const living = network.nodes.filter(({ node }) => node !== null);
const meanwhile = living.map(({ index }) => network.publish(index));
await sleep(60);
const started = performance.now();
for (const index of victims) await network.restart(index);
const everything = [...all, ...before, ...meanwhile];
await network.untilEverywhere(everything);
const seconds = ((performance.now() - started) / 1000 / scale).toFixed(1);
say(
  `churn: ${victims.length} nodes killed right after ${count} objects were published and restarted after 60 s: all ` +
    `${everything.length} objects everywhere ${seconds} s after the restart`,
);
const missing = network.nodes.reduce(
  (sum, { inventory }) => sum + everything.filter((hash) => !inventory.has(hash)).length,
  0,
);
say(`objects lost: ${missing}`);
await network.stop();
process.exitCode = missing === 0 ? 0 : 1;
