import type { InventoryHash } from "../../../src/bitmessage/protocol/inventory-hash.js";
import { type RandomBytes, randomBelow } from "../../../src/bitmessage/protocol/random.js";
import type { SimulatedNetwork } from "./network.js";

/** Seconds of the network from publishing until so many of a hundred nodes had an object, for each object. */
export function spreadTimes(
  network: SimulatedNetwork,
  hashes: readonly InventoryHash[],
  percent: number,
  scale: number,
): number[] {
  return hashes.map((hash) => {
    const times = [...network.arrivals.get(hash)!.values()].sort((a, b) => a - b);
    const place = Math.ceil((percent / 100) * network.nodes.length) - 1;
    return (times[place]! - times[0]!) / 1000 / scale;
  });
}

/** How often each object went on by dinv. */
export function stemLengths(network: SimulatedNetwork, hashes: readonly InventoryHash[]): number[] {
  const lengths = new Map(hashes.map((hash) => [hash, 0]));
  for (const { hash, command } of network.sightings) {
    const length = lengths.get(hash);
    if (command === "dinv" && length !== undefined) lengths.set(hash, length + 1);
  }
  return [...lengths.values()];
}

/**
 * The same as PROTOCOL.md section 8.2 has it, with at least so many seconds before a deadline, by lot: a walk over so many nodes, each step after up to ten seconds, that ends by lot,
 * by the deadline of any node on it, or where it meets itself.
 */
export function designedStemLength(
  { nodes, percent, least }: { nodes: number; percent: number; least: number },
  random: RandomBytes,
): number {
  const fraction = () => randomBelow(2 ** 32, random) / 2 ** 32;
  const lifetime = () => least - 30 * Math.log(1 - fraction());
  const visited = new Set([0]);
  let [length, time, here] = [0, 0, 0];
  for (let deadline = lifetime(); ; ) {
    time += 10 * fraction();
    if (time >= deadline || 1 + randomBelow(100, random) >= percent) return length;
    length += 1;
    const next = randomBelow(nodes - 1, random);
    here = next >= here ? next + 1 : next;
    if (visited.has(here)) return length;
    visited.add(here);
    deadline = Math.min(deadline, time + lifetime());
  }
}

export interface SpyFigures {
  /** The share of objects whose origin is guessed right. */
  readonly recall: number;
  /** The mean over honest nodes of the share of right ones among the objects that are held to be theirs. */
  readonly precision: number;
}

/** Spies hold each object to be of the honest node from which one of them first heard of it. */
export function firstSight(
  network: SimulatedNetwork,
  hashes: readonly InventoryHash[],
  spies: ReadonlySet<number>,
): SpyFigures {
  const guesses = new Map<InventoryHash, { time: number; node: number }>();
  for (const { hash, time, from, to } of network.sightings) {
    if (!spies.has(to) || spies.has(from)) continue;
    const guess = guesses.get(hash);
    if (guess === undefined || time < guess.time) guesses.set(hash, { time, node: from });
  }
  const held = new Map<number, { all: number; right: number }>();
  let right = 0;
  for (const hash of hashes) {
    const node = guesses.get(hash)?.node;
    if (node === undefined) continue;
    const count = held.get(node) ?? { all: 0, right: 0 };
    const isRight = network.origins.get(hash) === node;
    held.set(node, { all: count.all + 1, right: count.right + (isRight ? 1 : 0) });
    if (isRight) right += 1;
  }
  const honest = network.nodes.length - spies.size;
  const shares = [...held.values()].map((count) => count.right / count.all);
  return {
    recall: right / hashes.length,
    precision: shares.reduce((sum, share) => sum + share, 0) / honest,
  };
}
