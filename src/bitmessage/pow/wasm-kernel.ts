import { INITIAL_STATE, ROUND_CONSTANTS } from "./sha512-constants.js";
import { assembleModule, type Code, flow, i32, i64, local, ValueType } from "./wasm-assembler.js";
import type { WordInstructions } from "./wasm-words.js";

/** What is the same for all trials of a work order. */
export interface KernelJob {
  /** The initial hash as 8 big-endian words. */
  readonly initialHash: readonly bigint[];
  readonly target: bigint;
}

export interface Kernel {
  /** Exports memory and search(start: i64, count: i32): i32, the offset of the first hit or -1. */
  readonly module: Uint8Array;
  /** Trials in one round of the loop: more than were asked for may be tried. */
  readonly lanes: number;
  /** Writes what a search for the job reads into the exported memory. */
  load(memory: DataView, job: KernelJob): void;
}

/** Words in memory are as far apart as vectors are long, whatever computes with them: one address counts for all. */
const STRIDE = 16;
/** Rounds of a block, and message words. */
const ROUNDS = 80;
const BOTH_BLOCKS = 2 * ROUNDS * STRIDE;
/** Rounds that are written out: the state is back in its place after 8. */
const WRITTEN_OUT = 8;

/** Memory: the round constants of both blocks, other constants, then the message of both blocks for each stream. */
const CONSTANTS_AT = BOTH_BLOCKS;
const BIASED_STATE_AT = CONSTANTS_AT + 8 * STRIDE;
const BIASED_TARGET_AT = BIASED_STATE_AT + STRIDE;
const STEP_AT = BIASED_TARGET_AT + STRIDE;
const MESSAGES_AT = STEP_AT + STRIDE;
/** Where pinned values are stored: see Stream. */
const PINS_AT = 32_768;

const START = 0;
const COUNT = 1;
const DONE = 2;
/** The address of the round's constant, and of its message word relative to the stream's. */
const ROUND = 3;
const LAST_ROUND = 4;
const FIRST_OF_STREAMS = 5;

const SIGN = 1n << 63n;
const zero = i32.constant(0);

/**
 * Builds the search loop for DSHA(nonce || initialHash), PROTOCOL.md 10.2: two SHA-512 of one block each (FIPS 180-4, 6.4.2).
 * Both blocks share two loops, of 8 rounds that take their message word from memory and of 8 that compute it first. What
 * could be known before the search is computed again for that: code that outgrows the processor's cache of decoded
 * instructions costs a third of the speed, and to know all in advance saves a fifteenth of the work.
 * Several streams alternate round by round, so that one keeps busy what the other leaves idle.
 */
export function buildKernel(...kinds: readonly WordInstructions[]): Kernel {
  const lanes = kinds.reduce((sum, words) => sum + words.lanes, 0);
  const streams = kinds.map((words, index) => {
    const firstLane = kinds.slice(0, index).reduce((sum, before) => sum + before.lanes, 0);
    return new Stream(words, index, firstLane, kinds.length > 1 ? PINS_AT + STRIDE * index : null);
  });
  const all = (code: (stream: Stream) => Code) => streams.flatMap(code);
  const body = [
    ...all((stream) => stream.firstNonces()),
    ...flow.loop([
      ...flow.whenElse(
        local.get(ROUND),
        all((stream) => stream.secondMessage()),
        all((stream) => stream.firstMessage()),
      ),
      ...all((stream) => stream.initialState()),
      ...rounds(16, alternate(streams.map((stream) => stream.plainRounds()))),
      ...rounds(ROUNDS - 16, alternate(streams.map((stream) => stream.scheduledRounds()))),
      ...flow.branchIf(i32.lessThanUnsigned(local.get(ROUND), i32.constant(BOTH_BLOCKS)), 0),
      ...all((stream) => stream.finish()),
      ...local.set(ROUND, zero),
      ...local.set(DONE, i32.add(local.get(DONE), i32.constant(lanes))),
      ...flow.branchIf(i32.lessThanUnsigned(local.get(DONE), local.get(COUNT)), 0),
    ]),
    ...i32.constant(-1),
  ];
  const module = assembleModule({
    parameters: [ValueType.i64, ValueType.i32],
    result: ValueType.i32,
    locals: [
      ...[ValueType.i32, ValueType.i32, ValueType.i32],
      ...streams.flatMap((stream) => stream.localTypes()),
    ],
    body,
  });
  return { module, lanes, load: (memory, job) => loadMemory(memory, job, lanes, kinds.length) };
}

