import type { Solver, WorkProgress } from "../pow/solver.js";
import { withNonce } from "../protocol/object.js";
import { type Difficulty, initialHash, powTarget } from "../protocol/pow-target.js";
import { type RandomBytes, randomBelow } from "../protocol/random.js";
import type { Clock } from "./ports.js";

/** Seconds by which life times vary, so that they do not tell two senders apart (PROTOCOL.md section 16.2). */
const JITTER = 300;
/** Seconds by which the clocks of receivers may be behind: the work is made for a life that much longer. */
const CLOCK_DIFFERENCE = 60;

/** Of an object's life: what must be left of it when its work is done, so that it reaches others. */
const LEAST_SHARE = 0.1;

/** The work was for a life that is over, or nearly, or that a clock has told which has been set back since: the network would refuse it. */
export class OutdatedWork extends Error {
  override readonly name = "OutdatedWork";
}

/** Which work comes first: what others wait for, then the small. */
export const Priority = { acknowledgement: 0, pubkey: 1, message: 2, largeMessage: 3 } as const;

/** Messages above this, in bytes, let the others go first. */
const LARGE = 16_384;

export function messagePriority(contentLength: number): number {
  return contentLength > LARGE ? Priority.largeMessage : Priority.message;
}

export interface WorkContext {
  readonly solver: Solver;
  readonly clock: Clock;
  readonly random: RandomBytes;
}

export interface ObjectOrder {
  /** Called when the search starts: the object without its nonce, for that expiry in Unix seconds. */
  build(expires: number): Uint8Array;
  /** Seconds; varied by up to 300. */
  readonly ttl: number;
  /** At least the network's minimum. */
  readonly difficulty: Difficulty;
  readonly priority: number;
  readonly signal: AbortSignal;
  onProgress?(progress: WorkProgress): void;
}

export interface SolvedObject {
  /** Complete, with its nonce. */
  readonly object: Uint8Array;
  /** Unix seconds. */
  readonly expires: number;
  /** Seconds that it was made to live, as varied. */
  readonly ttl: number;
}

/** Builds an object when its turn comes and does its proof of work. Rejects with an AbortError, OutdatedWork, or what `build` threw. */
export async function solveObject(
  order: ObjectOrder,
  { solver, clock, random }: WorkContext,
): Promise<SolvedObject> {
  const ttl = Math.floor(order.ttl) - JITTER + randomBelow(2 * JITTER + 1, random);
  let bytes = new Uint8Array(0);
  let expires = 0;
  const checkTime = () => {
    const left = expires - clock();
    if (left < LEAST_SHARE * ttl || left > ttl + CLOCK_DIFFERENCE) throw new OutdatedWork();
  };
  const solution = await solver.solve({
    prepare() {
      expires = Math.floor(clock()) + ttl;
      bytes = new Uint8Array(order.build(expires));
      const length = bytes.length + 8;
      const target = powTarget({ length, ttl: ttl + CLOCK_DIFFERENCE, difficulty: order.difficulty });
      return { initialHash: initialHash(bytes), target };
    },
    signal: order.signal,
    priority: order.priority,
    onProgress(progress) {
      checkTime();
      order.onProgress?.(progress);
    },
  });
  checkTime();
  return { object: withNonce(solution.nonce, bytes), expires, ttl };
}
