import { fromHex, toHex } from "../../bitmessage/protocol/bytes.js";
import { ProtocolError } from "../../bitmessage/protocol/errors.js";

/** One case of a vector file: an object with an `id` and whatever its family has. */
export type VectorCase = Readonly<Record<string, unknown>>;

/** Runs one case and throws when its outcome is not the one expected. */
export type CaseRunner = (vector: VectorCase) => void;

/** Why a case fails. */
export class VectorFailure extends Error {
  override readonly name = "VectorFailure";
}

export function has(vector: VectorCase, key: string): boolean {
  return vector[key] !== undefined && vector[key] !== null;
}

export function textOf(vector: VectorCase, key: string): string {
  const value = vector[key];
  if (typeof value !== "string") throw new VectorFailure(`the case has no text "${key}"`);
  return value;
}

export function numberOf(vector: VectorCase, key: string): number {
  const value = vector[key];
  if (typeof value !== "number") throw new VectorFailure(`the case has no number "${key}"`);
  return value;
}

/** Integers stand as numbers, or as decimal text where they may pass 2^53. */
export function integerOf(vector: VectorCase, key: string): bigint {
  const value = vector[key];
  if (typeof value !== "string" && typeof value !== "number") {
    throw new VectorFailure(`the case has no integer "${key}"`);
  }
  return BigInt(value);
}

export function bytesOf(vector: VectorCase, key: string): Uint8Array {
  return fromHex(textOf(vector, key));
}

export function partOf(vector: VectorCase, key: string): VectorCase {
  const value = vector[key];
  if (typeof value !== "object" || value === null) throw new VectorFailure(`the case has no part "${key}"`);
  return value as VectorCase;
}

export function listOf(vector: VectorCase, key: string): VectorCase[] {
  const value = vector[key];
  if (!Array.isArray(value)) throw new VectorFailure(`the case has no list "${key}"`);
  return value as VectorCase[];
}

/** Bytes are compared as hexadecimal digits, so `expected` may be the text of the case. */
export function expectEqual(what: string, actual: unknown, expected: unknown): void {
  const found = plain(actual);
  const wanted = plain(expected);
  if (found !== wanted) throw new VectorFailure(`${what}: ${shorten(found)} instead of ${shorten(wanted)}`);
}

function plain(value: unknown): string {
  if (value instanceof Uint8Array) return toHex(value);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function shorten(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** Compares a field only where the case has it. */
export function expectField(vector: VectorCase, key: string, actual: unknown): void {
  if (has(vector, key)) expectEqual(key, actual, vector[key]);
}

/** The code of the ProtocolError that an action ends with, or null when it ends well. */
export function refusalOf(action: () => unknown): string | null {
  try {
    action();
    return null;
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
}

/**
 * Insists on a refusal, and on its reason where the case names one. Some cases name the word of the maker and that of the
 * checker; both are right.
 */
export function expectRefusal(reason: string | null, vector: VectorCase): void {
  if (reason === null) throw new VectorFailure("accepted instead of refused");
  const fitting = [vector["reason"], vector["checker_reason"]].filter((word) => typeof word === "string");
  if (fitting.length > 0 && !fitting.includes(reason)) {
    throw new VectorFailure(`refused as ${reason} instead of ${fitting.join(" or ")}`);
  }
}
