import type { Publisher } from "../../bitmessage/messaging/ports.js";
import { solveObject } from "../../bitmessage/messaging/solve-object.js";
import type { OnionAnnouncer } from "../../bitmessage/node/onion-publisher.js";
import type { Solver } from "../../bitmessage/pow/solver.js";
import { objectTag, parseObjectHeader, withNonce } from "../../bitmessage/protocol/object.js";
import type { Difficulty } from "../../bitmessage/protocol/pow-target.js";
import type { RandomBytes } from "../../bitmessage/protocol/random.js";
import type { Stores } from "../../store/stores.js";

/** Behind the messages, which somebody waits for. */
const PRIORITY = 100;

/** Work and a place in the inventory for the object that tells of our onion service. */
export function createOnionAnnouncer(options: {
  readonly stores: Pick<Stores, "objectQueue">;
  readonly solver: Solver;
  readonly publisher: Publisher;
  readonly difficulty: Difficulty;
  readonly random: RandomBytes;
  /** Unix seconds */
  readonly clock: () => number;
}): OnionAnnouncer {
  const { stores, solver, publisher, difficulty, random, clock } = options;
  return {
    isPublished(objectWithoutNonce) {
      const object = withNonce(0n, objectWithoutNonce);
      const header = parseObjectHeader(object);
      const tag = objectTag(object, header);
      if (tag === null) return false;
      return stores.objectQueue.findByTag(header.type, tag, Math.floor(clock())).length > 0;
    },
    async publish(build, ttl, signal) {
      const order = { build, ttl, difficulty, priority: PRIORITY, signal };
      const { object } = await solveObject(order, { solver, clock, random });
      publisher.publish(object);
    },
  };
}
