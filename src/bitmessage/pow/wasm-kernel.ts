import { INITIAL_STATE, ROUND_CONSTANTS } from "./sha512-constants.js";
import { assembleModule, type Code, flow, i32, i64, local, ValueType } from "./wasm-assembler.js";
import type { WordInstructions } from "./wasm-words.js";

/** What a number that is the same for all trials of a work order is computed from. */
export interface KernelJob {
  /** The initial hash as 8 big-endian words. */
  readonly initialHash: readonly bigint[];
  readonly target: bigint;
}

/** A number that does not depend on the nonce, modulo 2^64: the same for all work orders, or computed for each. */
export type JobConstant = bigint | ((job: KernelJob) => bigint);

export function constantValue(constant: JobConstant, job: KernelJob): bigint {
  return typeof constant === "bigint" ? constant : constant(job);
}

export interface Kernel {
  /** Exports memory and search(start: i64, count: i32): i32, the offset of the first hit or -1. */
  readonly module: Uint8Array;
  /** Trials in one round of the loop: more than were asked for may be tried. */
  readonly lanes: number;
  /** To be written to memory, little-endian, from CONSTANTS_AT on, before a search. */
  readonly constants: readonly JobConstant[];
}

/** The last 48 round constants come first in memory. */
const SHARED_ROUNDS = 48;
export const CONSTANTS_AT = SHARED_ROUNDS * 8;

/** A word as the sum of a part that is known before the search and a part that is computed in it. */
interface Word {
  readonly known: JobConstant | null;
  readonly computed: Code | null;
}

const START = 0;
const COUNT = 1;
const DONE = 2;
const SECOND_BLOCK = 3;
const ROUND_ADDRESS = 4;
/** The locals of the first stream; those of the others follow. */
const FIRST_LOCALS: StreamLocals = { nonce: 5, temporary: 6, state: 7, message: 15, mask: 31 };
const LOCALS_PER_STREAM = 27;
/** Where pinned values are stored: see RoundWriter. */
const PINS_AT = 32_768;

/** Indices; of state and message, the first of 8 and of 16. */
interface StreamLocals {
  readonly nonce: number;
  readonly temporary: number;
  readonly state: number;
  readonly message: number;
  readonly mask: number;
}

/** Trials that are computed side by side with the same instructions. */
interface Stream {
  readonly words: WordInstructions;
  readonly locals: StreamLocals;
  readonly rounds: RoundWriter;
  /** The offset of its first lane in a round of the loop. */
  readonly firstLane: number;
}

const SIGN = 1n << 63n;
const asWord = (value: bigint) => BigInt.asUintN(64, value);

/**
 * Builds the search loop for DSHA(nonce || initialHash), PROTOCOL.md 10.2: two SHA-512 of one block each.
 * Rounds 0 to 31 are written out for each block, with all that does not depend on the nonce computed beforehand. Rounds
 * 32 to 79 are one loop body that both blocks share: code that outgrows the instruction cache costs a third of the speed.
 * Several streams alternate round by round, so that one keeps busy what the other leaves idle.
 */
export function buildKernel(...kinds: readonly WordInstructions[]): Kernel {
  const constants: JobConstant[] = [];
  const streams = layOut(kinds, constants);
  const lanes = kinds.reduce((sum, words) => sum + words.lanes, 0);
  const body = [
    ...streams.flatMap(firstNonces),
    ...flow.loop([
      ...flow.whenElse(local.get(SECOND_BLOCK), secondBlocks(streams), alternate(streams.map(firstBlock))),
      ...sharedLoop(alternate(streams.map(({ rounds }) => rounds.sharedRounds()))),
      ...flow.when(local.get(SECOND_BLOCK), [
        ...streams.flatMap((stream) => finish(stream, lanes)),
        ...local.set(DONE, i32.add(local.get(DONE), i32.constant(lanes))),
      ]),
      ...local.set(SECOND_BLOCK, i32.isZero(local.get(SECOND_BLOCK))),
      ...flow.branchIf(i32.lessThanUnsigned(local.get(DONE), local.get(COUNT)), 0),
    ]),
    ...i32.constant(-1),
  ];
  const module = assembleModule(
    {
      parameters: [ValueType.i64, ValueType.i32],
      result: ValueType.i32,
      locals: [
        ...[ValueType.i32, ValueType.i32, ValueType.i32],
        ...kinds.flatMap((words) => [...Array(LOCALS_PER_STREAM - 1).fill(words.type), words.maskType]),
      ],
      body,
    },
    roundConstantBytes(),
  );
  return { module, lanes, constants };
}

