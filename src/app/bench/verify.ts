import { randomBytes } from "node:crypto";
import { availableEngines, createEngine } from "../../bitmessage/pow/create-engine.js";
import type { Engine } from "../../bitmessage/pow/engine.js";
import { concatBytes } from "../../bitmessage/protocol/bytes.js";
import { encodeObjectHeader, ObjectType, withNonce } from "../../bitmessage/protocol/object.js";
import { checkObject, type ObjectCheckContext } from "../../bitmessage/protocol/object-check.js";
import { initialHash, powTarget } from "../../bitmessage/protocol/pow-target.js";
import { perSecond, takeTurns } from "./turns.js";

/** Objects of a size that one core checks in a second. */
export interface VerifyBench {
  /** The whole object. */
  readonly bytes: number;
  readonly objects_per_cpu_second: number;
}

const SIZES = [200, 1000, 10_000, 262_144] as const;
const TTL = 300;
/** The time of a check does not depend on how much work is asked for; so little is done in a moment. */
const DIFFICULTY = { trialsPerByte: 1n, extraBytes: 1n };

/**
 * Measures all checks of an object before it is stored: its header, its work, its inventory hash (PROTOCOL.md section 17.1).
 * @param options.seconds about how long it takes in all
 */
export async function benchVerify(options: { seconds: number }): Promise<{ sizes: VerifyBench[] }> {
  const now = Math.floor(Date.now() / 1000);
  const context = { now, streams: [1], minimum: DIFFICULTY, has: () => false };
  const engine = createEngine(availableEngines("wasm", [])[0]!);
  const tasks = SIZES.map((bytes) => {
    const object = makeObject(engine, bytes, now + TTL);
    return { step: 1, run: (count: number) => verify(object, context, count) };
  });
  const totals = await takeTurns(tasks, options.seconds);
  const sizes = SIZES.map((bytes, index) => {
    const { operations, cpuSeconds } = totals[index]!;
    return { bytes, objects_per_cpu_second: perSecond(operations, cpuSeconds) };
  });
  return { sizes };
}

function verify(object: Uint8Array, context: ObjectCheckContext, count: number): void {
  for (let done = 0; done < count; done++) {
    const { verdict } = checkObject(object, context);
    if (verdict !== "accept") throw new Error(`the object came to ${verdict}`);
  }
}

function makeObject(engine: Engine, length: number, expires: number): Uint8Array {
  const header = encodeObjectHeader({ expires, type: ObjectType.msg, version: 1, stream: 1 });
  const body = concatBytes(header, randomBytes(length - 8 - header.length));
  engine.load({
    initialHash: initialHash(body),
    target: powTarget({ length, ttl: TTL, difficulty: DIFFICULTY }),
  });
  const step = 4096;
  for (let start = 0n; ; start += BigInt(step)) {
    const offset = engine.search(start, step);
    if (offset >= 0) return withNonce(start + BigInt(offset), body);
  }
}
