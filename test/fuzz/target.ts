import type { Random } from "./random.js";

/** One parser, or what several of them make together, that is fed with hostile octets. */
export interface FuzzTarget {
  readonly name: string;
  /** What the first inputs are made of. */
  readonly seeds: readonly Uint8Array[];
  /** Words of the format, which mutation inserts. */
  readonly words?: readonly string[];
  /** Octets of the longest input, 4096 unless said. */
  readonly longest?: number;
  /** Milliseconds of processor time that one input may take, 200 unless said. */
  readonly patience?: number;
  /** An input of its own making, half of the time instead of a mutation of what is known. */
  generate?(random: Random): Uint8Array;
  /** Throws with what is wrong. An error by which a parser refuses, as its docstring says, is not wrong. */
  run(input: Uint8Array): unknown;
  /** Called once when no more is run. */
  close?(): unknown;
}

/** The value, or `null` where the call refuses by an error of one of these names. */
export function refusing<T>(names: readonly string[], call: () => T): T | null {
  try {
    return call();
  } catch (error) {
    if (names.includes((error as Error).name)) return null;
    throw error;
  }
}

export function expectSame(what: string, left: unknown, right: unknown): void {
  const [one, other] = [comparable(left), comparable(right)];
  if (one !== other) throw new Error(`${what}: ${one.slice(0, 400)} is not ${other.slice(0, 400)}`);
}

function comparable(value: unknown): string {
  return (
    JSON.stringify(value, (_key, inner) => {
      if (typeof inner === "bigint") return `${inner}n`;
      if (inner instanceof Uint8Array) return Buffer.from(inner).toString("hex");
      if (inner?.type === "Buffer") return Buffer.from(inner.data).toString("hex");
      return inner instanceof Map ? [...inner] : inner;
    }) ?? "undefined"
  );
}

export function latin1(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "latin1"));
}

export function textOf(input: Uint8Array): string {
  return Buffer.from(input.buffer, input.byteOffset, input.length).toString("latin1");
}

export function utf8Of(input: Uint8Array): string {
  return Buffer.from(input.buffer, input.byteOffset, input.length).toString("utf8");
}