/** So many rounds, by a loop of those that are written out. */
function rounds(count: number, body: Code): Code {
  const advance = (by: number) => i32.add(local.get(ROUND), i32.constant(by * STRIDE));
  return [
    ...local.set(LAST_ROUND, advance(count)),
    ...flow.loop([
      ...body,
      ...local.set(ROUND, advance(WRITTEN_OUT)),
      ...flow.branchIf(i32.lessThanUnsigned(local.get(ROUND), local.get(LAST_ROUND)), 0),
    ]),
  ];
}

/** Puts the pieces of several streams in turns. */
function alternate(streams: readonly (readonly Code[])[]): Code {
  return streams[0]!.flatMap((_, piece) => streams.flatMap((pieces) => pieces[piece]!));
}

function loadMemory(memory: DataView, job: KernelJob, lanes: number, streams: number): void {
  const write = (at: number, value: bigint) => {
    for (const lane of [0, 8]) memory.setBigUint64(at + lane, BigInt.asUintN(64, value), true);
  };
  const writeAll = (at: number, values: readonly bigint[]) => {
    for (const [index, value] of values.entries()) write(at + STRIDE * index, value);
  };
  writeAll(0, [...ROUND_CONSTANTS, ...ROUND_CONSTANTS]);
  writeAll(CONSTANTS_AT, INITIAL_STATE);
  // WebAssembly compares vectors as signed numbers only, so both sides are moved by 2^63.
  write(BIASED_STATE_AT, INITIAL_STATE[0]! ^ SIGN);
  write(BIASED_TARGET_AT, job.target ^ SIGN);
  write(STEP_AT, BigInt(lanes));
  for (let stream = 0; stream < streams; stream++) {
    const messageAt = MESSAGES_AT + stream * BOTH_BLOCKS;
    writeAll(messageAt + STRIDE, [...job.initialHash, SIGN, 0n, 0n, 0n, 0n, 0n, 72n * 8n]);
    writeAll(messageAt + (ROUNDS + 8) * STRIDE, [SIGN, 0n, 0n, 0n, 0n, 0n, 0n, 64n * 8n]);
  }
}

/**
 * Trials that are computed side by side with the same instructions. With a place to pin at, each round stores what it has
 * computed there, though nobody reads it: V8 may order what has no effect by its later use, and would tear the rounds of
 * two streams apart and spill what lies between.
 */
class Stream {
  readonly #words: WordInstructions;
  readonly #pinAt: number | null;
  /** The offset of its first lane in a round of the loop. */
  readonly #firstLane: number;
  readonly #messageAt: number;
  /** Indices of locals; of the state, and of the message words that the rounds written out have made, the first of 8. */
  readonly #nonce: number;
  readonly #temporary: number;
  readonly #state: number;
  readonly #message: number;
  readonly #mask: number;

  constructor(words: WordInstructions, index: number, firstLane: number, pinAt: number | null) {
    this.#words = words;
    this.#pinAt = pinAt;
    this.#firstLane = firstLane;
    this.#messageAt = MESSAGES_AT + index * BOTH_BLOCKS;
    this.#nonce = FIRST_OF_STREAMS + index * this.localTypes().length;
    this.#temporary = this.#nonce + 1;
    this.#state = this.#nonce + 2;
    this.#message = this.#nonce + 10;
    this.#mask = this.#nonce + 18;
  }

