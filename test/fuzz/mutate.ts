/** Octets mutated: bits, numbers, words, lengths, pieces of other inputs, lines, nesting. */
import type { Random } from "./random.js";

export interface Material {
  readonly pool: readonly Uint8Array[];
  readonly words: readonly string[];
  readonly longest: number;
}

type Mutation = (random: Random, input: Uint8Array, material: Material) => Uint8Array;

const NUMBERS: readonly bigint[] = [
  ...[0n, 1n, 2n, 3n, 4n, 16n, 31n, 32n, 63n, 64n, 100n, 127n, 128n, 252n, 253n, 254n, 255n, 256n, 1000n],
  ...[0x7fffn, 0x8000n, 0xffffn, 0x10000n, 0x3ffffn, 0x40000n, 0x7fffffffn, 0x80000000n, 0xffffffffn],
  ...[0x100000000n, 0x1fffffffffffffn, 0x20000000000000n, 0x7fffffffffffffffn, 0xffffffffffffffffn],
];
const DIGITS = [
  "0",
  "-1",
  "1",
  "2",
  "00",
  "65536",
  "2147483648",
  "4294967296",
  "18446744073709551616",
  "9".repeat(40),
  "1e9",
  "NaN",
];
const EVERYWHERE = [
  ..."\0\r\n\t \"'\\/<>()[]{}&%;:,=*?#@|~`$^+-_.!",
  ...[
    "\r\n",
    "\r\n\r\n",
    "\n\n",
    "\n.\n",
    "\r.\r",
    "\r\n.\r\n",
    "\x1b[2J",
    "\x7f",
    "\u0080",
    "\xff\xfe",
    "\xc3\xa9",
    "\xed\xa0\x80",
    "\xf0\x9f\x98\x80",
  ],
  ...[
    "\xe2\x80\xae",
    "\xef\xbb\xbf",
    "__proto__",
    "constructor",
    "prototype",
    "toString",
    "hasOwnProperty",
    "then",
    "length",
    "null",
    "undefined",
    "true",
  ],
  ...["../", "..\\", "%00", "%2e%2e%2f", "%", "%s", "${", "file:///etc/passwd"],
];

const MUTATIONS: readonly Mutation[] = [
  (random, input) => change(random, input, (octet) => octet ^ (1 << random.below(8))),
  (random, input) => change(random, input, () => random.below(256)),
  (random, input) => change(random, input, (octet) => octet + random.below(35) - 17),
  (random, input) => writeNumber(random, input),
  (random, input) => replace(input, random.below(input.length + 1), 1 + random.below(8), NOTHING),
  (random, input) => {
    const place = random.below(input.length + 1);
    return replace(input, place, random.below(input.length - place + 1), NOTHING);
  },
  (random, input) => insert(random, input, octets(random, 1 + random.below(6))),
  (random, input) => insert(random, input, piece(random, input)),
  (random, input, { pool }) => insert(random, input, piece(random, random.pick(pool))),
  (random, input, { pool }) => {
    const other = random.pick(pool);
    return join(
      input.subarray(0, random.below(input.length + 1)),
      other.subarray(random.below(other.length + 1)),
    );
  },
  (random, input, material) => insert(random, input, word(random, material)),
  (random, input, material) => {
    const inserted = word(random, material);
    return replace(input, random.below(input.length + 1), inserted.length, inserted);
  },
  (random, input, material) => repeat(random, input, piece(random, input), material),
  (random, input, material) => repeat(random, input, word(random, material), material),
  (random, input) => digits(random, input),
  (random, input, material) => lines(random, input, material),
  (random, input) => withLength(random, input, octets(random, 1 + random.below(40))),
  (random, input) => withLength(random, input, piece(random, input)),
  (random, input) => shorterWithLength(random, input),
  (random, input) => input.subarray(0, random.below(input.length + 1)),
  (random, input) => changeCase(random, input),
];

const NOTHING = new Uint8Array(0);

/** One to eight mutations after each other. */
export function mutate(random: Random, input: Uint8Array, material: Material): Uint8Array {
  let result = input;
  for (let times = 1 + random.below(random.once(3) ? 8 : 3); times > 0; times--)
    result = random.pick(MUTATIONS)(random, result, material);
  return result.length > material.longest ? result.slice(0, material.longest) : result.slice();
}

