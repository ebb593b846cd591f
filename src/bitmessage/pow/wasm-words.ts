import { type Code, i32, unsigned, ValueType } from "./wasm-assembler.js";

/** How a 64-bit word, or a vector of them, is computed with. Codes that are used more than once must be cheap, such as a local. */
export interface WordInstructions {
  readonly type: ValueType;
  readonly lanes: 1 | 2;
  /** The same 64-bit number from memory in each lane. */
  load(address: Code, offset: number): Code;
  store(address: number, value: Code): Code;
  add(a: Code, b: Code): Code;
  xor(a: Code, b: Code): Code;
  and(a: Code, b: Code): Code;
  /** The exclusive or of three rotations to the right. */
  rotations(x: Code, bits: readonly [number, number, number]): Code;
  /** The exclusive or of two rotations and a shift to the right. */
  rotationsAndShift(x: Code, bits: readonly [number, number, number]): Code;
  /** Lane n holds start + n. start: an i64. */
  count(start: Code): Code;
  /** The signed comparison of each lane, as the type of maskType. */
  lessOrEqual(a: Code, b: Code): Code;
  readonly maskType: ValueType;
  /** An i32: not zero if any lane of the mask is set. */
  anySet(mask: Code): Code;
  /** An i32: the first lane set, if any is. */
  firstSet(mask: Code): Code;
}

const zeroAddress: Code = i32.constant(0);

/** The 64-bit integers of the core instruction set. */
export const scalarWords: WordInstructions = {
  type: ValueType.i64,
  lanes: 1,
  load: (address, offset) => [...address, 0x29, 3, ...unsigned(offset)],
  store: (address, value) => [...zeroAddress, ...value, 0x37, 3, ...unsigned(address)],
  add: (a, b) => [...a, ...b, 0x7c],
  xor: (a, b) => [...a, ...b, 0x85],
  and: (a, b) => [...a, ...b, 0x83],
  rotations: (x, [p, q, r]) => scalarXor(scalarXor(rotate(x, p), rotate(x, q)), rotate(x, r)),
  rotationsAndShift: (x, [p, q, r]) =>
    scalarXor(scalarXor(rotate(x, p), rotate(x, q)), [...x, ...bits64(r), 0x88]),
  count: (start) => start,
  lessOrEqual: (a, b) => [...a, ...b, 0x57],
  maskType: ValueType.i32,
  anySet: (mask) => mask,
  firstSet: () => zeroAddress,
};

/** Two lanes of 64 bits in a vector of the SIMD instruction set. */
export const vectorWords: WordInstructions = {
  type: ValueType.v128,
  lanes: 2,
  load: (address, offset) => [...address, ...vector(0x0a), 3, ...unsigned(offset)],
  store: (address, value) => [...zeroAddress, ...value, ...vector(0x0b), 4, ...unsigned(address)],
  add: (a, b) => [...a, ...b, ...vector(0xce)],
  xor: (a, b) => [...a, ...b, ...vector(0x51)],
  and: (a, b) => [...a, ...b, ...vector(0x4e)],
  // One long chain instead of three finished rotations: the same instructions, but V8 keeps far fewer values alive.
  rotations: (x, [p, q, r]) => vectorRotate(vectorRotate(vectorRotate(null, x, p), x, q), x, r),
  rotationsAndShift: (x, [p, q, r]) => chain(vectorRotate(vectorRotate(null, x, p), x, q), shift(x, r, 0xcd)),
  count: (start) => [...start, ...vector(0x12), ...zeroAndOne(), ...vector(0xce)],
  lessOrEqual: (a, b) => [...a, ...b, ...vector(0xda)],
  maskType: ValueType.v128,
  anySet: (mask) => [...mask, ...vector(0x53)],
  // A lane that is set is -1.
  firstSet: (mask) => i32.add([...mask, ...vector(0x1d), 0, 0xa7], i32.constant(1)),
};

function vector(instruction: number): Code {
  return [0xfd, ...unsigned(instruction)];
}

function bits64(bits: number): Code {
  return [0x42, bits];
}

function rotate(x: Code, bits: number): Code {
  return [...x, ...bits64(bits), 0x8a];
}

function scalarXor(a: Code, b: Code): Code {
  return [...a, ...b, 0x85];
}

function shift(x: Code, bits: number, instruction: number): Code {
  return [...x, ...i32.constant(bits), ...vector(instruction)];
}

function chain(before: Code | null, next: Code): Code {
  return before ? vectorWords.xor(before, next) : next;
}

function vectorRotate(before: Code | null, x: Code, bits: number): Code {
  return chain(chain(before, shift(x, bits, 0xcd)), shift(x, 64 - bits, 0xcb));
}

function zeroAndOne(): Code {
  return [...vector(0x0c), 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];
}