function layOut(kinds: readonly WordInstructions[], constants: JobConstant[]): Stream[] {
  let firstLane = 0;
  return kinds.map((words, index) => {
    const move = (first: number) => first + index * LOCALS_PER_STREAM;
    const { nonce, temporary, state, message, mask } = FIRST_LOCALS;
    const locals = {
      ...{ nonce: move(nonce), temporary: move(temporary) },
      ...{ state: move(state), message: move(message), mask: move(mask) },
    };
    const pinAt = kinds.length > 1 ? PINS_AT + 64 * index : null;
    const stream = { words, locals, firstLane, rounds: new RoundWriter(words, constants, locals, pinAt) };
    firstLane += words.lanes;
    return stream;
  });
}

/** Puts the pieces of several streams in turns. */
function alternate(streams: readonly (readonly Code[])[]): Code {
  return streams[0]!.flatMap((_, piece) => streams.flatMap((pieces) => pieces[piece]!));
}

function firstNonces({ words, locals, firstLane }: Stream): Code {
  const start = firstLane === 0 ? local.get(START) : i64.add(local.get(START), i64.constant(firstLane));
  return local.set(locals.nonce, words.count(start));
}

function firstBlock({ rounds, locals }: Stream): Code[] {
  const message: Word[] = [{ known: null, computed: local.get(locals.nonce) }];
  for (let index = 0; index < 8; index++) message.push(known((job) => job.initialHash[index]!));
  for (let index = 9; index < 15; index++) message.push(known(index === 9 ? SIGN : 0n));
  message.push(known(72n * 8n));
  return rounds.specialisedRounds(message);
}

function secondBlocks(streams: readonly Stream[]): Code {
  return [...streams.flatMap(copyHash), ...alternate(streams.map(secondBlock))];
}

function copyHash({ locals }: Stream): Code {
  return Array.from({ length: 8 }, (_, index) => index).flatMap((index) =>
    local.set(locals.message + index, local.get(locals.state + index)),
  );
}

/** The message is the first hash: the state that the shared rounds have left plus the initial state. */
function secondBlock({ rounds, locals }: Stream): Code[] {
  const message: Word[] = [];
  for (let index = 0; index < 8; index++) {
    message.push({ known: INITIAL_STATE[index]!, computed: local.get(locals.message + index) });
  }
  for (let index = 8; index < 15; index++) message.push(known(index === 8 ? SIGN : 0n));
  message.push(known(64n * 8n));
  return rounds.specialisedRounds(message);
}

function sharedLoop(body: Code): Code {
  return [
    ...local.set(ROUND_ADDRESS, i32.constant(0)),
    ...flow.loop([
      ...body,
      ...local.set(ROUND_ADDRESS, i32.add(local.get(ROUND_ADDRESS), i32.constant(16 * 8))),
      ...flow.branchIf(i32.lessThanUnsigned(local.get(ROUND_ADDRESS), i32.constant(CONSTANTS_AT)), 0),
    ]),
  ];
}

/** WebAssembly compares vectors as signed numbers only, so both sides are moved by 2^63. */
function finish({ words, locals, rounds, firstLane }: Stream, lanes: number): Code {
  const value = words.add(local.get(locals.state), rounds.load(INITIAL_STATE[0]! ^ SIGN));
  const mask = words.lessOrEqual(
    value,
    rounds.load((job) => job.target ^ SIGN),
  );
  const before = firstLane === 0 ? local.get(DONE) : i32.add(local.get(DONE), i32.constant(firstLane));
  return [
    ...local.set(locals.mask, mask),
    ...flow.when(
      words.anySet(local.get(locals.mask)),
      flow.return(i32.add(before, words.firstSet(local.get(locals.mask)))),
    ),
    ...local.set(locals.nonce, words.add(local.get(locals.nonce), rounds.load(BigInt(lanes)))),
  ];
}