/** One word or piece of the input, repeated until the input is as long as it may be: what takes longer than in proportion shows. */
export function pump(random: Random, input: Uint8Array, material: Material): Uint8Array {
  const part = random.once(3) ? piece(random, input) : word(random, material);
  const more = random.once(3) ? join(part, word(random, material)) : part;
  if (more.length === 0) return input;
  const times = Math.floor((material.longest - input.length) / more.length);
  return insert(random, input, join(...Array<Uint8Array>(Math.max(1, times)).fill(more)));
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

function replace(input: Uint8Array, place: number, length: number, by: Uint8Array): Uint8Array {
  return join(input.subarray(0, place), by, input.subarray(Math.min(input.length, place + length)));
}

function insert(random: Random, input: Uint8Array, inserted: Uint8Array): Uint8Array {
  return replace(input, random.below(input.length + 1), 0, inserted);
}

function change(random: Random, input: Uint8Array, to: (octet: number) => number): Uint8Array {
  if (input.length === 0) return octets(random, 1);
  const result = input.slice();
  const place = random.below(input.length);
  result[place] = to(result[place]!);
  return result;
}

function octets(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.below(256));
}

function piece(random: Random, input: Uint8Array): Uint8Array {
  const start = random.below(input.length + 1);
  return input.subarray(start, start + 1 + random.below(random.once(3) ? 200 : 24));
}

function word(random: Random, { words }: Material): Uint8Array {
  const own = words.length > 0 && !random.once(4);
  return Uint8Array.from(Buffer.from(random.pick(own ? words : EVERYWHERE), "latin1"));
}

function repeat(random: Random, input: Uint8Array, part: Uint8Array, { longest }: Material): Uint8Array {
  if (part.length === 0) return input;
  const most = Math.max(1, Math.floor((longest - input.length) / part.length));
  const times = 1 + random.below(Math.min(most, random.once(4) ? most : 20));
  return insert(random, input, join(...Array<Uint8Array>(times).fill(part)));
}

function writeNumber(random: Random, input: Uint8Array): Uint8Array {
  const size = random.pick([1, 2, 4, 8]);
  if (input.length < size) return input;
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(random.pick(NUMBERS));
  const written = random.once(3) ? bytes.subarray(8 - size).reverse() : bytes.subarray(8 - size);
  return replace(input, random.below(input.length - size + 1), size, written);
}

function digits(random: Random, input: Uint8Array): Uint8Array {
  const found = [
    ...Buffer.from(input)
      .toString("latin1")
      .slice(0, 4096)
      .matchAll(/\d{1,20}/g),
  ];
  if (found.length === 0) return input;
  const { index, 0: number } = random.pick(found);
  return replace(input, index, number.length, Buffer.from(random.pick(DIGITS)));
}

function lines(random: Random, input: Uint8Array, { pool }: Material): Uint8Array {
  const all = splitLines(input);
  const place = random.below(all.length);
  const kind = random.below(4);
  if (kind === 0) all.splice(place, 1);
  else if (kind === 1) all.splice(place, 0, all[random.below(all.length)]!);
  else if (kind === 2) all.splice(place, 0, random.pick(splitLines(random.pick(pool))));
  else [all[place], all[0]] = [all[0]!, all[place]!];
  return join(...all);
}

function splitLines(input: Uint8Array): Uint8Array[] {
  const all: Uint8Array[] = [];
  for (let start = 0; start <= input.length; ) {
    const end = input.indexOf(10, start);
    all.push(input.subarray(start, end < 0 ? input.length : end + 1));
    if (end < 0) break;
    start = end + 1;
  }
  return all;
}

/** Inserts, and raises an octet before it that may tell the length of what it stands in. */
function withLength(random: Random, input: Uint8Array, inserted: Uint8Array): Uint8Array {
  const place = random.below(input.length + 1);
  const result = replace(input, place, 0, inserted);
  for (let back = place - 1; back >= 0 && back > place - 80; back--)
    if (back + 1 + input[back]! >= place && input[back]! + inserted.length < 253 && random.once(2)) {
      result[back] = input[back]! + inserted.length;
      break;
    }
  return result;
}

function shorterWithLength(random: Random, input: Uint8Array): Uint8Array {
  const place = random.below(input.length + 1);
  const length = Math.min(input.length - place, 1 + random.below(20));
  const result = replace(input, place, length, NOTHING);
  for (let back = place - 1; back >= 0 && back > place - 80; back--)
    if (back + 1 + input[back]! >= place + length && random.once(2)) {
      result[back] = input[back]! - length;
      break;
    }
  return result;
}

function changeCase(random: Random, input: Uint8Array): Uint8Array {
  const start = random.below(input.length + 1);
  const text = Buffer.from(input.subarray(start, start + 20)).toString("latin1");
  return replace(
    input,
    start,
    text.length,
    Buffer.from(random.once(2) ? text.toLowerCase() : text.toUpperCase(), "latin1"),
  );
}
