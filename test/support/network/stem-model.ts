import { type RandomBytes, randomBelow } from "../../../src/bitmessage/protocol/random.js";

export interface StemModel {
  readonly nodes: number;
  /** Connections that each opens; of two of them stems begin. */
  readonly outbound: number;
  /** Percent of stem steps that go on by dinv. */
  readonly percent: number;
  /** Seconds that a node keeps a stem object at least, and the mean of an exponential time beyond. */
  readonly least: number;
  readonly mean: number;
  /** The share of nodes that are spies, who do as they should and tell each other when they hear what from whom. */
  readonly spies: number;
  readonly objects: number;
}

export interface ModelledFigures {
  /** The share of objects whose origin is the honest node from which a spy first heard of them. */
  readonly recall: number;
  /** Seconds until somebody told everybody, or a spy was told: mean, and for nine of ten objects. */
  readonly stemSeconds: { readonly mean: number; readonly ninety: number };
}

/** Seconds: what a line takes, and an object that is asked for. */
const LINE = 0.1;
const FETCH = 0.3;
/** An announcement waits up to so many seconds. */
const ANNOUNCE = 10;
/** Objects published before spies, connections and stems are drawn anew. */
const ROUND = 100;

/** First sight by spies in a large network, by lot: the rules of PROTOCOL.md section 8.2 without sockets. */
export function modelFirstSight(model: StemModel, random: RandomBytes): ModelledFigures {
  const fraction = () => randomBelow(2 ** 32, random) / 2 ** 32;
  const times: number[] = [];
  let right = 0;
  for (let round = 0; round < model.objects / ROUND; round++) {
    const net = drawNetwork(model, random);
    for (let object = 0; object < ROUND; object++) {
      let origin = randomBelow(model.nodes, random);
      while (net.spies.has(origin)) origin = randomBelow(model.nodes, random);
      const stem = walk(model, net, origin, fraction, random);
      times.push(stem.time);
      const guess = stem.isSeen ? stem.node : firstInFlood(net, stem.node, fraction);
      if (guess === origin) right += 1;
    }
  }
  times.sort((a, b) => a - b);
  const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
  return {
    recall: right / times.length,
    stemSeconds: { mean, ninety: times[Math.floor(0.9 * times.length)]! },
  };
}

interface ModelNetwork {
  readonly neighbours: readonly (readonly number[])[];
  readonly spies: ReadonlySet<number>;
  /** Where a node sends what comes from another, or, -1, from itself. */
  child(node: number, source: number): number;
}

function drawNetwork({ nodes, outbound, spies: share }: StemModel, random: RandomBytes): ModelNetwork {
  const neighbours: number[][] = Array.from({ length: nodes }, () => []);
  const stems = neighbours.map((own, node) => {
    const others = new Set<number>();
    while (others.size < outbound) {
      const other = randomBelow(nodes, random);
      if (other !== node) others.add(other);
    }
    for (const other of others) {
      own.push(other);
      neighbours[other]!.push(node);
    }
    return [...others].slice(0, 2);
  });
  const spies = new Set<number>();
  while (spies.size < Math.round(share * nodes)) spies.add(randomBelow(nodes, random));
  const children = new Map<string, number>();
  return {
    neighbours,
    spies,
    child(node, source) {
      const key = `${node} ${source}`;
      const choices = stems[node]!.filter((stem) => stem !== source);
      const child = children.get(key) ?? choices[randomBelow(choices.length, random)]!;
      children.set(key, child);
      return child;
    },
  };
}

/** Until a spy is told on the stem (`isSeen`: of which node), or a node tells everybody. */
function walk(
  { percent, least, mean }: StemModel,
  { child, spies }: ModelNetwork,
  origin: number,
  fraction: () => number,
  random: RandomBytes,
): { node: number; time: number; isSeen: boolean } {
  const lifetime = () => least - mean * Math.log(1 - fraction());
  const visited = new Set([origin]);
  let deadline = { node: origin, time: lifetime() };
  for (let [here, source, now] = [origin, -1, 0]; ; ) {
    const told = now + ANNOUNCE * fraction();
    if (told >= deadline.time) return { ...deadline, isSeen: false };
    const next = child(here, source);
    if (spies.has(next)) return { node: here, time: told + LINE, isSeen: true };
    now = told + LINE + FETCH;
    const isTold = 1 + randomBelow(100, random) >= percent;
    if (isTold || visited.has(next)) return { node: next, time: now, isSeen: false };
    visited.add(next);
    const own = now + lifetime();
    if (own < deadline.time) deadline = { node: next, time: own };
    [source, here] = [here, next];
  }
}

/** The node from which a spy first hears when this one tells everybody, who tell everybody in turn. */
function firstInFlood({ neighbours, spies }: ModelNetwork, start: number, fraction: () => number): number {
  const done = new Set<number>();
  const waiting = [{ node: start, time: ANNOUNCE * fraction() }];
  for (;;) {
    waiting.sort((a, b) => b.time - a.time);
    const next = waiting.pop();
    if (next === undefined) return -1;
    const { node, time } = next;
    if (done.has(node)) continue;
    done.add(node);
    if (neighbours[node]!.some((neighbour) => spies.has(neighbour))) return node;
    for (const neighbour of neighbours[node]!) {
      waiting.push({ node: neighbour, time: time + LINE + FETCH + ANNOUNCE * fraction() });
    }
  }
}