function roundConstantBytes(): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(CONSTANTS_AT));
  ROUND_CONSTANTS.slice(-SHARED_ROUNDS).forEach((constant, index) => {
    bytes.setBigUint64(8 * index, constant, true);
  });
  return new Uint8Array(bytes.buffer);
}

/**
 * Writes SHA-512 rounds (FIPS 180-4, 6.4.2), moving what is known before the search out of it.
 * With a place to pin at, each round stores what it has computed there, though nobody reads it: V8 orders what has no
 * effect by its later use, and would tear the rounds of two streams apart and spill what lies between.
 */
class RoundWriter {
  readonly #words: WordInstructions;
  readonly #constants: JobConstant[];
  readonly #locals: StreamLocals;
  readonly #pinAt: number | null;

  constructor(words: WordInstructions, constants: JobConstant[], locals: StreamLocals, pinAt: number | null) {
    this.#words = words;
    this.#constants = constants;
    this.#locals = locals;
    this.#pinAt = pinAt;
  }

  load(constant: JobConstant): Code {
    this.#constants.push(constant);
    return this.#words.load(i32.constant(0), CONSTANTS_AT + 8 * (this.#constants.length - 1));
  }

  /** Rounds 0 to 31 from the initial state, a piece each; the last leaves the last 16 message words in their locals. */
  specialisedRounds(firstWords: readonly Word[]): Code[] {
    const message = [...firstWords];
    const state = INITIAL_STATE.map(known);
    const pieces = Array.from({ length: 32 }, (_, round) => {
      const schedule = round >= 16 ? this.#schedule(message, round & 15) : [];
      const input = this.#sum([message[round & 15]!, known(ROUND_CONSTANTS[round]!)]);
      return [...schedule, ...this.#round(state, round, input)];
    });
    const rest = [...message.entries()].filter(([, word]) => word.known !== null);
    return [
      ...pieces,
      rest.flatMap(([index, word]) => local.set(this.#locals.message + index, this.#code(word))),
    ];
  }

  /** 16 rounds from 32 on, a piece each. */
  sharedRounds(): Code[] {
    const message = Array.from({ length: 16 }, (_, index) => computed(this.#locals.message + index));
    const state = Array.from({ length: 8 }, (_, index) => computed(this.#locals.state + index));
    return Array.from({ length: 16 }, (_, round) => {
      const schedule = this.#schedule(message, round);
      const constant = { known: null, computed: this.#words.load(local.get(ROUND_ADDRESS), 8 * round) };
      return [...schedule, ...this.#round(state, round, this.#sum([message[round]!, constant]))];
    });
  }

  /** Replaces message word t - 16, at index t modulo 16, by word t. */
  #schedule(message: Word[], index: number): Code {
    const at = (distance: number) => (index - distance) & 15;
    const code = [...this.#settle(message, at(15)), ...this.#settle(message, at(2))];
    message[index] = this.#sum([
      message[index]!,
      this.#sigma(message[at(15)]!, SMALL_SIGMA_0),
      message[at(7)]!,
      this.#sigma(message[at(2)]!, SMALL_SIGMA_1),
    ]);
    return message[index]!.computed ? [...code, ...this.#settle(message, index)] : code;
  }

  /** Brings a message word that is in part computed wholly into its local. */
  #settle(message: Word[], index: number): Code {
    const word = message[index]!;
    const settled = computed(this.#locals.message + index);
    if (!word.computed || (word.known === null && sameCode(word.computed, settled.computed))) return [];
    message[index] = settled;
    return local.set(this.#locals.message + index, this.#code(word));
  }

  #round(state: Word[], round: number, input: Word): Code {
    const at = (letter: number) => (letter - round) & 7;
    const word = (letter: number) => state[at(letter)]!;
    const code: number[] = [];
    // What the round before does not hold up comes first, the sigma, which it does, last.
    let first = this.#sum([
      word(7),
      input,
      this.#choose(word(4), word(5), word(6)),
      this.#sigma(word(4), BIG_SIGMA_1),
    ]);
    if (first.computed && !isLocal(first.computed)) {
      code.push(...local.set(this.#locals.temporary, this.#code(first)));
      first = computed(this.#locals.temporary);
    }
    const second = [this.#sigma(word(0), BIG_SIGMA_0), this.#majority(word(0), word(1), word(2))];
    code.push(...local.set(this.#locals.state + at(3), this.#code(this.#sum([word(3), first]))));
    code.push(...local.set(this.#locals.state + at(7), this.#code(this.#sum([first, ...second]))));
    if (this.#pinAt !== null)
      code.push(...this.#words.store(this.#pinAt, local.get(this.#locals.state + at(7))));
    state[at(3)] = computed(this.#locals.state + at(3));
    state[at(7)] = computed(this.#locals.state + at(7));
    return code;
  }

  #choose(e: Word, f: Word, g: Word): Word {
    const constants = allKnown([e, f, g]);
    if (constants) return known(derive(constants, ([x, y, z]) => ((y! ^ z!) & x!) ^ z!));
    const { xor, and } = this.#words;
    return { known: null, computed: xor(and(this.#difference(f, g), this.#code(e)), this.#code(g)) };
  }

  /** b ^ c is written out again although the round before has it as a ^ b: V8 finds that, and keeps one value less alive. */
  #majority(a: Word, b: Word, c: Word): Word {
    const constants = allKnown([a, b, c]);
    if (constants) return known(derive(constants, ([x, y, z]) => ((x! ^ y!) & (y! ^ z!)) ^ y!));
    const { xor, and } = this.#words;
    return { known: null, computed: xor(and(this.#difference(a, b), this.#difference(b, c)), this.#code(b)) };
  }

  #difference(x: Word, y: Word): Code {
    const constants = allKnown([x, y]);
    if (constants) return this.load(derive(constants, ([p, q]) => p! ^ q!));
    return this.#words.xor(this.#code(x), this.#code(y));
  }

  #sigma(x: Word, sigma: Sigma): Word {
    if (!x.computed) return known(derive([x.known!], ([value]) => sigmaValue(value!, sigma)));
    const { rotations, rotationsAndShift } = this.#words;
    const code = sigma.last === "rotation" ? rotations : rotationsAndShift;
    return { known: null, computed: code(this.#code(x), sigma.bits) };
  }

  #sum(words: readonly Word[]): Word {
    const constants = words.map((word) => word.known).filter((constant) => constant !== null);
    const total = derive(constants, (values) => asWord(values.reduce((a, b) => a + b, 0n)));
    const codes = words.map((word) => word.computed).filter((code) => code !== null);
    if (codes.length === 0) return known(total);
    return { known: total === 0n ? null : total, computed: codes.reduce((a, b) => this.#words.add(a, b)) };
  }

  #code(word: Word): Code {
    if (word.known === null) return word.computed!;
    const constant = this.load(word.known);
    return word.computed ? this.#words.add(word.computed, constant) : constant;
  }
}

interface Sigma {
  readonly bits: readonly [number, number, number];
  readonly last: "rotation" | "shift";
}

const BIG_SIGMA_0: Sigma = { bits: [28, 34, 39], last: "rotation" };
const BIG_SIGMA_1: Sigma = { bits: [14, 18, 41], last: "rotation" };
const SMALL_SIGMA_0: Sigma = { bits: [1, 8, 7], last: "shift" };
const SMALL_SIGMA_1: Sigma = { bits: [19, 61, 6], last: "shift" };

function sigmaValue(x: bigint, { bits: [p, q, r], last }: Sigma): bigint {
  const rotate = (bits: number) => (x >> BigInt(bits)) ^ asWord(x << BigInt(64 - bits));
  return rotate(p) ^ rotate(q) ^ (last === "rotation" ? rotate(r) : x >> BigInt(r));
}

function known(constant: JobConstant): Word {
  return { known: constant, computed: null };
}

function computed(index: number): Word & { computed: Code } {
  return { known: null, computed: local.get(index) };
}

function allKnown(words: readonly Word[]): JobConstant[] | null {
  const constants = words.map((word) => (word.computed ? null : word.known));
  return constants.every((constant) => constant !== null) ? constants : null;
}

function derive(
  constants: readonly JobConstant[],
  value: (values: readonly bigint[]) => bigint,
): JobConstant {
  const fixed = constants.filter((constant) => typeof constant === "bigint");
  if (fixed.length === constants.length) return value(fixed);
  return (job) => value(constants.map((constant) => constantValue(constant, job)));
}

function isLocal(code: Code): boolean {
  return code[0] === 0x20 && code.length === 2;
}

function sameCode(a: Code, b: Code): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
