import { INITIAL_STATE, ROUND_CONSTANTS } from "./sha512-constants.js";

/** Invocations in a workgroup. */
export const WORKGROUP = 256;

/** Words of the buffer of parameters, 64 bits each, low half first: what `Parameters` in the shader says. */
export const PARAMETER_WORDS = 11;

/** The round constants as the shader reads them: 64 bits each, low half first. */
export function shaderConstants(): Uint32Array {
  return Uint32Array.from(ROUND_CONSTANTS.flatMap((constant) => [low(constant), high(constant)]));
}

/**
 * WGSL for the search: invocation n tries the nonces start + n, start + n + invocations and so on, and leaves the smallest
 * offset of a hit in the result. WGSL has no 64-bit integers: a word is a vec2 of its low and its high half. Rounds and
 * message schedule are one loop of 16 rounds for both blocks, since the registers of a GPU hold no more.
 */
export function searchShader(): string {
  return `
struct Parameters {
  start: vec2<u32>,
  limit: vec2<u32>,
  hash: array<vec2<u32>, 8>,
  invocations: u32,
  repetitions: u32,
}
@group(0) @binding(0) var<storage, read> parameters: Parameters;
@group(0) @binding(1) var<storage, read> constants: array<vec2<u32>, 80>;
@group(0) @binding(2) var<storage, read_write> result: atomic<u32>;

fn add(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
  let low = a.x + b.x;
  return vec2<u32>(low, a.y + b.y + select(0u, 1u, low < a.x));
}
fn big_sigma_0(x: vec2<u32>) -> vec2<u32> { return ${rotate(28)} ^ ${rotate(34)} ^ ${rotate(39)}; }
fn big_sigma_1(x: vec2<u32>) -> vec2<u32> { return ${rotate(14)} ^ ${rotate(18)} ^ ${rotate(41)}; }
fn small_sigma_0(x: vec2<u32>) -> vec2<u32> { return ${rotate(1)} ^ ${rotate(8)} ^ ${shift(7)}; }
fn small_sigma_1(x: vec2<u32>) -> vec2<u32> { return ${rotate(19)} ^ ${rotate(61)} ^ ${shift(6)}; }

fn trial(nonce: vec2<u32>) -> vec2<u32> {
${names("w", 16)
  .map((name) => `  var ${name}: vec2<u32>;`)
  .join("\n")}
  w0 = nonce;
${names("w", 9)
  .slice(1)
  .map((name, index) => `  ${name} = parameters.hash[${index}];`)
  .join("\n")}
  w9 = vec2<u32>(0u, 0x80000000u);
  w15 = vec2<u32>(${72 * 8}u, 0u);
${STATE.map((name) => `  var ${name}: vec2<u32>;`).join("\n")}
  for (var block = 0u; block < 2u; block++) {
${STATE.map((name, index) => `    ${name} = ${word(INITIAL_STATE[index]!)};`).join("\n")}
    for (var round = 0u; round < 80u; round += 16u) {
      if (round > 0u) {
${Array.from({ length: 16 }, (_, index) => schedule(index)).join("\n")}
      }
${Array.from({ length: 16 }, (_, index) => oneRound(index)).join("\n")}
    }
${STATE.map((name, index) => `    w${index} = add(${name}, ${word(INITIAL_STATE[index]!)});`).join("\n")}
    w8 = vec2<u32>(0u, 0x80000000u);
${names("w", 15)
  .slice(9)
  .map((name) => `    ${name} = vec2<u32>(0u, 0u);`)
  .join("\n")}
    w15 = vec2<u32>(${64 * 8}u, 0u);
  }
  return w0;
}

@compute @workgroup_size(${WORKGROUP})
fn search(@builtin(global_invocation_id) id: vec3<u32>) {
  let limit = parameters.limit;
  var offset = id.x;
  for (var repetition = 0u; repetition < parameters.repetitions; repetition++) {
    let value = trial(add(parameters.start, vec2<u32>(offset, 0u)));
    if (value.y < limit.y || (value.y == limit.y && value.x <= limit.x)) {
      atomicMin(&result, offset);
      return;
    }
    offset += parameters.invocations;
  }
}
`;
}

const STATE = ["a", "b", "c", "d", "e", "f", "g", "h"];

function names(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

function low(value: bigint): number {
  return Number(value & 0xffffffffn);
}

function high(value: bigint): number {
  return Number(value >> 32n);
}

function word(value: bigint): string {
  return `vec2<u32>(${low(value)}u, ${high(value)}u)`;
}

/** x rotated to the right; by 32 and more, the halves change places. */
function rotate(bits: number): string {
  const [near, far] = bits < 32 ? ["x", "x.yx"] : ["x.yx", "x"];
  const rest = bits % 32;
  return `((${near} >> vec2<u32>(${rest}u)) | (${far} << vec2<u32>(${32 - rest}u)))`;
}

function shift(bits: number): string {
  return `vec2<u32>((x.x >> ${bits}u) | (x.y << ${32 - bits}u), x.y >> ${bits}u)`;
}

function schedule(index: number): string {
  const at = (distance: number) => `w${(index + distance) & 15}`;
  const sigmas = `add(small_sigma_0(${at(1)}), small_sigma_1(${at(14)}))`;
  return `        w${index} = add(add(w${index}, ${at(9)}), ${sigmas});`;
}

/** The names of the state move by one each round instead of the values. */
function oneRound(index: number): string {
  const name = (letter: number) => STATE[(letter - index) & 7]!;
  const [a, b, c, d, e, f, g, h] = [0, 1, 2, 3, 4, 5, 6, 7].map(name);
  return `      {
        let choice = ((${f} ^ ${g}) & ${e}) ^ ${g};
        let majority = ((${a} ^ ${b}) & (${b} ^ ${c})) ^ ${b};
        let input = add(w${index}, constants[round + ${index}u]);
        let first = add(add(${h}, input), add(choice, big_sigma_1(${e})));
        ${d} = add(${d}, first);
        ${h} = add(first, add(majority, big_sigma_0(${a})));
      }`;
}
