import { type Code, i32, unsigned, ValueType } from "./wasm-assembler.js";

/** How a 64-bit word, or a vector of them, is computed with. Codes that are used more than once must be cheap, such as a local. */
export interface WordInstructions {
  readonly type: ValueType;
  readonly lanes: 1 | 2;
  /** All lanes from memory. */
  load(address: Code, offset: number): Code;
  store(address: Code, offset: number, value: Code): Code;
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
  store: (address, offset, value) => [...address, ...value, 0x37, 3, ...unsigned(offset)],
  add: (a, b) => [...a, ...b, 0x7c],
  xor: (a, b) => [...a, ...b, 0x85],
  and: (a, b) => [...a, ...b, 0x83],
  // One within the other, which spares the copies that V8 makes for instructions that overwrite what they read.
  rotations: (x, [p, q, r]) => rotate(scalarXor(rotate(scalarXor(rotate(x, r - q), x), q - p), x), p),
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
  load: (address, offset) => [...address, ...vector(0x00), 4, ...unsigned(offset)],
  store: (address, offset, value) => [...address, ...value, ...vector(0x0b), 4, ...unsigned(offset)],
  add: (a, b) => [...a, ...b, ...vector(0xce)],
  xor: (a, b) => [...a, ...b, ...vector(0x51)],
  and: (a, b) => [...a, ...b, ...vector(0x4e)],
  // Two chains instead of three finished rotations: the same instructions, but fewer values are alive at a time than in a
  // tree, and less waits for each other than in one chain.
  rotations: (x, [p, q, r]) =>
    chains([right(x, p), left(x, p), right(x, q)], [left(x, q), right(x, r), left(x, r)]),
  rotationsAndShift: (x, [p, q, r]) =>
    chains([right(x, p), left(x, p), right(x, q)], [left(x, q), right(x, r)]),
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

function right(x: Code, bits: number): Code {
  return [...x, ...i32.constant(bits), ...vector(0xcd)];
}

/** What a rotation to the right by so many bits brings in on the left. */
function left(x: Code, bits: number): Code {
  return [...x, ...i32.constant(64 - bits), ...vector(0xcb)];
}

function chains(a: readonly Code[], b: readonly Code[]): Code {
  const { xor } = vectorWords;
  return xor(
    a.reduce((x, y) => xor(x, y)),
    b.reduce((x, y) => xor(x, y)),
  );
}

function zeroAndOne(): Code {
  return [...vector(0x0c), 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];
}
