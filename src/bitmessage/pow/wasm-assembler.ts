/** Just enough of an assembler for the proof-of-work kernel: WebAssembly core specification, section 5 (binary format). */

/** Instructions that leave one value on the stack, or a statement that leaves none. */
export type Code = readonly number[];

export const ValueType = { i32: 0x7f, i64: 0x7e, v128: 0x7b } as const;
export type ValueType = (typeof ValueType)[keyof typeof ValueType];

export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

export function signed(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7) {
    const low = rest & 0x7f;
    const done = (rest >> 7 === 0 && (low & 0x40) === 0) || (rest >> 7 === -1 && (low & 0x40) !== 0);
    bytes.push(done ? low : low | 0x80);
    if (done) return bytes;
  }
}

export const i32 = {
  constant: (value: number): Code => [0x41, ...signed(value)],
  add: (a: Code, b: Code): Code => [...a, ...b, 0x6a],
  lessThanUnsigned: (a: Code, b: Code): Code => [...a, ...b, 0x49],
};

export const i64 = {
  constant: (value: number): Code => [0x42, ...signed(value)],
  add: (a: Code, b: Code): Code => [...a, ...b, 0x7c],
};

export const flow = {
  loop: (body: Code): Code => [0x03, 0x40, ...body, 0x0b],
  whenElse: (condition: Code, yes: Code, no: Code): Code => [
    ...condition,
    0x04,
    0x40,
    ...yes,
    0x05,
    ...no,
    0x0b,
  ],
  when: (condition: Code, yes: Code): Code => [...condition, 0x04, 0x40, ...yes, 0x0b],
  branchIf: (condition: Code, depth: number): Code => [...condition, 0x0d, ...unsigned(depth)],
  return: (value: Code): Code => [...value, 0x0f],
};

export const local = {
  get: (index: number): Code => [0x20, ...unsigned(index)],
  set: (index: number, value: Code): Code => [...value, 0x21, ...unsigned(index)],
};

export interface FunctionSource {
  readonly parameters: readonly ValueType[];
  readonly result: ValueType;
  /** Types of the locals after the parameters, in order of their index. */
  readonly locals: readonly ValueType[];
  readonly body: Code;
}

/** A module of one function and one memory of 64 KiB, exported under "search" and "memory". */
export function assembleModule(source: FunctionSource): Uint8Array {
  const type = [0x60, ...vector(source.parameters.map((t) => [t])), ...vector([[source.result]])];
  const code = [...localGroups(source.locals), ...source.body, 0x0b];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, vector([type])),
    ...section(3, vector([[0]])),
    ...section(5, vector([[0x01, 1, 1]])),
    ...section(7, vector([exported("search", 0x00), exported("memory", 0x02)])),
    ...section(10, vector([[...unsigned(code.length), ...code]])),
  ]);
}

function section(id: number, content: Code): number[] {
  return [id, ...unsigned(content.length), ...content];
}

function vector(items: readonly Code[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function exported(name: string, kind: number): Code {
  const bytes = [...new TextEncoder().encode(name)];
  return [...unsigned(bytes.length), ...bytes, kind, 0];
}

function localGroups(types: readonly ValueType[]): number[] {
  const groups: { type: ValueType; count: number }[] = [];
  for (const type of types) {
    const last = groups.at(-1);
    if (last?.type === type) last.count++;
    else groups.push({ type, count: 1 });
  }
  return vector(groups.map((group) => [...unsigned(group.count), group.type]));
}
