/** Runs the targets over inputs made from a seed. An input is found again by its number: `only` runs its batch up to it. */
import { checkDecoder } from "./decoder-target.js";
import { cut, makeInput, readCorpus } from "./inputs.js";
import { createRandom } from "./random.js";
import { SessionTarget, STATES, type State, type TlsMaterial } from "./session-target.js";

/** Inputs that meet the same mail, which those before them have changed. */
const BATCH = 200;

export interface FuzzOptions {
  readonly seed: number;
  /** The number of the first input. */
  readonly from?: number;
  readonly inputs: number;
  readonly corpus: string;
  readonly tls: TlsMaterial | null;
  /** Called after each batch with the number of inputs done. */
  readonly progress?: (done: number) => void;
}

export interface FuzzFailure {
  readonly input: number;
  readonly state: State;
  readonly pieces: readonly string[];
  readonly error: string;
}

export interface FuzzReport {
  readonly inputs: number;
  readonly octets: number;
  /** The longest that one input took, in milliseconds. */
  readonly slowest: number;
  readonly failures: readonly FuzzFailure[];
}

export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const corpus = readCorpus(options.corpus);
  const states = Object.keys(STATES) as State[];
  const failures: FuzzFailure[] = [];
  let [octets, slowest] = [0, 0];
  let target = new SessionTarget(options.tls);
  const first = Math.floor((options.from ?? 0) / BATCH) * BATCH;
  const end = (options.from ?? 0) + options.inputs;
  for (let input = first; input < end && failures.length < 20; input++) {
    if (input % BATCH === 0) {
      target = new SessionTarget(options.tls);
      await target.fill();
      options.progress?.(input - first);
    }
    const random = createRandom((options.seed ^ Math.imul(input, 0x9e3779b1)) >>> 0);
    const state = random.pick(states);
    const encrypted = options.tls !== null && random.once(100);
    const pieces = cut(random, makeInput(random, corpus));
    octets += pieces.reduce((sum, piece) => sum + piece.length, 0);
    const began = performance.now();
    try {
      checkDecoder(pieces);
      if (encrypted) await target.runAfterStartTls(state, pieces, random.once(3) ? "clear" : "encrypted");
      else await target.run(state, pieces);
    } catch (error) {
      failures.push({ input, state, pieces, error: (error as Error).message });
      target = new SessionTarget(options.tls);
      await target.fill();
    }
    slowest = Math.max(slowest, performance.now() - began);
  }
  return { inputs: end - first, octets, slowest: Math.round(slowest), failures };
}
