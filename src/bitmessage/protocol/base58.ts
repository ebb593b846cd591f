import { ProtocolError } from "./errors.js";

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const DIGITS = new Map([...ALPHABET].map((letter, value) => [letter, BigInt(value)]));

/** An integer as base58 digits, most significant first; 0 is "1" (PROTOCOL.md section 11.2). */
export function encodeBase58(integer: bigint): string {
  if (integer < 0n) throw new ProtocolError("negative");
  let text = "";
  let rest = integer;
  do {
    text = ALPHABET[Number(rest % 58n)] + text;
    rest /= 58n;
  } while (rest > 0n);
  return text;
}

/**
 * The integer that base58 digits stand for.
 * @throws ProtocolError `invalid_character` for a letter outside the alphabet or no letter at all; `too_large` over 1000 letters
 */
export function decodeBase58(text: string): bigint {
  if (text.length === 0) throw new ProtocolError("invalid_character");
  // Converting is quadratic in the length, and nothing in the protocol is longer than about 60 letters.
  if (text.length > 1000) throw new ProtocolError("too_large");
  let integer = 0n;
  for (const letter of text) {
    const digit = DIGITS.get(letter);
    if (digit === undefined) throw new ProtocolError("invalid_character");
    integer = integer * 58n + digit;
  }
  return integer;
}

/** Bytes as one big-endian integer. */
export function bytesToInteger(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}

/** The shortest big-endian form of an integer; 0 is no byte at all. */
export function integerToBytes(integer: bigint): Uint8Array {
  if (integer === 0n) return new Uint8Array(0);
  const digits = integer.toString(16);
  return Uint8Array.from(Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, "hex"));
}