  localTypes(): ValueType[] {
    return [...Array<ValueType>(18).fill(this.#words.type), this.#words.maskType];
  }

  firstNonces(): Code {
    const start =
      this.#firstLane === 0 ? local.get(START) : i64.add(local.get(START), i64.constant(this.#firstLane));
    return local.set(this.#nonce, this.#words.count(start));
  }

  /** The rest of the first block is the same for all trials. */
  firstMessage(): Code {
    return this.#words.store(zero, this.#messageAt, local.get(this.#nonce));
  }

  /** The first hash: the state that the first block has left plus the initial state. */
  secondMessage(): Code {
    return eight((index) => {
      const word = this.#words.add(local.get(this.#state + index), this.#constant(index));
      return this.#words.store(zero, this.#messageAt + (ROUNDS + index) * STRIDE, word);
    });
  }

  initialState(): Code {
    return eight((index) => local.set(this.#state + index, this.#constant(index)));
  }

  /** Rounds whose message words are in memory, a piece each. */
  plainRounds(): Code[] {
    return Array.from({ length: WRITTEN_OUT }, (_, round) => this.#round(round, this.#fromMemory(round)));
  }

  /** Rounds that compute their message word and put it in memory, a piece each. */
  scheduledRounds(): Code[] {
    return Array.from({ length: WRITTEN_OUT }, (_, round) => {
      const made = this.#message + round;
      const store = this.#words.store(local.get(ROUND), this.#messageAt + STRIDE * round, local.get(made));
      return [...this.#schedule(round), ...store, ...this.#round(round, local.get(made))];
    });
  }

  finish(): Code {
    const { load, add, lessOrEqual, anySet, firstSet } = this.#words;
    const value = add(local.get(this.#state), load(zero, BIASED_STATE_AT));
    const mask = local.get(this.#mask);
    const hit = i32.add(i32.add(local.get(DONE), i32.constant(this.#firstLane)), firstSet(mask));
    return [
      ...local.set(this.#mask, lessOrEqual(value, load(zero, BIASED_TARGET_AT))),
      ...flow.when(anySet(mask), flow.return(hit)),
      ...local.set(this.#nonce, add(local.get(this.#nonce), load(zero, STEP_AT))),
    ];
  }

  #constant(index: number): Code {
    return this.#words.load(zero, CONSTANTS_AT + STRIDE * index);
  }

  /** A message word relative to the first of the rounds written out. */
  #fromMemory(index: number): Code {
    return this.#words.load(local.get(ROUND), this.#messageAt + STRIDE * index);
  }

  #schedule(round: number): Code {
    const { add, rotationsAndShift } = this.#words;
    const before = (distance: number) =>
      round < distance ? this.#fromMemory(round - distance) : local.get(this.#message + round - distance);
    const made = this.#message + round;
    // A word that is used more than once must be in a local.
    const sigma = (distance: number, bits: Bits) =>
      round < distance
        ? rotationsAndShift(local.get(this.#temporary), bits)
        : rotationsAndShift(before(distance), bits);
    return [
      ...local.set(this.#temporary, before(15)),
      ...local.set(made, add(add(before(16), sigma(15, SMALL_SIGMA_0)), before(7))),
      ...(round < 2 ? local.set(this.#temporary, before(2)) : []),
      ...local.set(made, add(local.get(made), sigma(2, SMALL_SIGMA_1))),
    ];
  }

  /** The letters move by one each round instead of the values. */
  #round(round: number, word: Code): Code {
    const { load, store, add, rotations } = this.#words;
    const at = (letter: number) => this.#state + ((letter - round) & 7);
    const [a, b, c, d, e, f, g, h] = Array.from({ length: 8 }, (_, letter) =>
      local.get(at(letter)),
    ) as Letters;
    const input = add(word, load(local.get(ROUND), STRIDE * round));
    const first = local.get(this.#temporary);
    // What the round before does not hold up comes first, the sigma, which it does, last.
    return [
      ...local.set(
        this.#temporary,
        add(add(add(h, input), this.#choose(e, f, g)), rotations(e, BIG_SIGMA_1)),
      ),
      ...local.set(at(3), add(d, first)),
      ...local.set(at(7), add(add(first, this.#majority(a, b, c)), rotations(a, BIG_SIGMA_0))),
      ...(this.#pinAt === null ? [] : store(zero, this.#pinAt, local.get(at(7)))),
    ];
  }

  #choose(e: Code, f: Code, g: Code): Code {
    const { xor, and } = this.#words;
    return xor(and(xor(f, g), e), g);
  }

  /** b ^ c is written out again although the round before has it as a ^ b: V8 finds that, and keeps one value less alive. */
  #majority(a: Code, b: Code, c: Code): Code {
    const { xor, and } = this.#words;
    return xor(and(xor(a, b), xor(b, c)), b);
  }
}

type Letters = [Code, Code, Code, Code, Code, Code, Code, Code];
type Bits = readonly [number, number, number];

const BIG_SIGMA_0: Bits = [28, 34, 39];
const BIG_SIGMA_1: Bits = [14, 18, 41];
const SMALL_SIGMA_0: Bits = [1, 8, 7];
const SMALL_SIGMA_1: Bits = [19, 61, 6];

function eight(code: (index: number) => Code): Code {
  return Array.from({ length: 8 }, (_, index) => code(index)).flat();
}
